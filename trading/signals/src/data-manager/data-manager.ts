import { SIGNALS_SPAN, ThroughlineError } from '@throughline/model';
import type { StartedSpan } from '@throughline/sdk';
import { BoundedList } from '../domain/bounded-list.ts';
import { BySymbol } from '../domain/by-symbol.ts';
import { CandleBuilder } from '../domain/candle-builder.ts';
import {
  type Candle,
  type CandlesReply,
  candlesRequestSchema,
  SUBJECT,
  type TradeTick,
} from '../messages.ts';
import type { ProcessParts } from '../process-parts.ts';
import { readTick } from '../tick-message.ts';
import type { Transport } from '../transport/transport.ts';

export interface DataManagerOptions {
  readonly candleMs: number;
  /** Of each symbol. */
  readonly candlesMax: number;
}

interface MarketHistory {
  readonly builder: CandleBuilder;
  readonly candles: BoundedList<Candle>;
  quote: CandlesReply['quote'];
}

/**
 * The service `data-manager`: keeps the newest candles of every symbol, publishes each as it closes
 * and answers `candles.get` with them.
 */
export class DataManager {
  readonly #transport: Transport;
  readonly #options: DataManagerOptions;
  readonly #markets: BySymbol<MarketHistory>;
  readonly #countCandle: () => void;

  constructor({ metrics }: ProcessParts, transport: Transport, options: DataManagerOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#markets = new BySymbol(() => ({
      builder: new CandleBuilder(options.candleMs),
      candles: new BoundedList<Candle>(options.candlesMax),
      quote: undefined,
    }));
    const candles = metrics.counter('signals_candles_closed_total', 'Candles that were closed.');
    this.#countCandle = () => candles.inc();
  }

  start(): void {
    this.#transport.respond(SUBJECT.candlesGet, (message) => this.#answer(message));
    this.#transport.subscribe(
      SUBJECT.marketData,
      (message, started) => this.#process(message, started),
      { spanName: SIGNALS_SPAN.processMarketData },
    );
  }

  async #process(message: unknown, { span }: StartedSpan): Promise<void> {
    const tick = readTick(message, span);
    const market = this.#markets.of(tick.symbol);
    if (!market) return;
    if (tick.event_type === 'trade') await this.#addTrade(market, tick);
    else market.quote = { bid_price: tick.bid_price, ask_price: tick.ask_price };
  }

  async #addTrade({ builder, candles }: MarketHistory, tick: TradeTick): Promise<void> {
    const closed = builder.add(tick);
    if (!closed) return;
    candles.push(closed);
    this.#countCandle();
    // Another instance closes the same candle: the id is of the candle, not of who sends it.
    const id = `${closed.symbol}-${closed.start_ms}-${this.#options.candleMs}`;
    await this.#transport.store(SUBJECT.candleClosed, closed, id);
  }

  #answer(message: unknown): CandlesReply {
    const parsed = candlesRequestSchema.safeParse(message);
    if (!parsed.success) {
      const cause = parsed.error;
      throw new ThroughlineError('TL_MESSAGE_INVALID', 'no request for candles', { cause });
    }
    const { symbol, limit } = parsed.data;
    const market = this.#markets.find(symbol);
    return {
      interval_ms: this.#options.candleMs,
      candles: market?.candles.last(limit) ?? [],
      ...(market?.quote ? { quote: market.quote } : {}),
    };
  }
}
