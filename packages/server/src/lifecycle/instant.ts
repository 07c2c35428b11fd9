/** The earlier of two points in time, in ns: `Math.min` knows no bigint. */
export function earlier(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}

/** The later of two points in time, in ns. */
export function later(left: bigint, right: bigint): bigint {
  return left < right ? right : left;
}
