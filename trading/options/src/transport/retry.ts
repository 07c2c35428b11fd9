import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_DELAY_MS = 100;
const DELAY_MS_MAX = 5_000;

/**
 * Does the work until it succeeds, waiting twice as long after each failure: 0.1 to 5 s.
 *
 * @param onFailure is told of each failure
 * @returns `false` when the signal aborted before it succeeded
 */
export async function untilDone(
  work: () => Promise<void>,
  signal: AbortSignal,
  onFailure: (error: unknown) => void,
): Promise<boolean> {
  for (
    let delayMs = FIRST_DELAY_MS;
    !signal.aborted;
    delayMs = Math.min(delayMs * 2, DELAY_MS_MAX)
  ) {
    try {
      await work();
      return true;
    } catch (error) {
      onFailure(error);
    }
    // An aborted wait is how the service stops, not an error.
    await sleep(delayMs, undefined, { signal }).catch(() => undefined);
  }
  return false;
}
