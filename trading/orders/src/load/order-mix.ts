import { formatPrice, formatQuantity, type Instrument } from '@throughline/instruments';
import type { NewOrder, Side } from '../domain/client-order.ts';
import { Random } from './random.ts';

/** A symbol with its best prices as they are now, in ticks. */
export interface Quote {
  readonly instrument: Instrument;
  readonly bidTicks: bigint;
  readonly askTicks: bigint;
}

/** The terms of an order, without whose it is. */
export type OrderTerms = Omit<NewOrder, 'type' | 'user_id' | 'client_order_id'>;

/** What the client does about an order of its own after a while. */
export type Plan = 'cancel' | 'replace' | 'expire';

/** How many of all orders are to be canceled, replaced, or to expire: each from 0 to 1. */
export type PlanShares = Readonly<Record<Plan, number>>;

export interface PlannedTerms extends OrderTerms {
  readonly plan?: Plan;
}

const PLANS: readonly Plan[] = ['cancel', 'replace', 'expire'];
const NO_PLANS: PlanShares = { cancel: 0, replace: 0, expire: 0 };

/** What kinds of orders come, and how often of 100. */
const KINDS = [
  { kind: 'marketable', weight: 52 },
  { kind: 'market', weight: 26 },
  { kind: 'large', weight: 7 },
  { kind: 'passive', weight: 7 },
  { kind: 'immediate', weight: 4 },
  { kind: 'tiny', weight: 4 },
] as const;
type Kind = (typeof KINDS)[number]['kind'];

/**
 * Limits fall on a coarse grid, a power of ten near this share of the price: so orders share a
 * limit.
 */
const GRID_SHARE = 0.0005;
/** Clients react to the same move of the market: orders come in bursts of one symbol and side. */
const BURST_ORDERS_MAX = 8;
/** In the quote asset. */
const WORTH_MIN = 50;
const WORTH_MAX = 6_000;
const WORTH_LARGE = 1_500_000;

/**
 * Orders as many different clients would send them, repeatable by seed: most are filled; large and
 * passive ones end partly filled or canceled, immediate ones may expire, tiny ones are refused by
 * the exchange.
 */
export class OrderMix {
  readonly #random: Random;
  readonly #shares: PlanShares;

  constructor(seed: number, shares: PlanShares = NO_PLANS) {
    this.#random = new Random(seed);
    this.#shares = shares;
  }

  /**
   * Orders that come at once, all of one symbol and side.
   *
   * @param quotes at least one
   */
  burst(quotes: readonly Quote[]): PlannedTerms[] {
    const quote = this.#random.pick(quotes);
    const side = this.#random.pick<Side>(['buy', 'sell']);
    const length = Math.floor(this.#random.between(1, BURST_ORDERS_MAX + 1));
    return Array.from({ length }, () => this.#planned(quote, side));
  }

  /** Orders with a plan are such as may still be open when its time comes. */
  #planned(quote: Quote, side: Side): PlannedTerms {
    const plan = this.#plan();
    if (!plan) return this.#terms(this.#kind(), quote, side);
    const kind = this.#random.pick<Kind>(['passive', 'passive', 'large', 'marketable']);
    return { ...this.#terms(kind, quote, side), plan };
  }

  #plan(): Plan | undefined {
    // Without plans no number is drawn: the same seed gives the same orders as ever.
    if (PLANS.every((plan) => this.#shares[plan] === 0)) return undefined;
    let rest = this.#random.next();
    for (const plan of PLANS) {
      if (rest < this.#shares[plan]) return plan;
      rest -= this.#shares[plan];
    }
    return undefined;
  }

  #terms(kind: Kind, quote: Quote, side: Side): OrderTerms {
    const { symbol } = quote.instrument;
    const quantity = formatQuantity(quote.instrument, this.#lots(kind, side, quote));
    if (kind === 'market') return { symbol, side, order_type: 'market', quantity };
    return {
      symbol,
      side,
      order_type: 'limit',
      quantity,
      price: formatPrice(quote.instrument, limitTicks(kind, side, quote)),
      ...(kind === 'immediate' ? { time_in_force: 'ioc' } : {}),
    };
  }

  #kind(): Kind {
    let rest = this.#random.between(0, 100);
    for (const { kind, weight } of KINDS) {
      if (rest < weight) return kind;
      rest -= weight;
    }
    return 'marketable';
  }

  #lots(kind: Kind, side: Side, { instrument, bidTicks, askTicks }: Quote): bigint {
    if (kind === 'tiny') return instrument.lotsMin;
    const isLarge = kind === 'large' || kind === 'immediate';
    // Small orders are many, large ones few.
    const worth = isLarge
      ? WORTH_LARGE * this.#random.between(0.5, 2)
      : WORTH_MIN * (WORTH_MAX / WORTH_MIN) ** this.#random.next();
    const lots = BigInt(
      Math.floor(worth / lotWorth(instrument, side === 'buy' ? askTicks : bidTicks)),
    );
    return lots < instrument.lotsMin ? instrument.lotsMin : lots;
  }
}

function limitTicks(kind: Kind, side: Side, { bidTicks, askTicks }: Quote): bigint {
  const [near, far] = side === 'buy' ? [askTicks, bidTicks] : [bidTicks, askTicks];
  const away = side === 'buy' ? -1n : 1n;
  switch (kind) {
    case 'large':
    case 'immediate':
      return near;
    case 'passive':
      return far + (away * far) / 100n;
    case 'tiny':
      return far + (away * far) / 50n + away;
    default:
      return onGrid(near - away * gridTicks(near), gridTicks(near), side);
  }
}

/** The next price on the grid on the side that trades. */
function onGrid(ticks: bigint, grid: bigint, side: Side): bigint {
  const below = ticks - (ticks % grid);
  return side === 'buy' && below < ticks ? below + grid : below;
}

function gridTicks(ticks: bigint): bigint {
  const exponent = Math.floor(Math.log10(Number(ticks) * GRID_SHARE));
  return 10n ** BigInt(Math.max(0, exponent));
}

/** Only for choosing a size: sums are never made from it. */
function lotWorth({ tick, step }: Instrument, ticks: bigint): number {
  const units = Number(ticks) * Number(tick.units) * Number(step.units);
  return units / 10 ** (tick.scale + step.scale);
}
