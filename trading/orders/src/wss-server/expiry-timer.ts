import { ExpiryQueue } from '../domain/expiry-queue.ts';

/** A timer does not run longer; what is due later is looked at again then. */
const TIMER_MS_MAX = 3_600_000;

/** Says when the time of something is over: one timer, for whatever is due next. */
export class ExpiryTimer {
  readonly #queue = new ExpiryQueue();
  readonly #now: () => number;
  readonly #onDue: (key: string) => void;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @param now milliseconds since the Unix epoch, as all times here */
  constructor(now: () => number, onDue: (key: string) => void) {
    this.#now = now;
    this.#onDue = onDue;
  }

  get size(): number {
    return this.#queue.size;
  }

  add(key: string, dueMs: number): void {
    this.#queue.add(key, dueMs);
    if (this.#queue.nextMs === dueMs) this.#set();
  }

  remove(key: string): void {
    this.#queue.remove(key);
  }

  /** Nothing is said any more. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #set(): void {
    clearTimeout(this.#timer);
    const { nextMs } = this.#queue;
    if (nextMs === undefined || this.#isClosed) return;
    const delayMs = Math.min(Math.max(0, nextMs - this.#now()), TIMER_MS_MAX);
    this.#timer = setTimeout(() => this.#run(), delayMs).unref();
  }

  #run(): void {
    for (const key of this.#queue.due(this.#now())) this.#onDue(key);
    this.#set();
  }
}
