import { BookSide, oppositeOf, type RestingOrder, type Side } from './order-book.ts';

export type TimeInForce = 'GTC' | 'IOC' | 'FOK';

/** An order as the engine takes it. Without a price it is a market order, which can never rest. */
export interface EngineOrder {
  readonly orderId: number;
  readonly side: Side;
  readonly lots: bigint;
  readonly priceTicks?: bigint;
  readonly timeInForce: TimeInForce;
}

type EngineRejectReason =
  | 'duplicate_order_id'
  | 'lots_not_positive'
  | 'price_not_positive'
  | 'market_order_cannot_rest'
  | 'unknown_order';

/** One side of a trade. `leavesLots` is what remains open of that order after the trade. */
interface TradeParty {
  readonly orderId: number;
  readonly leavesLots: bigint;
}

/**
 * What happened, in the order it happened. Every accepted order ends resting, filled, canceled or
 * expired.
 */
export type EngineEvent =
  | { readonly type: 'accepted'; readonly orderId: number }
  | { readonly type: 'rejected'; readonly orderId: number; readonly reason: EngineRejectReason }
  | {
      readonly type: 'trade';
      readonly tradeId: number;
      readonly maker: TradeParty;
      readonly taker: TradeParty;
      readonly takerSide: Side;
      readonly priceTicks: bigint;
      readonly lots: bigint;
    }
  | {
      readonly type: 'canceled';
      readonly orderId: number;
      readonly side: Side;
      readonly priceTicks: bigint;
      readonly leavesLots: bigint;
    }
  | {
      readonly type: 'expired';
      readonly orderId: number;
      readonly leavesLots: bigint;
      readonly timeInForce: 'IOC' | 'FOK';
    };

export type TradeEvent = Extract<EngineEvent, { type: 'trade' }>;

/** What an order would trade now: whole lots, and their price as the sum of ticks x lots. */
interface Executable {
  readonly lots: bigint;
  readonly tickLots: bigint;
}

/**
 * Continuous price-time priority matching for one instrument (as in FIX Trading Community's order
 * state matrices): the best price trades first, at one price the oldest order first, always at the
 * resting order's price. Pure: integers in, events out; no clock, no I/O, no floating point.
 */
export class MatchingEngine {
  readonly bids = new BookSide('BUY');
  readonly asks = new BookSide('SELL');
  readonly #resting = new Map<number, RestingOrder>();
  readonly #nextTradeId: () => number;

  constructor(nextTradeId: () => number) {
    this.#nextTradeId = nextTradeId;
  }

  get restingCount(): number {
    return this.#resting.size;
  }

  resting(orderId: number): Readonly<RestingOrder> | undefined {
    return this.#resting.get(orderId);
  }

  side(side: Side): BookSide {
    return side === 'BUY' ? this.bids : this.asks;
  }

  /** What the order would trade if it came now. */
  executable(order: Omit<EngineOrder, 'orderId' | 'timeInForce'>): Executable {
    let lots = 0n;
    let tickLots = 0n;
    for (const level of this.side(oppositeOf(order.side)).levels()) {
      if (lots === order.lots || !accepts(order, level.priceTicks)) break;
      const taken = smaller(level.lots, order.lots - lots);
      lots += taken;
      tickLots += taken * level.priceTicks;
    }
    return { lots, tickLots };
  }

  /**
   * Matches the order, then rests what is left (GTC) or lets it expire (IOC, FOK).
   *
   * @param tradeLotsMax splits each match into trades of at most this many lots (at least 1): one
   * order, many fills
   */
  submit(order: EngineOrder, tradeLotsMax = order.lots): readonly EngineEvent[] {
    const reason = this.#defect(order, tradeLotsMax);
    if (reason) return [{ type: 'rejected', orderId: order.orderId, reason }];
    const events: EngineEvent[] = [{ type: 'accepted', orderId: order.orderId }];
    const fillable = order.timeInForce !== 'FOK' || this.executable(order).lots === order.lots;
    const leavesLots = fillable ? this.#match(order, tradeLotsMax, events) : order.lots;
    if (leavesLots === 0n) return events;
    if (order.timeInForce === 'GTC' && order.priceTicks !== undefined) {
      this.#rest(order, order.priceTicks, leavesLots);
    } else {
      const timeInForce = order.timeInForce === 'FOK' ? 'FOK' : 'IOC';
      events.push({ type: 'expired', orderId: order.orderId, leavesLots, timeInForce });
    }
    return events;
  }

  /** Takes a resting order off the book. */
  cancel(orderId: number): readonly EngineEvent[] {
    const order = this.#resting.get(orderId);
    if (!order) return [{ type: 'rejected', orderId, reason: 'unknown_order' }];
    this.#resting.delete(orderId);
    this.side(order.side).remove(order);
    const { side, priceTicks, leavesLots } = order;
    return [{ type: 'canceled', orderId, side, priceTicks, leavesLots }];
  }

  #defect(order: EngineOrder, tradeLotsMax: bigint): EngineRejectReason | undefined {
    if (this.#resting.has(order.orderId)) return 'duplicate_order_id';
    if (order.lots <= 0n || tradeLotsMax <= 0n) return 'lots_not_positive';
    if (order.priceTicks === undefined) {
      return order.timeInForce === 'GTC' ? 'market_order_cannot_rest' : undefined;
    }
    return order.priceTicks <= 0n ? 'price_not_positive' : undefined;
  }

  #match(order: EngineOrder, tradeLotsMax: bigint, events: EngineEvent[]): bigint {
    const book = this.side(oppositeOf(order.side));
    let leavesLots = order.lots;
    while (leavesLots > 0n) {
      const maker = book.first;
      if (!maker || !accepts(order, maker.priceTicks)) break;
      const lots = smaller(smaller(leavesLots, maker.leavesLots), tradeLotsMax);
      leavesLots -= lots;
      book.fill(maker, lots);
      if (maker.leavesLots === 0n) this.#resting.delete(maker.orderId);
      events.push({
        type: 'trade',
        tradeId: this.#nextTradeId(),
        maker: { orderId: maker.orderId, leavesLots: maker.leavesLots },
        taker: { orderId: order.orderId, leavesLots },
        takerSide: order.side,
        priceTicks: maker.priceTicks,
        lots,
      });
    }
    return leavesLots;
  }

  #rest(order: EngineOrder, priceTicks: bigint, leavesLots: bigint): void {
    const resting: RestingOrder = {
      orderId: order.orderId,
      side: order.side,
      priceTicks,
      leavesLots,
      previous: undefined,
      next: undefined,
    };
    this.#resting.set(order.orderId, resting);
    this.side(order.side).add(resting);
  }
}

/** Whether the order may trade at this price of the opposite side. */
function accepts(order: Pick<EngineOrder, 'side' | 'priceTicks'>, priceTicks: bigint): boolean {
  if (order.priceTicks === undefined) return true;
  return order.side === 'BUY' ? priceTicks <= order.priceTicks : priceTicks >= order.priceTicks;
}

/** Math.min knows no bigint. */
function smaller(left: bigint, right: bigint): bigint {
  if (left < right) return left;
  return right;
}
