import type { SpanContext } from '@opentelemetry/api';
import { ThroughlineError } from '@throughline/model';

export interface RegistryOptions {
  /** Entries kept; the oldest goes when a new one comes. Default 100,000 (about 30 MB). */
  readonly entriesMax?: number;
  /** How long an entry is found after it was set. Default one hour. */
  readonly ageMsMax?: number;
  /** A monotonic clock in milliseconds; for tests. */
  readonly now?: () => number;
}

export interface RegistryStats {
  readonly size: number;
  readonly hits: number;
  readonly misses: number;
  readonly evictedBySize: number;
  readonly evictedByAge: number;
}

interface Entry {
  readonly spanContext: SpanContext;
  readonly setAtMs: number;
}

const ENTRIES_MAX = 100_000;
const AGE_MS_MAX = 3_600_000;

/**
 * Finds the span that a later message belongs to by a business id: the exchange answers with an
 * order id, not with our trace context. Bounded by entries and by age, counted from the last `set`.
 * Owned by one thread. A miss is never an error: the span that finds nothing starts a new trace and
 * says so.
 */
export class SpanContextRegistry {
  readonly #entriesMax: number;
  readonly #ageMsMax: number;
  readonly #now: () => number;
  /** In the order of `setAtMs`, so both bounds evict from the front. */
  readonly #entries = new Map<string, Entry>();
  #hits = 0;
  #misses = 0;
  #evictedBySize = 0;
  #evictedByAge = 0;

  /** @throws ThroughlineError `TL_CONFIG_INVALID` when a bound is not positive */
  constructor(options: RegistryOptions = {}) {
    this.#entriesMax = positive('entriesMax', options.entriesMax ?? ENTRIES_MAX);
    this.#ageMsMax = positive('ageMsMax', options.ageMsMax ?? AGE_MS_MAX);
    this.#now = options.now ?? (() => performance.now());
  }

  set(key: string, spanContext: SpanContext): void {
    const nowMs = this.#now();
    this.#entries.delete(key);
    this.#entries.set(key, { spanContext, setAtMs: nowMs });
    this.#evictByAge(nowMs);
    if (this.#entries.size > this.#entriesMax) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        this.#evictedBySize += 1;
        break;
      }
    }
  }

  /** `undefined` when the key was never set, was deleted, or was evicted: a miss. */
  get(key: string): SpanContext | undefined {
    this.#evictByAge(this.#now());
    const entry = this.#entries.get(key);
    if (entry) this.#hits += 1;
    else this.#misses += 1;
    return entry?.spanContext;
  }

  /** @returns whether the key was there */
  delete(key: string): boolean {
    return this.#entries.delete(key);
  }

  stats(): RegistryStats {
    return {
      size: this.#entries.size,
      hits: this.#hits,
      misses: this.#misses,
      evictedBySize: this.#evictedBySize,
      evictedByAge: this.#evictedByAge,
    };
  }

  #evictByAge(nowMs: number): void {
    for (const [key, entry] of this.#entries) {
      if (nowMs - entry.setAtMs <= this.#ageMsMax) return;
      this.#entries.delete(key);
      this.#evictedByAge += 1;
    }
  }
}

/**
 * One key out of several parts, such as user and order id. Different parts never give the same key.
 */
export function registryKey(...parts: readonly string[]): string {
  return parts.map((part) => `${part.length}:${part}`).join('');
}

function positive(name: string, value: number): number {
  if (value > 0) return value;
  throw new ThroughlineError('TL_CONFIG_INVALID', `${name} has to be positive, not ${value}`);
}
