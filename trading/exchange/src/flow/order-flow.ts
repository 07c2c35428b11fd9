import { ThroughlineError } from '@throughline/model';
import type { Side } from '../engine/order-book.ts';
import type { Random } from '../random.ts';
import type { Market } from '../venue/market.ts';

/** `stepsPerSecond` 0 leaves the book empty for clients alone. */
export interface FlowOptions {
  readonly stepsPerSecond: number;
  /** Quotes that the market makers keep on each side. */
  readonly quotesPerSide: number;
  /** Of a noise trader hitting the book in a step. */
  readonly takerProbability: number;
}

const DEFAULT_FLOW: FlowOptions = {
  stepsPerSecond: 20,
  quotesPerSide: 24,
  takerProbability: 0.3,
};

const STEPS_PER_SECOND_MAX = 1_000;
const QUOTES_PER_SIDE_MAX = 500;

/** Parts per million of the price: the middle's move in a step, the gap between two quotes. */
const MOVE_PPM_MAX = 20;
const GAP_PPM = 40;
/** A quote is worth this many units of the quote asset, more the further out it is. */
const QUOTE_NOTIONAL_MIN = 1_000;
const QUOTE_NOTIONAL_MAX = 8_000;

/**
 * Background order flow for one market: market makers quote a ladder on both sides of a middle that
 * walks at random (between half and twice its start), and noise traders take from it. The book is
 * two-sided from the start, one quote is small against a batch of orders, and swept quotes come
 * back with the next step: a large order fills in several parts.
 */
export class OrderFlow {
  steps = 0;
  readonly #market: Market;
  readonly #nextOrderId: () => number;
  readonly #random: Random;
  readonly #options: FlowOptions;
  readonly #quotes: Record<Side, number[]>;
  #middleTicks: bigint;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @throws ThroughlineError `TL_CONFIG_INVALID` when the rate or the number of quotes is out of
   * bounds
   */
  constructor(
    market: Market,
    nextOrderId: () => number,
    random: Random,
    options: Partial<FlowOptions> = {},
  ) {
    this.#options = { ...DEFAULT_FLOW, ...options };
    const { stepsPerSecond, quotesPerSide } = this.#options;
    if (!(stepsPerSecond >= 0 && stepsPerSecond <= STEPS_PER_SECOND_MAX)) {
      throw new ThroughlineError(
        'TL_CONFIG_INVALID',
        `stepsPerSecond must be from 0 to ${STEPS_PER_SECOND_MAX}`,
      );
    }
    if (!(quotesPerSide >= 1 && quotesPerSide <= QUOTES_PER_SIDE_MAX)) {
      throw new ThroughlineError(
        'TL_CONFIG_INVALID',
        `quotesPerSide must be from 1 to ${QUOTES_PER_SIDE_MAX}`,
      );
    }
    this.#market = market;
    this.#nextOrderId = nextOrderId;
    this.#random = random;
    this.#middleTicks = market.instrument.startTicks;
    this.#quotes = { BUY: [], SELL: [] };
  }

  /** Fills the book at once, then goes on by the clock. */
  start(): void {
    if (this.#options.stepsPerSecond === 0) return;
    this.step();
    this.#timer = setInterval(() => this.step(), 1_000 / this.#options.stepsPerSecond);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** One move of the market: the middle walks, quotes are renewed, and perhaps someone takes. */
  step(): void {
    this.steps += 1;
    this.#walk();
    for (const side of ['BUY', 'SELL'] as const) {
      const stale = this.#random.integer(0, this.#options.quotesPerSide - 1);
      for (let rank = 0; rank < this.#options.quotesPerSide; rank++) {
        const orderId = this.#quotes[side][rank];
        const quote = orderId === undefined ? undefined : this.#market.engine.resting(orderId);
        if (quote && rank !== stale && !this.#isCrossed(side, quote.priceTicks)) continue;
        if (quote) this.#market.cancel(quote.orderId);
        this.#quotes[side][rank] = this.#quote(side, rank);
      }
    }
    if (this.#random.chance(this.#options.takerProbability)) this.#take();
  }

  #walk(): void {
    const start = this.#market.instrument.startTicks;
    const moved = this.#middleTicks + this.#ppm(this.#random.integer(-MOVE_PPM_MAX, MOVE_PPM_MAX));
    if (moved > start / 2n && moved < start * 2n) this.#middleTicks = moved;
  }

  /** The middle has passed the quote: its maker would not leave it there. */
  #isCrossed(side: Side, priceTicks: bigint): boolean {
    return side === 'BUY' ? priceTicks >= this.#middleTicks : priceTicks <= this.#middleTicks;
  }

  #quote(side: Side, rank: number): number {
    const offset = 1n + this.#ppm(rank * GAP_PPM + this.#random.integer(1, GAP_PPM));
    const priceTicks = side === 'BUY' ? this.#middleTicks - offset : this.#middleTicks + offset;
    const orderId = this.#nextOrderId();
    const lots = this.#lots(1 + rank / 4);
    this.#market.submit({ orderId, side, lots, priceTicks, timeInForce: 'GTC' });
    return orderId;
  }

  #take(): void {
    const side = this.#random.chance(0.5) ? 'BUY' : 'SELL';
    const lots = this.#lots(this.#random.next());
    this.#market.submit({ orderId: this.#nextOrderId(), side, lots, timeInForce: 'IOC' });
  }

  /** Lots worth `factor` times an ordinary quote, at least one. */
  #lots(factor: number): bigint {
    const { stepUnits, tickUnits } = this.#market.instrument;
    const notional = this.#random.integer(QUOTE_NOTIONAL_MIN, QUOTE_NOTIONAL_MAX) * factor;
    const units = BigInt(Math.floor(notional * 1e8)) * 100_000_000n;
    const lots = units / (this.#middleTicks * tickUnits * stepUnits);
    return lots > 0n ? lots : 1n;
  }

  #ppm(partsPerMillion: number): bigint {
    return (this.#middleTicks * BigInt(partsPerMillion)) / 1_000_000n;
  }
}
