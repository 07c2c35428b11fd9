import { ROOT_CONTEXT } from '@opentelemetry/api';
import { SIGNALS_SPAN } from '@throughline/model';
import { runInSpan, startedSpan, withBusinessIds } from '@throughline/sdk';
import { SUBJECT, type Tick } from '../messages.ts';
import type { ProcessParts } from '../process-parts.ts';
import { tickAttributes } from '../tick-message.ts';
import type { Transport } from '../transport/transport.ts';
import type { MarketSource } from './market-source.ts';

/**
 * The service `socket-client`: takes in market data and publishes it. Each tick begins a trace: the
 * exchange sends no context, and none of its would be continued.
 */
export class SocketClient {
  readonly #parts: ProcessParts;
  readonly #transport: Transport;
  readonly #source: MarketSource;
  readonly #countTick: (tick: Tick) => void;

  constructor(parts: ProcessParts, transport: Transport, source: MarketSource) {
    this.#parts = parts;
    this.#transport = transport;
    this.#source = source;
    const ticks = parts.metrics.counter('signals_ticks_total', 'Market data received.', [
      'event_type',
    ]);
    this.#countTick = ({ event_type }) => ticks.inc({ event_type });
  }

  /** @throws ThroughlineError when the source cannot be used */
  async start(): Promise<void> {
    this.#parts.onStop(() => this.#source.close());
    await this.#source.start((tick) => this.#publish(tick));
  }

  #publish(tick: Tick): void {
    this.#countTick(tick);
    const { tracing } = this.#parts;
    const { marketDataReceive } = SIGNALS_SPAN;
    const parent = withBusinessIds(ROOT_CONTEXT, { symbol: tick.symbol });
    const attributes = tickAttributes(tick);
    const span = tracing.tracer.startSpan(marketDataReceive, { attributes }, parent);
    runInSpan(startedSpan(span, parent), () => {
      this.#transport.publish(SUBJECT.marketData, tick);
    });
  }
}
