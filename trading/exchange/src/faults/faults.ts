import { ThroughlineError } from '@throughline/model';
import type { Random } from '../random.ts';

/**
 * What goes wrong, and how slowly the rest goes. All draws come from one seed.
 *
 * - `requestLatencyMs`: before a request reaches the matching engine.
 * - `ackLatencyMs`: from there until its response leaves.
 * - `fillLatencyMs`: from an event until its report leaves on the user data stream.
 * - `jitterMs`: at most this much more on each of the three, uniformly. By these nothing on one
 *   socket overtakes.
 * - `tradesPerOrderMin`: a client's taking order is cut into at least so many trades, lots
 *   permitting.
 * - `rejectProbability`: of a new order being refused (-2010) although it is good.
 * - `repeatProbability`: of a report coming a second time, some time later.
 * - `reorderProbability`: of a report being overtaken by the next one.
 * - `disconnectProbability`: of each open socket being cut, every `disconnectIntervalMs` (0:
 *   never).
 */
export interface FaultOptions {
  readonly requestLatencyMs: number;
  readonly ackLatencyMs: number;
  readonly fillLatencyMs: number;
  readonly jitterMs: number;
  readonly tradesPerOrderMin: number;
  readonly rejectProbability: number;
  readonly repeatProbability: number;
  readonly reorderProbability: number;
  readonly disconnectProbability: number;
  readonly disconnectIntervalMs: number;
}

const NO_FAULTS: FaultOptions = {
  requestLatencyMs: 0,
  ackLatencyMs: 0,
  fillLatencyMs: 0,
  jitterMs: 0,
  tradesPerOrderMin: 1,
  rejectProbability: 0,
  repeatProbability: 0,
  reorderProbability: 0,
  disconnectProbability: 0,
  disconnectIntervalMs: 0,
};

const LATENCY_MS_MAX = 60_000;
const BOUNDS: Record<keyof FaultOptions, { readonly min: number; readonly max: number }> = {
  requestLatencyMs: { min: 0, max: LATENCY_MS_MAX },
  ackLatencyMs: { min: 0, max: LATENCY_MS_MAX },
  fillLatencyMs: { min: 0, max: LATENCY_MS_MAX },
  jitterMs: { min: 0, max: LATENCY_MS_MAX },
  tradesPerOrderMin: { min: 1, max: 100 },
  rejectProbability: { min: 0, max: 1 },
  repeatProbability: { min: 0, max: 1 },
  reorderProbability: { min: 0, max: 1 },
  disconnectProbability: { min: 0, max: 1 },
  disconnectIntervalMs: { min: 0, max: 3_600_000 },
};

type Leg = 'request' | 'ack' | 'fill';

/** Draws the faults of one simulator. */
export class Faults {
  readonly options: FaultOptions;
  readonly #random: Random;

  /** @throws ThroughlineError `TL_CONFIG_INVALID` when a value is outside its bounds */
  constructor(random: Random, options: Partial<FaultOptions> = {}) {
    this.options = { ...NO_FAULTS, ...options };
    this.#random = random;
    for (const [name, { min, max }] of Object.entries(BOUNDS)) {
      const value = this.options[name as keyof FaultOptions];
      if (!(value >= min && value <= max)) {
        throw new ThroughlineError('TL_CONFIG_INVALID', `${name} must be from ${min} to ${max}`);
      }
    }
  }

  delayMs(leg: Leg): number {
    return this.options[`${leg}LatencyMs`] + this.#random.next() * this.options.jitterMs;
  }

  rejects(): boolean {
    return this.#random.chance(this.options.rejectProbability);
  }

  repeats(): boolean {
    const { repeatProbability } = this.options;
    return repeatProbability > 0 && this.#random.chance(repeatProbability);
  }

  reorders(): boolean {
    const { reorderProbability } = this.options;
    return reorderProbability > 0 && this.#random.chance(reorderProbability);
  }

  /** Somewhere from 0 to a bound, uniformly. */
  share(bound: number): number {
    return this.#random.next() * bound;
  }

  disconnects(): boolean {
    return this.#random.chance(this.options.disconnectProbability);
  }

  /** The most lots that one trade of a client's taking order may have. */
  tradeLotsMax(lots: bigint): bigint {
    const trades = BigInt(Math.floor(this.options.tradesPerOrderMin));
    return (lots + trades - 1n) / trades;
  }
}
