/** An exchange order that may be canceled. */
export interface Cancelable {
  readonly exchangeOrderId: string;
  readonly leavesLots: bigint;
}

/**
 * The fewest exchange orders whose leaves together free what is needed: the largest first; of those
 * that suffice as the last one, the smallest, so that little has to be placed again.
 *
 * @returns all of them when they do not suffice
 */
export function chooseCancels(open: readonly Cancelable[], neededLots: bigint): Cancelable[] {
  const rest = open.toSorted(byLeaves);
  const chosen: Cancelable[] = [];
  let missing = neededLots;
  while (missing > 0n) {
    const last = rest.findLastIndex(({ leavesLots }) => leavesLots >= missing);
    const [next] = rest.splice(Math.max(last, 0), 1);
    if (!next) break;
    chosen.push(next);
    missing -= next.leavesLots;
  }
  return chosen;
}

/** The largest first, ties by id. */
function byLeaves(a: Cancelable, b: Cancelable): number {
  if (a.leavesLots !== b.leavesLots) return a.leavesLots > b.leavesLots ? -1 : 1;
  return a.exchangeOrderId < b.exchangeOrderId ? -1 : 1;
}
