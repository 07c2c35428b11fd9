import { compareNs, maxNs } from './nanoseconds.ts';

/** How many times the median a bar may be before it is cut: longer ones would flatten the rest. */
const MEDIANS_MAX = 4n;

/**
 * The duration that fills the width of a bar in a list: the longest, or four times the median when
 * a few orders took so much longer that nothing could be seen of the others. Zero for an empty
 * list.
 */
export function fullWidthNs(durations: readonly bigint[]): bigint {
  const sorted = [...durations].sort(compareNs);
  const median = sorted[sorted.length >> 1] ?? 0n;
  const longest = maxNs(0n, ...sorted.slice(-1));
  return median > 0n && longest > median * MEDIANS_MAX ? median * MEDIANS_MAX : longest;
}
