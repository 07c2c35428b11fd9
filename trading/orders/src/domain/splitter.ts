import type { Decimal } from '@throughline/model';
import type { ClientOrder, OrderType, TimeInForce } from './client-order.ts';
import { exchangeOrderLotsMin, type Instrument, lotsWorth } from './instrument.ts';

/**
 * Exchange orders that one group is split into, unless the exchange's largest size asks for more.
 */
const SLICES_MAX = 8n;

/**
 * Members of a batch whose orders have the same type, limit price and time in force. Whatever an
 * exchange order of the group fills is thus acceptable to every member.
 */
export interface PriceGroup<Member> {
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
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
    return `${order.type}/${order.timeInForce}/${order.priceTicks ?? ''}`;
  });
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const { type, timeInForce, priceTicks } = first.order;
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
