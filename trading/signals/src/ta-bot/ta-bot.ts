import type { SpanContext } from '@opentelemetry/api';
import { ATTR, LINK_TYPE, SIGNALS_SPAN } from '@throughline/model';
import { runInSpan, type StartedSpan, startFanIn } from '@throughline/sdk';
import { BoundedList } from '../domain/bounded-list.ts';
import { BySymbol } from '../domain/by-symbol.ts';
import { decideByMean, MEAN_REVERSION } from '../domain/strategies/mean-reversion.ts';
import { SUBJECT, type TradeTick } from '../messages.ts';
import type { ProcessParts } from '../process-parts.ts';
import { generateSignal } from '../signal-generation.ts';
import { readTick } from '../tick-message.ts';
import type { Transport } from '../transport/transport.ts';

export interface TaBotOptions {
  readonly intervalMs: number;
  /** Of one symbol in one analysis: the newest. */
  readonly ticksMax: number;
}

interface TracedTick {
  readonly tick: TradeTick;
  /** Of the span that processed it; the span itself, with what it has, need not be kept. */
  readonly spanContext: SpanContext;
}

/**
 * The service `ta-bot`: analyses, at each interval, the trades that came since the one before. One
 * analysis has many causes, so it is a trace of its own that links to each of them.
 */
export class TaBot {
  readonly #parts: ProcessParts;
  readonly #transport: Transport;
  readonly #options: TaBotOptions;
  readonly #ticks: BySymbol<BoundedList<TracedTick>>;
  readonly #countLeftOut: () => void;
  readonly #countAnalysis: () => void;
  #timer: NodeJS.Timeout | undefined;
  #analysing: Promise<void> | undefined;

  constructor(parts: ProcessParts, transport: Transport, options: TaBotOptions) {
    this.#parts = parts;
    this.#transport = transport;
    this.#options = options;
    this.#ticks = new BySymbol(() => new BoundedList<TracedTick>(options.ticksMax));
    const { metrics } = parts;
    const leftOut = metrics.counter('signals_ticks_left_out_total', 'Trades beyond an analysis.');
    this.#countLeftOut = () => leftOut.inc();
    const analyses = metrics.counter('signals_analyses_total', 'Analyses of batches of trades.');
    this.#countAnalysis = () => analyses.inc();
  }

  start(): void {
    this.#transport.subscribe(SUBJECT.marketData, (message, started) =>
      this.#remember(message, started),
    );
    this.#timer = setInterval(() => this.#onTimer(), this.#options.intervalMs);
    this.#parts.onStop(() => this.#stop());
  }

  /** What came since the last analysis is analysed once more, since the ticks are gone after it. */
  async #stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#transport.drain();
    await this.#analysing;
    await this.#analyseAll();
  }

  #remember(message: unknown, { span }: StartedSpan): void {
    const tick = readTick(message, span);
    if (tick.event_type !== 'trade') return;
    if (this.#ticks.of(tick.symbol)?.push({ tick, spanContext: span.spanContext() }))
      this.#countLeftOut();
  }

  /** An analysis that takes longer than the interval takes the place of the next. */
  #onTimer(): void {
    this.#analysing ??= this.#analyseAll().finally(() => {
      this.#analysing = undefined;
    });
  }

  async #analyseAll(): Promise<void> {
    for (const [symbol, ticks] of this.#ticks) {
      const members = ticks.takeAll();
      const last = members.at(-1);
      if (last) await this.#analyse(symbol, members, last.tick);
    }
  }

  /** Never throws: what went wrong is on the span and in the log. */
  async #analyse(symbol: string, members: readonly TracedTick[], last: TradeTick): Promise<void> {
    this.#countAnalysis();
    const { tracing, logger } = this.#parts;
    const started = startFanIn(tracing, SIGNALS_SPAN.batchAnalysis, {
      linkType: LINK_TYPE.conflatedFrom,
      members,
      businessIds: { symbol },
      attributes: { [ATTR.tradingSymbol]: symbol, [ATTR.batchSize]: members.length },
    });
    const occasion = {
      strategy: MEAN_REVERSION,
      symbol,
      price: last.price,
      timeMs: last.time_ms,
      id: String(last.time_ms),
    };
    const prices = members.map(({ tick }) => Number(tick.price));
    try {
      await runInSpan(started, () =>
        generateSignal(tracing, this.#transport, occasion, () => decideByMean(prices)),
      );
    } catch (error) {
      logger.error({ err: error, symbol }, 'a signal is lost');
    }
  }
}
