/**
 * A delay line holds at most this many entries: a slower pace than the input must not eat the
 * memory.
 */
export const DELAY_LINE_ENTRIES_MAX = 50_000;

interface Entry {
  readonly dueMs: number;
  readonly run: () => void;
}

/**
 * Delays work without reordering it, as a connection does: an entry leaves when its own delay is
 * over and everything before it has left. Without delay, work runs at once.
 */
export class DelayLine {
  readonly #delayMs: () => number;
  readonly #entries: Entry[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param delayMs drawn once for each entry */
  constructor(delayMs: () => number) {
    this.#delayMs = delayMs;
  }

  /** @returns false when the line is full; the work is then not done */
  push(run: () => void): boolean {
    const delayMs = this.#delayMs();
    if (delayMs <= 0 && this.#entries.length === 0) {
      run();
      return true;
    }
    if (this.#entries.length >= DELAY_LINE_ENTRIES_MAX) return false;
    const previousMs = this.#entries.at(-1)?.dueMs ?? 0;
    this.#entries.push({ dueMs: Math.max(previousMs, performance.now() + delayMs), run });
    if (!this.#timer) this.#arm();
    return true;
  }

  /** Drops what still waits. @returns how much that was */
  close(): number {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#entries.splice(0).length;
  }

  #arm(): void {
    const first = this.#entries[0];
    if (!first) return;
    this.#timer = setTimeout(() => this.#release(), Math.max(0, first.dueMs - performance.now()));
  }

  #release(): void {
    this.#timer = undefined;
    const nowMs = performance.now();
    const waiting = this.#entries.findIndex((entry) => entry.dueMs > nowMs);
    const due = this.#entries.splice(0, waiting < 0 ? this.#entries.length : waiting);
    for (const entry of due) entry.run();
    if (!this.#timer) this.#arm();
  }
}
