import { type Allottee, byArrival, checkFill } from './allottee.ts';

/** Value of `allocation.method`. */
export const PRO_RATA = 'pro_rata';

interface Share {
  readonly member: Allottee;
  readonly remainder: bigint;
}

/**
 * In proportion to what each has left, rounded down; then the lots left over go one by one to the
 * largest remainders, ties by arrival, then by id.
 */
export function allocateProRata(fillLots: bigint, members: readonly Allottee[]): bigint[] {
  const leavesLots = checkFill(fillLots, members);
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

function byRemainder(a: Share, b: Share): number {
  if (a.remainder !== b.remainder) return a.remainder > b.remainder ? -1 : 1;
  return byArrival(a.member, b.member);
}
