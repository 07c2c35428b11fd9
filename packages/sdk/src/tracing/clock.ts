import type { HrTime } from '@opentelemetry/api';

/**
 * A jump of the wall clock (set by hand, or the machine slept) is followed when it is larger than this,
 * and in whole steps of it: each thread sees the jump a little differently, since `Date.now` has whole
 * milliseconds only, and all must come to the same new origin.
 */
const JUMP_MS = 100;
const CHECK_EVERY_MS = 1_000;

/**
 * Now, with the microseconds that OpenTelemetry's own timing lacks: it starts every span at a whole
 * millisecond, which would put causes after their effects. All threads of a process share the
 * origin, so their times compare exactly.
 */
export class Clock {
  readonly #wallMs: () => number;
  readonly #monotonicMs: () => number;
  #originMs: number;
  #checkAtMs = 0;

  /** The parameters are for tests. */
  constructor(
    wallMs: () => number = Date.now,
    monotonicMs: () => number = () => performance.now(),
    originMs: number = performance.timeOrigin,
  ) {
    this.#wallMs = wallMs;
    this.#monotonicMs = monotonicMs;
    this.#originMs = originMs;
  }

  now(): HrTime {
    const ms = this.#monotonicMs();
    if (ms >= this.#checkAtMs) this.#followWallClock(ms);
    // Whole milliseconds and fractions are added apart: a double of both has no nanoseconds left.
    const originWholeMs = Math.floor(this.#originMs);
    const wholeMs = Math.floor(ms);
    const fractionMs = this.#originMs - originWholeMs + (ms - wholeMs);
    const totalMs = originWholeMs + wholeMs + Math.floor(fractionMs);
    const seconds = Math.floor(totalMs / 1_000);
    const nanos = (totalMs - seconds * 1_000) * 1e6 + Math.floor((fractionMs % 1) * 1e6);
    return [seconds, nanos];
  }

  #followWallClock(ms: number): void {
    this.#checkAtMs = ms + CHECK_EVERY_MS;
    const jumpMs = this.#wallMs() - (this.#originMs + ms);
    if (Math.abs(jumpMs) > JUMP_MS) this.#originMs += Math.round(jumpMs / JUMP_MS) * JUMP_MS;
  }
}
