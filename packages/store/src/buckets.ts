const DAY_S = 86_400;

/** How long a bucket may last: of those that people think in, the longest that is fine enough. */
const PERIODS_S = [60, 300, 900, 3_600, 21_600, DAY_S, 7 * DAY_S];
const SHORTEST_PERIOD_S = 60;

/** What goes is a bucket at a time, so an age is met to within this fraction of itself. */
const PERIODS_PER_AGE = 7;
/** A bucket is a partition of every table; a few hundred of them cost nothing, thousands do. */
const PERIODS_MAX = 256;

/** However fast the disk fills. */
const BUCKET_AGE_MIN_S = 60;

/**
 * How long a bucket lasts, in seconds, for tables that keep their rows for these times; a day when they
 * keep them for ever.
 */
export function periodOf(agesMs: readonly number[]): number {
  const longestS = Math.max(...agesMs) / 1_000;
  if (!Number.isFinite(longestS)) return DAY_S;
  const shortestS = Math.min(...agesMs) / 1_000;
  const fineS = PERIODS_S.findLast((periodS) => periodS * PERIODS_PER_AGE <= shortestS);
  const least = fineS ?? SHORTEST_PERIOD_S;
  return Math.max(1, Math.ceil(longestS / PERIODS_MAX / least)) * least;
}

export interface BucketsOptions {
  /** A bucket begins where a multiple of this begins, in UTC: at midnight for a day. */
  periodS: number;
  /** The wall clock, in milliseconds. */
  clock: () => number;
}

/**
 * The buckets into which rows are sorted by the time at which they were received, and by which they are
 * pruned. A bucket is named by the second in which it begins. It ends when the next one begins: with a
 * period, or earlier when much was received.
 */
export class Buckets {
  readonly #options: BucketsOptions;
  #currentS = 0;

  constructor(options: BucketsOptions) {
    this.#options = options;
  }

  /** The bucket of what is received now. Never goes back, whatever the clock does. */
  current(): number {
    const nowS = this.#nowS();
    this.#currentS = Math.max(this.#currentS, nowS - (nowS % this.#options.periodS));
    return this.#currentS;
  }

  /** Goes on with a bucket that an earlier server began, if it is of this period. */
  resume(bucketS: number): void {
    if (bucketS <= this.#nowS()) this.#currentS = Math.max(this.current(), bucketS);
  }

  /** Begins a new bucket now, unless the present one has only just begun. */
  begin(): void {
    const nowS = this.#nowS();
    if (nowS - this.current() >= BUCKET_AGE_MIN_S) this.#currentS = nowS;
  }

  #nowS(): number {
    return Math.floor(this.#options.clock() / 1_000);
  }
}
