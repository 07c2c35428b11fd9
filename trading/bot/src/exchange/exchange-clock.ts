/**
 * The exchange's clock, as far as it can be known from here: requests carry its time, and one whose
 * time is off is refused.
 */
export class ExchangeClock {
  readonly #now: () => number;
  #offsetMs = 0;
  #uncertaintyMs = 0;
  #isKnown = false;

  /** @param now milliseconds since the Unix epoch */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** How far off {@link now} may be: half of what the question took. */
  get uncertaintyMs(): number {
    return this.#uncertaintyMs;
  }

  /** Milliseconds since the Unix epoch, whole. */
  now(): number {
    return Math.round(this.#now() + this.#offsetMs);
  }

  /** Asks for the time. The answer was made half way between question and arrival, at a guess. */
  async synchronize(ask: () => Promise<number>): Promise<void> {
    const askedMs = this.#now();
    const serverMs = await ask();
    const tookMs = this.#now() - askedMs;
    this.#offsetMs = serverMs - (askedMs + tookMs / 2);
    this.#uncertaintyMs = Math.ceil(tookMs / 2);
    this.#isKnown = true;
  }

  /** After a request was refused for its time. */
  forget(): void {
    this.#isKnown = false;
  }
}
