/** For sorting: negative, zero or positive, as `left` is before, at or after `right`. */
export function compareNs(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The earliest of the given points in time, of which there is at least `first`. */
export function minNs(first: bigint, ...others: readonly bigint[]): bigint {
  return others.reduce((min, ns) => (compareNs(ns, min) < 0 ? ns : min), first);
}

/** The latest, or longest, of the given times, of which there is at least `first`. */
export function maxNs(first: bigint, ...others: readonly bigint[]): bigint {
  return others.reduce((max, ns) => (compareNs(ns, max) > 0 ? ns : max), first);
}
