import type { StartedSpan } from '@throughline/sdk';
import { BySymbol } from '../domain/by-symbol.ts';
import { CandleBuilder } from '../domain/candle-builder.ts';
import type { Strategy } from '../domain/strategies/strategy.ts';
import { type Candle, candlesReplySchema, SUBJECT, type TradeTick } from '../messages.ts';
import type { ProcessParts } from '../process-parts.ts';
import { generateSignal } from '../signal-generation.ts';
import { readTick } from '../tick-message.ts';
import type { Transport } from '../transport/transport.ts';

export interface RealtimeStrategiesOptions {
  readonly candleMs: number;
  /** New ones for a symbol. */
  readonly createStrategies: () => readonly Strategy[];
}

interface MarketView {
  readonly builder: CandleBuilder;
  readonly strategies: readonly Strategy[];
  candles: number;
  isWarm: boolean;
}

/** As many as data-manager keeps to give away in one answer. */
const WARM_UP_CANDLES = 200;
const WARM_UP_TIMEOUT_MS = 1_000;

/**
 * The service `realtime-strategies`: builds candles from the market data as it comes and lets each
 * strategy decide when one closes. The trade that closed the candle is what a signal goes back to.
 */
export class RealtimeStrategies {
  readonly #parts: ProcessParts;
  readonly #transport: Transport;
  readonly #markets: BySymbol<MarketView>;
  readonly #options: RealtimeStrategiesOptions;
  readonly #count: (strategy: string, outcome: 'signal' | 'none') => void;

  constructor(parts: ProcessParts, transport: Transport, options: RealtimeStrategiesOptions) {
    this.#parts = parts;
    this.#transport = transport;
    this.#options = options;
    this.#markets = new BySymbol(() => ({
      builder: new CandleBuilder(options.candleMs),
      strategies: options.createStrategies(),
      candles: 0,
      isWarm: false,
    }));
    const decisions = parts.metrics.counter(
      'signals_decisions_total',
      'Decisions of strategies, by what came of them.',
      ['strategy', 'outcome'],
    );
    this.#count = (strategy, outcome) => decisions.inc({ strategy, outcome });
  }

  start(): void {
    this.#transport.subscribe(SUBJECT.marketData, (message, started) =>
      this.#process(message, started),
    );
  }

  async #process(message: unknown, { span }: StartedSpan): Promise<void> {
    const tick = readTick(message, span);
    const market = this.#markets.of(tick.symbol);
    if (!market || tick.event_type !== 'trade') return;
    if (!market.isWarm) await this.#warmUp(market, tick);
    const closed = market.builder.add(tick);
    if (closed) await this.#decide(market, closed, tick);
  }

  /** A strategy that starts late learns from data-manager what it has missed, if anybody is there. */
  async #warmUp(market: MarketView, { symbol, time_ms: timeMs }: TradeTick): Promise<void> {
    market.isWarm = true;
    const { candleMs } = this.#options;
    const request = { symbol, limit: WARM_UP_CANDLES };
    const reply = await this.#transport
      .request(SUBJECT.candlesGet, request, WARM_UP_TIMEOUT_MS)
      .catch(() => undefined);
    const parsed = candlesReplySchema.safeParse(reply);
    if (!parsed.success || parsed.data.interval_ms !== candleMs) return;
    for (const candle of parsed.data.candles) {
      if (candle.start_ms + candleMs > timeMs) continue;
      market.candles += 1;
      for (const strategy of market.strategies) strategy.update(Number(candle.close));
    }
  }

  async #decide(market: MarketView, closed: Candle, tick: TradeTick): Promise<void> {
    market.candles += 1;
    for (const strategy of market.strategies) {
      const occasion = {
        strategy: strategy.name,
        symbol: closed.symbol,
        price: tick.price,
        timeMs: tick.time_ms,
        id: String(closed.start_ms),
        candlesCount: market.candles,
      };
      const decide = () => strategy.update(Number(closed.close));
      try {
        const { tracing } = this.#parts;
        const isSignal = await generateSignal(tracing, this.#transport, occasion, decide);
        this.#count(strategy.name, isSignal ? 'signal' : 'none');
      } catch (error) {
        // It is on the span; the other strategies are not held up by it.
        this.#parts.logger.error({ err: error, strategy: strategy.name }, 'a signal is lost');
      }
    }
  }
}
