import { ThroughlineError } from '@throughline/model';

/** One who takes part in a fill. */
export interface Allottee {
  readonly id: string;
  /** What is still open of its quantity. */
  readonly leavesLots: bigint;
  /** When it arrived, on any clock. */
  readonly arrivalNs: bigint;
}

/**
 * How one fill is shared out. Every rule starts from what remains of each member and never from
 * cumulative targets, so nothing that was allocated is ever taken back. All lots of a fill have one
 * price: the money is split as exactly as the lots are.
 *
 * @returns lots by position: they sum to the fill, none is negative, none is above its member's
 *   leaves
 * @throws ThroughlineError `TL_ALLOCATION_INVALID` when the fill is empty or exceeds what all have
 *   left
 */
export type Allocate = (fillLots: bigint, members: readonly Allottee[]) => bigint[];

/**
 * @returns what all members have left together
 * @throws ThroughlineError `TL_ALLOCATION_INVALID` when the fill is empty or exceeds it
 */
export function checkFill(fillLots: bigint, members: readonly Allottee[]): bigint {
  const leavesLots = members.reduce((sum, member) => sum + member.leavesLots, 0n);
  if (fillLots > 0n && fillLots <= leavesLots) return leavesLots;
  throw new ThroughlineError(
    'TL_ALLOCATION_INVALID',
    `a fill of ${fillLots} lots cannot be allocated over ${leavesLots} remaining lots`,
  );
}

/** The earlier first; those of the same moment by id. */
export function byArrival(a: Allottee, b: Allottee): number {
  if (a.arrivalNs !== b.arrivalNs) return a.arrivalNs < b.arrivalNs ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
