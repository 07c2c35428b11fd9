import {
  type EngineEvent,
  type EngineOrder,
  MatchingEngine,
  type TradeEvent,
} from '../engine/matching-engine.ts';
import { oppositeOf, type PriceLevel, type Side } from '../engine/order-book.ts';
import type { Instrument } from '../instruments.ts';

/** Trades that a market still knows for `/api/v3/trades`. */
const TRADES_MAX = 1_000;

export interface MarketTrade {
  readonly tradeId: number;
  readonly priceTicks: bigint;
  readonly lots: bigint;
  readonly takerSide: Side;
  readonly buyOrderId: number;
  readonly sellOrderId: number;
  readonly timeMs: number;
}

/** The best price of each side and the lots there; a side may be empty. */
export interface BestPrices {
  readonly bidTicks: bigint | undefined;
  readonly bidLots: bigint;
  readonly askTicks: bigint | undefined;
  readonly askLots: bigint;
}

/**
 * Levels that changed since the last time, with their present lots (0: gone). Update ids leave no
 * gap.
 */
export interface DepthChange {
  readonly firstUpdateId: number;
  readonly lastUpdateId: number;
  readonly bids: readonly PriceLevel[];
  readonly asks: readonly PriceLevel[];
}

/**
 * Everything one command caused, in order. `best` is set when the best prices are no longer the
 * same.
 */
export interface CommandOutcome {
  readonly events: readonly EngineEvent[];
  readonly trades: readonly MarketTrade[];
  readonly best: BestPrices | undefined;
}

type MarketListener = (market: Market, outcome: CommandOutcome) => void;

/**
 * One instrument's book with what the public may see of it: recent trades, depth changes, best
 * prices.
 */
export class Market {
  readonly instrument: Instrument;
  readonly engine: MatchingEngine;
  readonly #now: () => number;
  readonly #listeners: MarketListener[] = [];
  readonly #changed: Record<Side, Set<bigint>> = { BUY: new Set(), SELL: new Set() };
  #trades: MarketTrade[] = [];
  #best: BestPrices;
  #updateId = 0;
  #updateIdTaken = 0;

  /**
   * @param nextTradeId ids rise over all markets, so that a fill id alone names a fill
   * @param now milliseconds since the Unix epoch
   */
  constructor(instrument: Instrument, nextTradeId: () => number, now: () => number) {
    this.instrument = instrument;
    this.engine = new MatchingEngine(nextTradeId);
    this.#now = now;
    this.#best = this.best();
  }

  /** The id of the newest book change, as in a depth snapshot. */
  get lastUpdateId(): number {
    return this.#updateId;
  }

  /** The newest trades, oldest first. */
  recentTrades(limit: number): readonly MarketTrade[] {
    return this.#trades.slice(-limit);
  }

  /** Listeners are called after each command, in the order they came. */
  listen(listener: MarketListener): void {
    this.#listeners.push(listener);
  }

  submit(order: EngineOrder, tradeLotsMax?: bigint): readonly EngineEvent[] {
    const events = this.engine.submit(order, tradeLotsMax);
    const resting = this.engine.resting(order.orderId);
    if (resting) this.#touch(resting.side, resting.priceTicks);
    return this.#finish(events);
  }

  cancel(orderId: number): readonly EngineEvent[] {
    return this.#finish(this.engine.cancel(orderId));
  }

  best(): BestPrices {
    const { bids, asks } = this.engine;
    const bidTicks = bids.bestTicks;
    const askTicks = asks.bestTicks;
    return {
      bidTicks,
      bidLots: bidTicks === undefined ? 0n : bids.lotsAt(bidTicks),
      askTicks,
      askLots: askTicks === undefined ? 0n : asks.lotsAt(askTicks),
    };
  }

  /** The best `limit` levels of a side. */
  depth(side: Side, limit: number): PriceLevel[] {
    const levels: PriceLevel[] = [];
    for (const level of this.engine.side(side).levels()) {
      if (levels.length >= limit) break;
      levels.push(level);
    }
    return levels;
  }

  /** Hands out the levels that changed since the last call; undefined when none did. */
  takeDepthChange(): DepthChange | undefined {
    if (this.#updateId === this.#updateIdTaken) return undefined;
    const change = {
      firstUpdateId: this.#updateIdTaken + 1,
      lastUpdateId: this.#updateId,
      bids: this.#takeChanged('BUY'),
      asks: this.#takeChanged('SELL'),
    };
    this.#updateIdTaken = this.#updateId;
    return change;
  }

  #finish(events: readonly EngineEvent[]): readonly EngineEvent[] {
    const timeMs = this.#now();
    const trades: MarketTrade[] = [];
    for (const event of events) {
      if (event.type === 'canceled') this.#touch(event.side, event.priceTicks);
      if (event.type !== 'trade') continue;
      this.#touch(oppositeOf(event.takerSide), event.priceTicks);
      trades.push(marketTrade(event, timeMs));
    }
    if (trades.length > 0) this.#remember(trades);
    const best = this.best();
    const bestChanged = !sameBest(best, this.#best);
    this.#best = best;
    const outcome = { events, trades, best: bestChanged ? best : undefined };
    for (const listener of this.#listeners) listener(this, outcome);
    return events;
  }

  #touch(side: Side, priceTicks: bigint): void {
    this.#updateId += 1;
    this.#changed[side].add(priceTicks);
  }

  #takeChanged(side: Side): PriceLevel[] {
    const book = this.engine.side(side);
    const levels = [...this.#changed[side]].map((priceTicks) => ({
      priceTicks,
      lots: book.lotsAt(priceTicks),
    }));
    this.#changed[side].clear();
    return levels.sort((left, right) =>
      book.isBetter(left.priceTicks, right.priceTicks) ? -1 : 1,
    );
  }

  #remember(trades: readonly MarketTrade[]): void {
    this.#trades.push(...trades);
    // Trimming in blocks keeps the cost of a trade constant.
    if (this.#trades.length >= TRADES_MAX * 2) this.#trades = this.#trades.slice(-TRADES_MAX);
  }
}

function marketTrade(event: TradeEvent, timeMs: number): MarketTrade {
  const { tradeId, priceTicks, lots, takerSide, maker, taker } = event;
  const [buy, sell] = takerSide === 'BUY' ? [taker, maker] : [maker, taker];
  return {
    tradeId,
    priceTicks,
    lots,
    takerSide,
    buyOrderId: buy.orderId,
    sellOrderId: sell.orderId,
    timeMs,
  };
}

function sameBest(left: BestPrices, right: BestPrices): boolean {
  return (
    left.bidTicks === right.bidTicks &&
    left.bidLots === right.bidLots &&
    left.askTicks === right.askTicks &&
    left.askLots === right.askLots
  );
}
