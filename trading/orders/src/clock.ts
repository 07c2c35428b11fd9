/**
 * A clock that does not go back, in nanoseconds since some point in the past: the same for all
 * threads of the process, so that times may travel between them.
 */
export function monotonicNs(): bigint {
  return process.hrtime.bigint();
}
