import { parseAmount } from '../amount.ts';
import { oppositeOf, type Side } from '../engine/order-book.ts';
import type { Market } from '../venue/market.ts';
import type { RecordedData } from './recording.ts';

/** Levels kept on a side; a recording that goes further is counted, not followed. */
const LEVELS_PER_SIDE_MAX = 50_000;

/**
 * Recorded liquidity in a live book, so that client orders trade against what was really there.
 *
 * The model: recorded lots at a price are one order of nobody's, replaced whenever a depth frame
 * changes that price; so client orders stand first in the queue of their level (an optimistic
 * assumption). Recorded liquidity that arrives through a client's price trades with the client. A
 * recorded trade proves that its lots were there and nothing better was: recorded liquidity is
 * corrected to that, then an IOC order of the recorded taker trades exactly those lots, with
 * clients first where price and time say so. Without clients, the market's trades and depth are the
 * recorded ones. A client's trade takes recorded lots away until the next frame of that price:
 * clients have no lasting impact on the recorded market.
 */
export class ReplayedBook {
  /** Levels or trades that do not fit the instrument, or one side's bound. */
  dropped = 0;
  readonly #market: Market;
  readonly #nextOrderId: () => number;
  /** Order id of the recorded liquidity at a price. */
  readonly #levels: Record<Side, Map<bigint, number>> = { BUY: new Map(), SELL: new Map() };

  constructor(market: Market, nextOrderId: () => number) {
    this.#market = market;
    this.#nextOrderId = nextOrderId;
  }

  apply(data: RecordedData): void {
    if (data.e === 'trade') this.#trade(data.p, data.q, data.m ? 'SELL' : 'BUY');
    if (data.e !== 'depthUpdate') return;
    const changes = [...this.#changes('BUY', data.b), ...this.#changes('SELL', data.a)];
    // What is gone goes first: the frame's new bids may stand where its old asks were.
    for (const { side, ticks, lots } of changes) if (lots === 0n) this.#clear(side, ticks);
    for (const { side, ticks, lots } of changes) if (lots > 0n) this.#set(side, ticks, lots);
  }

  /** Takes all recorded liquidity away. */
  clear(): void {
    for (const side of ['BUY', 'SELL'] as const) {
      for (const ticks of [...this.#levels[side].keys()]) this.#clear(side, ticks);
    }
  }

  #changes(side: Side, levels: readonly (readonly [string, string])[]) {
    return levels.flatMap(([price, quantity]) => {
      const ticks = this.#ticks(price);
      const lots = this.#lots(quantity);
      if (ticks !== undefined && ticks > 0n && lots !== undefined && lots >= 0n) {
        return [{ side, ticks, lots }];
      }
      this.dropped += 1;
      return [];
    });
  }

  #trade(price: string, quantity: string, takerSide: Side): void {
    const ticks = this.#ticks(price);
    const lots = this.#lots(quantity);
    if (ticks === undefined || ticks <= 0n || lots === undefined || lots <= 0n) {
      this.dropped += 1;
      return;
    }
    const makerSide = oppositeOf(takerSide);
    this.#clearBetter(makerSide, ticks);
    if (this.#lotsAt(makerSide, ticks) < lots) this.#set(makerSide, ticks, lots);
    const orderId = this.#nextOrderId();
    this.#market.submit({
      orderId,
      side: takerSide,
      lots,
      priceTicks: ticks,
      timeInForce: 'IOC',
    });
  }

  #set(side: Side, ticks: bigint, lots: bigint): void {
    if (lots === this.#lotsAt(side, ticks)) return;
    this.#clear(side, ticks);
    this.#clearCrossed(side, ticks);
    const levels = this.#levels[side];
    if (levels.size >= LEVELS_PER_SIDE_MAX) {
      this.dropped += 1;
      return;
    }
    const orderId = this.#nextOrderId();
    this.#market.submit({ orderId, side, lots, priceTicks: ticks, timeInForce: 'GTC' });
    if (this.#market.engine.resting(orderId)) levels.set(ticks, orderId);
  }

  #clear(side: Side, ticks: bigint): void {
    const orderId = this.#levels[side].get(ticks);
    if (orderId === undefined) return;
    this.#levels[side].delete(ticks);
    if (this.#market.engine.resting(orderId)) this.#market.cancel(orderId);
  }

  /** Recorded liquidity of the other side that a recorded order at this price would have taken. */
  #clearCrossed(side: Side, ticks: bigint): void {
    const other = oppositeOf(side);
    this.#clearWhile(other, (level) => (side === 'BUY' ? level <= ticks : level >= ticks));
  }

  /** Recorded liquidity that would have traded before this price. */
  #clearBetter(side: Side, ticks: bigint): void {
    const book = this.#market.engine.side(side);
    this.#clearWhile(side, (level) => book.isBetter(level, ticks));
  }

  /** From the best price outwards, as long as the price qualifies. */
  #clearWhile(side: Side, qualifies: (ticks: bigint) => boolean): void {
    const best = this.#market.engine.side(side).bestTicks;
    if (best === undefined || !qualifies(best)) return;
    const doomed: bigint[] = [];
    for (const { priceTicks } of this.#market.engine.side(side).levels()) {
      if (!qualifies(priceTicks)) break;
      doomed.push(priceTicks);
    }
    for (const ticks of doomed) this.#clear(side, ticks);
  }

  #lotsAt(side: Side, ticks: bigint): bigint {
    const orderId = this.#levels[side].get(ticks);
    return orderId === undefined ? 0n : (this.#market.engine.resting(orderId)?.leavesLots ?? 0n);
  }

  #ticks(price: string): bigint | undefined {
    const { tickUnits } = this.#market.instrument;
    const amount = parseAmount(price);
    return amount !== undefined && amount % tickUnits === 0n ? amount / tickUnits : undefined;
  }

  /** Whole lots: the real market holds a few quantities from before its present step size. */
  #lots(quantity: string): bigint | undefined {
    const amount = parseAmount(quantity);
    return amount === undefined ? undefined : amount / this.#market.instrument.stepUnits;
  }
}
