import { ThroughlineError } from '@throughline/model';

/** Value of `allocation.method`. */
export const PRO_RATA = 'pro_rata';

/** One who takes part in a fill. */
export interface Allottee {
  readonly id: string;
  /** What is still open of its quantity. */
  readonly leavesLots: bigint;
  /** When it arrived, on any clock: an earlier one comes first in a tie. */
  readonly arrivalNs: bigint;
}

/**
 * Allocates a fill pro rata over the members' remaining quantity: each gets its share rounded down,
 * then the lots left over go one by one to the largest remainders; ties go by arrival, then by id.
 *
 * Because it starts from what remains and never from cumulative targets, nothing that was allocated
 * is ever taken back. All lots of a fill have one price, so the money is split as exactly as the
 * lots are.
 *
 * @returns lots by position: they sum to the fill, none is negative, none is above its member's
 *   leaves
 * @throws ThroughlineError `TL_ALLOCATION_INVALID` when the fill is empty or exceeds what all have
 *   left
 */
export function allocateProRata(fillLots: bigint, members: readonly Allottee[]): bigint[] {
  const leavesLots = members.reduce((sum, member) => sum + member.leavesLots, 0n);
  if (fillLots <= 0n || fillLots > leavesLots) {
    throw new ThroughlineError(
      'TL_ALLOCATION_INVALID',
      `a fill of ${fillLots} lots cannot be allocated over ${leavesLots} remaining lots`,
    );
  }
  const shares = members.map((member, index) => {
    const weighted = fillLots * member.leavesLots;
    return { member, index, lots: weighted / leavesLots, remainder: weighted % leavesLots };
  });
  const allocated = shares.map((share) => share.lots);
  let leftoverLots = allocated.reduce((left, lots) => left - lots, fillLots);
  for (const { index, lots } of shares.toSorted(byRemainder)) {
    if (leftoverLots === 0n) break;
    allocated[index] = lots + 1n;
    leftoverLots -= 1n;
  }
  return allocated;
}

interface Share {
  readonly member: Allottee;
  readonly remainder: bigint;
}

function byRemainder(a: Share, b: Share): number {
  if (a.remainder !== b.remainder) return a.remainder > b.remainder ? -1 : 1;
  if (a.member.arrivalNs !== b.member.arrivalNs) {
    return a.member.arrivalNs < b.member.arrivalNs ? -1 : 1;
  }
  return a.member.id < b.member.id ? -1 : 1;
}
