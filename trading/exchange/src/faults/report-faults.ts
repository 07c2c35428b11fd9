import type { Faults } from './faults.ts';

/** A report that is held back goes out now even if nothing came that could overtake it. */
const HELD_MS_MAX = 50;
/** How long after a report its repetition comes, at most. */
const REPEATED_MS_MAX = 200;
/** Repetitions that may wait at once; there are none beyond that. */
const REPEATED_WAITING_MAX = 1_000;

/**
 * Tells the reports of one subscriber out of order, and some of them twice, as venues do that send
 * over several paths or send again after a fail-over. None is lost. Without these faults, every
 * report goes out at once.
 */
export class ReportFaults {
  readonly #faults: Faults;
  readonly #send: (event: string) => void;
  readonly #timers = new Set<NodeJS.Timeout>();
  #held: { readonly event: string; readonly timer: NodeJS.Timeout } | undefined;

  constructor(faults: Faults, send: (event: string) => void) {
    this.#faults = faults;
    this.#send = send;
  }

  pass(event: string): void {
    if (!this.#held && this.#faults.reorders()) {
      this.#held = { event, timer: setTimeout(() => this.#release(), HELD_MS_MAX) };
      return;
    }
    this.#deliver(event);
    this.#release();
  }

  /** Drops what still waits: the subscriber has gone. */
  close(): void {
    clearTimeout(this.#held?.timer);
    this.#held = undefined;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #release(): void {
    if (!this.#held) return;
    const { event, timer } = this.#held;
    clearTimeout(timer);
    this.#held = undefined;
    this.#deliver(event);
  }

  #deliver(event: string): void {
    this.#send(event);
    if (!this.#faults.repeats() || this.#timers.size >= REPEATED_WAITING_MAX) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#send(event);
    }, this.#faults.share(REPEATED_MS_MAX));
    this.#timers.add(timer);
  }
}
