import type { SpanContext } from '@opentelemetry/api';
import { ThroughlineError } from '@throughline/model/names';
import { SlotIndex } from './slot-index.ts';
import { SlotQueue } from './slot-queue.ts';
import { SpanContextSlots } from './span-context-slots.ts';

export interface RegistryOptions {
  /**
   * Entries kept, up to ten million; the oldest goes when a new one comes. Default 100,000: full,
   * with keys of 24 characters, about 12 MB. The memory is claimed at once and filled as it is
   * used.
   */
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

const ENTRIES_MAX = 100_000;
const ENTRIES_LIMIT = 10_000_000;
export const AGE_MS_MAX = 3_600_000;
/** More than the one entry that a `set` adds, so that aged entries never pile up. */
const AGED_PER_SET = 2;

/**
 * Finds the span that a later message belongs to by a business id: the exchange answers with an
 * order id, not with our trace context. Bounded by entries and by age, counted from the last `set`;
 * every call but `stats` takes constant time. Owned by one thread: others send it what it should
 * know. A miss is never an error: the span that finds nothing starts a new trace and says so.
 */
export class SpanContextRegistry {
  readonly #entriesMax: number;
  readonly #ageMsMax: number;
  readonly #now: () => number;
  readonly #index: SlotIndex;
  /** In the order of `setAtMs`, so both bounds evict the oldest. */
  readonly #queue: SlotQueue;
  readonly #spanContexts: SpanContextSlots;
  readonly #setAtMs: Float64Array;
  #hits = 0;
  #misses = 0;
  #evictedBySize = 0;
  #evictedByAge = 0;

  /** @throws ThroughlineError `TL_CONFIG_INVALID` when a bound is not usable */
  constructor(options: RegistryOptions = {}) {
    this.#entriesMax = entries(options.entriesMax ?? ENTRIES_MAX);
    this.#ageMsMax = positive('ageMsMax', options.ageMsMax ?? AGE_MS_MAX);
    this.#now = options.now ?? (() => performance.now());
    this.#index = new SlotIndex(this.#entriesMax);
    this.#queue = new SlotQueue(this.#entriesMax);
    this.#spanContexts = new SpanContextSlots(this.#entriesMax);
    this.#setAtMs = new Float64Array(this.#entriesMax);
  }

  set(key: string, spanContext: SpanContext): void {
    const nowMs = this.#now();
    this.#evictAged(nowMs, AGED_PER_SET);
    const hash = this.#index.hash(key);
    let slot = this.#findYoung(key, hash, nowMs);
    if (slot >= 0) {
      this.#queue.touch(slot);
    } else {
      this.#makeRoom();
      slot = this.#queue.take();
      this.#index.add(key, hash, slot);
    }
    this.#setAtMs[slot] = nowMs;
    this.#spanContexts.write(slot, spanContext);
  }

  /** `undefined` when the key was never set, was deleted, or was evicted: a miss. */
  get(key: string): SpanContext | undefined {
    const slot = this.#findYoung(key, this.#index.hash(key), this.#now());
    if (slot < 0) {
      this.#misses += 1;
      return undefined;
    }
    this.#hits += 1;
    return this.#spanContexts.read(slot);
  }

  /** Whether `get` would find it. Counts as neither hit nor miss. */
  has(key: string): boolean {
    return this.#findYoung(key, this.#index.hash(key), this.#now()) >= 0;
  }

  /** @returns whether the key was there */
  delete(key: string): boolean {
    const slot = this.#findYoung(key, this.#index.hash(key), this.#now());
    if (slot < 0) return false;
    this.#remove(slot);
    return true;
  }

  stats(): RegistryStats {
    this.#evictAged(this.#now(), this.#entriesMax);
    return {
      size: this.#queue.size,
      hits: this.#hits,
      misses: this.#misses,
      evictedBySize: this.#evictedBySize,
      evictedByAge: this.#evictedByAge,
    };
  }

  /** The key's slot or -1. An aged entry is evicted here rather than found. */
  #findYoung(key: string, hash: number, nowMs: number): number {
    const slot = this.#index.find(key, hash);
    if (slot < 0 || !this.#isAged(slot, nowMs)) return slot;
    this.#evictedByAge += 1;
    this.#remove(slot);
    return -1;
  }

  /** To be called after aged entries were evicted: then the oldest is lost for want of room. */
  #makeRoom(): void {
    if (this.#queue.size < this.#entriesMax) return;
    this.#remove(this.#queue.oldest);
    this.#evictedBySize += 1;
  }

  #evictAged(nowMs: number, countMax: number): void {
    for (let count = 0; count < countMax; count += 1) {
      const slot = this.#queue.oldest;
      if (slot < 0 || !this.#isAged(slot, nowMs)) return;
      this.#remove(slot);
      this.#evictedByAge += 1;
    }
  }

  #isAged(slot: number, nowMs: number): boolean {
    return nowMs - (this.#setAtMs[slot] ?? 0) > this.#ageMsMax;
  }

  #remove(slot: number): void {
    this.#index.remove(slot);
    this.#spanContexts.clear(slot);
    this.#queue.release(slot);
  }
}

/**
 * One key out of several parts, such as user and order id. Different parts never give the same key.
 */
export function registryKey(...parts: readonly string[]): string {
  return parts.map((part) => `${part.length}:${part}`).join('');
}

function entries(value: number): number {
  if (Number.isInteger(value) && value > 0 && value <= ENTRIES_LIMIT) return value;
  const message = `entriesMax has to be a whole number from 1 to ${ENTRIES_LIMIT}, not ${value}`;
  throw new ThroughlineError('TL_CONFIG_INVALID', message);
}

/** @throws ThroughlineError `TL_CONFIG_INVALID` */
export function positive(name: string, value: number): number {
  if (value > 0 && Number.isFinite(value)) return value;
  const message = `${name} has to be a positive number, not ${value}`;
  throw new ThroughlineError('TL_CONFIG_INVALID', message);
}
