import { isSpanContextValid, type SpanContext } from '@opentelemetry/api';
import { formatTraceParent, parseTraceParent } from '../propagation/trace-parent.ts';
import { OutageLog } from './outage-log.ts';
import {
  AGE_MS_MAX,
  positive,
  type RegistryOptions,
  type RegistryStats,
  SpanContextRegistry,
} from './registry.ts';
import type { RegistryBackend } from './registry-backend.ts';
import { WriteBehind, type WriteBehindStats } from './write-behind.ts';

export interface SharedRegistryOptions extends RegistryOptions {
  /** How long `find` waits for the store. Default 50. */
  readonly deadlineMs?: number;
  /** Changes that wait for the store at once. Default 10,000. */
  readonly writesMax?: number;
  /** Where a line goes when the store fails and when it works again. Default: stderr. */
  readonly log?: (message: string) => void;
}

/**
 * Of each `find` that missed here, one of the three `shared` counts says what the store had: so
 * `misses - sharedHits` found nothing.
 */
export interface SharedRegistryStats extends RegistryStats, WriteBehindStats {
  readonly sharedHits: number;
  readonly sharedMisses: number;
  /** The store failed, did not answer in time, or had too many questions open already. */
  readonly sharedErrors: number;
}

interface Answer {
  readonly outcome: 'sharedHits' | 'sharedMisses' | 'sharedErrors';
  readonly spanContext: SpanContext | undefined;
}

const NO_ANSWER: Answer = { outcome: 'sharedErrors', spanContext: undefined };

const DEADLINE_MS = 50;
const WRITES_MAX = 10_000;
/** Questions open at once: a client that is not connected keeps every one. */
const READS_MAX = 256;
const FLUSH_TIMEOUT_MS = 1_000;

/**
 * A registry that several instances of a service share through a store: what comes back to another
 * instance than the one that sent it still finds its span. Each instance has its own registry in
 * front, which alone answers `get`, and which everything is set in at once; the store is written in
 * the background. While the store is away each instance goes on with what it knows. Trace state
 * stays behind. Owned by one thread.
 */
export class SharedRegistry {
  readonly #local: SpanContextRegistry;
  readonly #backend: RegistryBackend;
  readonly #writer: WriteBehind;
  readonly #outages: OutageLog;
  readonly #deadlineMs: number;
  readonly #counts = { sharedHits: 0, sharedMisses: 0, sharedErrors: 0 };
  #reads = 0;

  /** @throws ThroughlineError `TL_CONFIG_INVALID` when a bound is not usable */
  constructor(backend: RegistryBackend, options: SharedRegistryOptions = {}) {
    this.#local = new SpanContextRegistry(options);
    this.#backend = backend;
    const now = options.now ?? (() => performance.now());
    const log = options.log ?? ((message: string) => console.warn(message));
    this.#outages = new OutageLog(backend.name, log, now);
    this.#writer = new WriteBehind(backend, {
      writesMax: positive('writesMax', options.writesMax ?? WRITES_MAX),
      ttlMs: options.ageMsMax ?? AGE_MS_MAX,
      now,
      outages: this.#outages,
    });
    this.#deadlineMs = positive('deadlineMs', options.deadlineMs ?? DEADLINE_MS);
  }

  /** Known here at once, and to the other instances soon. */
  set(key: string, spanContext: SpanContext): void {
    this.#local.set(key, spanContext);
    if (isSpanContextValid(spanContext)) this.#writer.put(key, formatTraceParent(spanContext));
  }

  /** What this instance knows. */
  get(key: string): SpanContext | undefined {
    return this.#local.get(key);
  }

  /**
   * What this instance knows, or else what the store answers before the deadline. Never rejects:
   * what cannot be found is `undefined`. What the store had is known here from then on, as if it
   * had been set now.
   */
  async find(key: string): Promise<SpanContext | undefined> {
    const known = this.#local.get(key);
    if (known) return known;
    const { outcome, spanContext } = await this.#ask(key);
    this.#counts[outcome] += 1;
    return spanContext;
  }

  /** @returns whether the key was known here. The other instances may know it for a while. */
  delete(key: string): boolean {
    this.#writer.put(key, undefined);
    return this.#local.delete(key);
  }

  /**
   * Waits until all that was set and deleted is in the store.
   *
   * @returns whether nothing was left when the deadline came
   */
  flush(timeoutMs = FLUSH_TIMEOUT_MS): Promise<boolean> {
    return this.#writer.flush(timeoutMs);
  }

  stats(): SharedRegistryStats {
    return { ...this.#local.stats(), ...this.#counts, ...this.#writer.stats() };
  }

  /** Asks the store and waits until the deadline. */
  async #ask(key: string): Promise<Answer> {
    if (this.#reads >= READS_MAX) {
      this.#outages.failed(`${READS_MAX} questions are open`);
      return NO_ANSWER;
    }
    const { promise: late, resolve } = Promise.withResolvers<Answer>();
    const timer = setTimeout(() => {
      this.#outages.failed(`no answer within ${this.#deadlineMs} ms`);
      resolve(NO_ANSWER);
    }, this.#deadlineMs);
    const answer = await Promise.race([this.#read(key), late]);
    clearTimeout(timer);
    return answer;
  }

  /** Asks the store and keeps what it has, even when nobody waits for it any more. Never rejects. */
  async #read(key: string): Promise<Answer> {
    this.#reads += 1;
    try {
      const text = await this.#backend.read(key);
      this.#outages.worked();
      if (text === undefined) return { outcome: 'sharedMisses', spanContext: undefined };
      const spanContext = parseTraceParent(text);
      if (!spanContext) return NO_ANSWER;
      // What was set here meanwhile is newer.
      if (!this.#local.has(key)) this.#local.set(key, spanContext);
      return { outcome: 'sharedHits', spanContext };
    } catch (error) {
      this.#outages.failed(error);
      return NO_ANSWER;
    } finally {
      this.#reads -= 1;
    }
  }
}
