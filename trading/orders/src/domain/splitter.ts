import { exchangeOrderLotsMin, type Instrument, lotsWorth } from '@throughline/instruments';
import type { Decimal } from '@throughline/model';
import {
  type ClientOrder,
  type ExchangeTimeInForce,
  exchangeTimeInForce,
  type OrderType,
} from './client-order.ts';
import { route, type Venue, type VenueShare } from './router.ts';

/**
 * Exchange orders that one group is split into, unless the exchange's largest size asks for more.
 */
const SLICES_MAX = 8n;

/**
 * Members of a batch whose orders have the same type and limit price and rest alike. Whatever an
 * exchange order of the group fills is thus acceptable to every member.
 */
export interface PriceGroup<Member> {
  readonly type: OrderType;
  /** As the venue is told. */
  readonly timeInForce: ExchangeTimeInForce;
  readonly priceTicks: bigint | undefined;
  /** The sum over the members. */
  readonly lots: bigint;
  readonly members: readonly Member[];
}

/** Groups by type, limit price and time in force, in the order of first appearance. */
export function groupByPrice<Member extends { readonly order: ClientOrder }>(
  members: readonly Member[],
): PriceGroup<Member>[] {
  const groups = Map.groupBy(members, ({ order }) => {
    return `${order.type}/${exchangeTimeInForce(order.timeInForce)}/${order.priceTicks ?? ''}`;
  });
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const { type, priceTicks } = first.order;
    const timeInForce = exchangeTimeInForce(first.order.timeInForce);
    const lots = group.reduce((sum, member) => sum + member.order.lots, 0n);
    return [{ type, timeInForce, priceTicks, lots, members: group }];
  });
}

interface SliceOptions {
  /** What one exchange order should be worth at most, in the quote asset. */
  readonly sliceNotional: Decimal;
  /** The limit, or for a market order the last price seen; undefined when there is none yet. */
  readonly referenceTicks: bigint | undefined;
}

/**
 * Splits a quantity into the sizes of several exchange orders: as many as its worth asks for, at
 * least two when each can still be as large as the exchange demands. Sizes differ by at most one
 * lot.
 *
 * @returns at least one size; all are positive, and they sum to the quantity
 */
export function slice(
  lots: bigint,
  instrument: Instrument,
  { sliceNotional, referenceTicks }: SliceOptions,
): bigint[] {
  const needed = parts(lots, instrument.lotsMax);
  if (referenceTicks === undefined) return evenParts(lots, needed);
  const sliceLots = atLeast(1n, lotsWorth(instrument, sliceNotional, referenceTicks));
  const wanted = atMost(SLICES_MAX, atLeast(2n, parts(lots, sliceLots)));
  const possible = atLeast(1n, lots / exchangeOrderLotsMin(instrument, referenceTicks));
  return evenParts(lots, atLeast(needed, atMost(possible, wanted)));
}

interface VenueSliceOptions extends SliceOptions {
  /** Those that the lots may go to, at least one. */
  readonly venues: readonly Venue[];
  /** One exchange order for all: it is all or nothing. Default false. */
  readonly isWhole?: boolean;
}

/**
 * Splits a quantity over venues, then each venue's share into the sizes of its exchange orders.
 * While no price is known, the worth of a share is not known either: then all goes to one venue.
 *
 * @returns at least one size; all are positive, and they sum to the quantity
 */
export function sliceOverVenues(
  lots: bigint,
  instrument: Instrument,
  { venues, isWhole, sliceNotional, referenceTicks }: VenueSliceOptions,
): VenueShare[] {
  if (isWhole) return route(lots, venues, { lotsMin: 1n, isWhole });
  const shares = route(lots, venues, {
    lotsMin:
      referenceTicks === undefined
        ? instrument.lotsMin
        : exchangeOrderLotsMin(instrument, referenceTicks),
    isWhole: referenceTicks === undefined,
  });
  return shares.flatMap((share) =>
    slice(share.lots, instrument, { sliceNotional, referenceTicks }).map((sliceLots) => ({
      venue: share.venue,
      lots: sliceLots,
    })),
  );
}

/** How many parts of at most `size` the quantity has. */
function parts(lots: bigint, size: bigint): bigint {
  return (lots + size - 1n) / size;
}

function evenParts(lots: bigint, count: bigint): bigint[] {
  const base = lots / count;
  const larger = lots % count;
  return Array.from({ length: Number(count) }, (_, index) =>
    BigInt(index) < larger ? base + 1n : base,
  );
}

function atLeast(least: bigint, value: bigint): bigint {
  return value > least ? value : least;
}

function atMost(most: bigint, value: bigint): bigint {
  return value < most ? value : most;
}
