const WAIT_MS_MIN = 200;
const WAIT_MS_MAX = 5_000;
/** A receiver that asks for more is asked again all the same: it may have been told to by mistake. */
const ASKED_MS_MAX = 60_000;

/** How long to wait before a receiver that is away is tried again. */
export class Backoff {
  #waitMs = WAIT_MS_MIN;

  /**
   * Twice as long each time. Half of the wait is random, so that many services do not come back all
   * at once.
   *
   * @param askedMs what the receiver asked for. The random half comes on top, so a server that says
   * "at once" over and over is still not asked in a tight loop
   */
  next(askedMs = 0): number {
    const half = this.#waitMs / 2;
    this.#waitMs = Math.min(this.#waitMs * 2, WAIT_MS_MAX);
    return Math.max(half, cappedWait(askedMs)) + half * Math.random();
  }

  reset(): void {
    this.#waitMs = WAIT_MS_MIN;
  }
}

export function cappedWait(askedMs: number): number {
  return Math.min(askedMs, ASKED_MS_MAX);
}
