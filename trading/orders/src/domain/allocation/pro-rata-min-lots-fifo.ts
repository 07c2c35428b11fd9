import { type Allottee, checkFill } from './allottee.ts';
import { addByArrival } from './fifo.ts';

/** Value of `allocation.method`. */
export const PRO_RATA_MIN_LOTS_FIFO = 'pro_rata_min_lots_fifo';

/**
 * In proportion to what each has left, rounded down to a multiple of `lotsMin`, so that a share
 * below it is nothing; what is left over goes first come, first served. Like CME's allocation
 * algorithm, where a share has to be worth its ticket; `lotsMin` 1 only rounds down.
 */
export function allocateProRataMinLotsFifo(
  fillLots: bigint,
  members: readonly Allottee[],
  lotsMin: bigint,
): bigint[] {
  const leavesLots = checkFill(fillLots, members);
  const shares = members.map((member) => {
    const lots = (fillLots * member.leavesLots) / leavesLots;
    return lots - (lots % lotsMin);
  });
  const leftoverLots = shares.reduce((left, lots) => left - lots, fillLots);
  return addByArrival(leftoverLots, members, shares);
}
