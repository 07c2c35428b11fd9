/** The side of an order, in the exchange's words. */
export type Side = 'BUY' | 'SELL';

export function oppositeOf(side: Side): Side {
  return side === 'BUY' ? 'SELL' : 'BUY';
}

/**
 * An order on the book. Its level is a doubly linked queue, so that it can leave from anywhere in
 * O(1).
 */
export interface RestingOrder {
  readonly orderId: number;
  readonly side: Side;
  readonly priceTicks: bigint;
  leavesLots: bigint;
  previous: RestingOrder | undefined;
  next: RestingOrder | undefined;
}

/** What the book offers at one price. */
export interface PriceLevel {
  readonly priceTicks: bigint;
  readonly lots: bigint;
}

/** All orders at one price, first come first. */
interface Level {
  lots: bigint;
  first: RestingOrder | undefined;
  last: RestingOrder | undefined;
}

/**
 * One side of a book. Levels are found by price in O(1); prices are kept sorted with the best one
 * **last**, because nearly every insertion and removal is close to the best price and then moves
 * few entries.
 */
export class BookSide {
  readonly #side: Side;
  readonly #levels = new Map<bigint, Level>();
  readonly #prices: bigint[] = [];

  constructor(side: Side) {
    this.#side = side;
  }

  get bestTicks(): bigint | undefined {
    return this.#prices.at(-1);
  }

  /** The order that trades next: the oldest at the best price. */
  get first(): RestingOrder | undefined {
    const best = this.bestTicks;
    return best === undefined ? undefined : this.#levels.get(best)?.first;
  }

  lotsAt(priceTicks: bigint): bigint {
    return this.#levels.get(priceTicks)?.lots ?? 0n;
  }

  /** Whether `left` trades before `right` on this side. */
  isBetter(left: bigint, right: bigint): boolean {
    return this.#side === 'BUY' ? left > right : left < right;
  }

  /** Puts the order behind all others at its price. */
  add(order: RestingOrder): void {
    let level = this.#levels.get(order.priceTicks);
    if (!level) {
      level = { lots: 0n, first: undefined, last: undefined };
      this.#levels.set(order.priceTicks, level);
      this.#prices.splice(this.#position(order.priceTicks), 0, order.priceTicks);
    }
    order.previous = level.last;
    if (level.last) level.last.next = order;
    else level.first = order;
    level.last = order;
    level.lots += order.leavesLots;
  }

  /** Takes traded lots off a resting order, which leaves the book when nothing remains. */
  fill(order: RestingOrder, lots: bigint): void {
    const level = this.#levels.get(order.priceTicks);
    if (!level) return;
    order.leavesLots -= lots;
    level.lots -= lots;
    if (order.leavesLots === 0n) this.#unlink(level, order);
  }

  remove(order: RestingOrder): void {
    const level = this.#levels.get(order.priceTicks);
    if (!level) return;
    level.lots -= order.leavesLots;
    this.#unlink(level, order);
  }

  /** Prices and lots from the best level outwards. */
  *levels(): Generator<PriceLevel> {
    for (let index = this.#prices.length - 1; index >= 0; index--) {
      const priceTicks = this.#prices[index];
      if (priceTicks !== undefined) yield { priceTicks, lots: this.lotsAt(priceTicks) };
    }
  }

  #unlink(level: Level, order: RestingOrder): void {
    if (order.previous) order.previous.next = order.next;
    else level.first = order.next;
    if (order.next) order.next.previous = order.previous;
    else level.last = order.previous;
    order.previous = undefined;
    order.next = undefined;
    if (level.first) return;
    this.#levels.delete(order.priceTicks);
    this.#prices.splice(this.#position(order.priceTicks), 1);
  }

  /** Binary search: where the price is, or where it belongs. */
  #position(priceTicks: bigint): number {
    let low = 0;
    let high = this.#prices.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const price = this.#prices[middle];
      if (price !== undefined && this.isBetter(priceTicks, price)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
