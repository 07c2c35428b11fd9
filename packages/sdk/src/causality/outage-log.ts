const QUIET_MS = 5_000;

/**
 * One line when a shared store begins to fail, and one when it works and did not fail for five
 * seconds: a store that is away must not flood a service's log.
 */
export class OutageLog {
  readonly #store: string;
  readonly #log: (message: string) => void;
  readonly #now: () => number;
  #isOutage = false;
  #lastFailureMs = 0;

  /** @param now a monotonic clock in milliseconds */
  constructor(store: string, log: (message: string) => void, now: () => number) {
    this.#store = store;
    this.#log = log;
    this.#now = now;
  }

  failed(reason: unknown): void {
    this.#lastFailureMs = this.#now();
    if (this.#isOutage) return;
    this.#isOutage = true;
    const text = reason instanceof Error ? reason.message : String(reason);
    this.#log(
      `tracing: the shared registry in ${this.#store} fails, the local one serves: ${text}`,
    );
  }

  /** To be called whenever the store answered. */
  worked(): void {
    if (!this.#isOutage || this.#now() - this.#lastFailureMs < QUIET_MS) return;
    this.#isOutage = false;
    this.#log(`tracing: the shared registry in ${this.#store} works again`);
  }
}
