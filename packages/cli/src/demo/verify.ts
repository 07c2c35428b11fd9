import { addDecimals, compareDecimals, type Lifecycle, parseDecimal } from '@throughline/model';
import type { ClientOrder } from './load.ts';

/**
 * What is wrong with a lifecycle, given how the client saw the order end; undefined when it is whole and
 * exact: it ended as the client was told, its segments join without a hole and sum to its duration, so
 * do its stages, and every fill is accounted for.
 */
export function defect(order: ClientOrder, lifecycle: Lifecycle): string | undefined {
  if (lifecycle.status !== order.status) {
    return `ended ${lifecycle.status}, but the client was told ${order.status}`;
  }
  return wholeDefect(lifecycle) ?? quantityDefect(order, lifecycle);
}

/** What keeps a lifecycle, of whatever kind, from being whole, with segments that sum exactly. */
export function wholeDefect(lifecycle: Lifecycle): string | undefined {
  if (lifecycle.complete) return segmentDefect(lifecycle);
  const codes = lifecycle.warnings.map((warning) => warning.code).join(', ');
  return `is not complete${codes === '' ? '' : ` (${codes})`}`;
}

function segmentDefect({
  begin,
  end,
  durationNs,
  segments,
  stages,
}: Lifecycle): string | undefined {
  if (durationNs !== end - begin) return 'lasts something else than from begin to end';
  let cursor = begin;
  for (const { fromNs, toNs } of segments) {
    if (fromNs !== cursor || toNs < fromNs) return `has a hole in its segments at ${cursor}`;
    cursor = toNs;
  }
  if (cursor !== end) return `has segments that end at ${cursor}, not at ${end}`;
  const total = stages.reduce((sum, stage) => sum + stage.ns, 0n);
  return total === durationNs ? undefined : `has stages that sum to ${total}, not to ${durationNs}`;
}

function quantityDefect(order: ClientOrder, { quantities }: Lifecycle): string | undefined {
  if (!quantities) return 'has no quantities';
  if (!quantities.conserved) return 'does not conserve quantity';
  const filled = parseDecimal(order.cum_quantity);
  if (compareDecimals(parseDecimal(quantities.filled), filled) !== 0) {
    return `shows ${quantities.filled} filled, but the client got ${order.cum_quantity}`;
  }
  const allocated = quantities.allocations.reduce(
    (sum, allocation) => addDecimals(sum, parseDecimal(allocation.quantity)),
    parseDecimal('0'),
  );
  return compareDecimals(allocated, filled) === 0
    ? undefined
    : 'has allocations that do not sum to what was filled';
}
