const QUIET_MS = 5_000;

/**
 * One line when spans cannot be sent and wait, one when they begin to get lost, and one when they
 * get through again and nothing of the kind happened for five seconds: a tracing server that is
 * away, or too slow, must not flood a service's log.
 */
export class LossLog {
  readonly #subject: string;
  readonly #log: (message: string) => void;
  readonly #now: () => number;
  #trouble: 'none' | 'waiting' | 'losing' = 'none';
  #lost = 0;
  #troubleMs = 0;

  /**
   * @param subject whose spans, and where they should go
   * @param log may throw, and may lose spans itself
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

  /** The receiver is away; nothing is lost for that yet. */
  waiting(reason: string): void {
    this.#troubleMs = this.#now();
    if (this.#trouble !== 'none') return;
    this.#trouble = 'waiting';
    this.#write(`spans wait to be sent: ${reason}`);
  }

  lost(spans: number, reason: string): void {
    this.#troubleMs = this.#now();
    this.#lost += spans;
    if (this.#trouble === 'losing') return;
    this.#trouble = 'losing';
    this.#write(`spans are being lost: ${reason}`);
  }

  /** To be called whenever spans got through. */
  delivered(): void {
    if (this.#trouble === 'none' || this.#now() - this.#troubleMs < QUIET_MS) return;
    const lost = this.#lost;
    this.#trouble = 'none';
    this.#lost = 0;
    this.#write(`spans get through again, ${lost} were lost`);
  }

  /** A service's logger must not bring down what ends a span. */
  #write(event: string): void {
    try {
      this.#log(`tracing: ${this.#subject}: ${event}`);
    } catch {
      // There is nowhere left to say so.
    }
  }
}
