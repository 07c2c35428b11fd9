const QUIET_MS = 5_000;

/**
 * One line when spans begin to get lost, and one when none was lost for five seconds and they get
 * through again: a tracing server that is away, or too slow, must not flood a service's log.
 */
export class LossLog {
  readonly #subject: string;
  readonly #log: (message: string) => void;
  readonly #now: () => number;
  #lost = 0;
  #lastLossMs = 0;

  /**
   * @param subject whose spans, and where they should go
   * @param now a monotonic clock in milliseconds; for tests
   */
  constructor(
    subject: string,
    log: (message: string) => void,
    now: () => number = () => performance.now(),
  ) {
    this.#subject = subject;
    this.#log = log;
    this.#now = now;
  }

  lost(spans: number, reason: string): void {
    if (this.#lost === 0) this.#log(`tracing: ${this.#subject}: spans are being lost: ${reason}`);
    this.#lost += spans;
    this.#lastLossMs = this.#now();
  }

  /** To be called whenever spans got through. */
  delivered(): void {
    if (this.#lost === 0 || this.#now() - this.#lastLossMs < QUIET_MS) return;
    this.#log(`tracing: ${this.#subject}: spans get through again, ${this.#lost} were lost`);
    this.#lost = 0;
  }
}
