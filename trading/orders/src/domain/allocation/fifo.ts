import { type Allottee, byArrival, checkFill } from './allottee.ts';

/** Value of `allocation.method`. */
export const FIFO = 'fifo';

/** First come, first served: by arrival, then by id, each as much as it has left. */
export function allocateFifo(fillLots: bigint, members: readonly Allottee[]): bigint[] {
  checkFill(fillLots, members);
  return addByArrival(
    fillLots,
    members,
    members.map(() => 0n),
  );
}

/** Adds lots in the order of arrival to what was allocated before, up to what each has left. */
export function addByArrival(
  lots: bigint,
  members: readonly Allottee[],
  allocated: readonly bigint[],
): bigint[] {
  const sums = [...allocated];
  const queue = members
    .map((member, index) => ({ member, index }))
    .toSorted((a, b) => byArrival(a.member, b.member));
  let leftLots = lots;
  for (const { member, index } of queue) {
    const before = sums[index] ?? 0n;
    const roomLots = member.leavesLots - before;
    const addedLots = leftLots < roomLots ? leftLots : roomLots;
    sums[index] = before + addedLots;
    leftLots -= addedLots;
  }
  return sums;
}
