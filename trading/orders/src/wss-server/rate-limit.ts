const WINDOW_MS = 1_000;

/** Counts the messages of each user within seconds of the clock; forgets all counts with each. */
export class RateLimit {
  readonly #perSecondMax: number;
  readonly #counts = new Map<string, number>();
  #window = 0;

  constructor(perSecondMax: number) {
    this.#perSecondMax = perSecondMax;
  }

  /** @returns whether one more message is within the limit */
  admits(userId: string, nowMs: number): boolean {
    const window = Math.floor(nowMs / WINDOW_MS);
    if (window !== this.#window) this.#counts.clear();
    this.#window = window;
    const count = (this.#counts.get(userId) ?? 0) + 1;
    this.#counts.set(userId, count);
    return count <= this.#perSecondMax;
  }
}
