import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { OutageLog } from './outage-log.ts';
import type { BackendWrite, RegistryBackend } from './registry-backend.ts';

export interface WriteBehindOptions {
  /** Changes that wait at once; of more keys than these the newest are dropped. */
  readonly writesMax: number;
  /** After this a change is of no use any more, neither waiting nor in the store. */
  readonly ttlMs: number;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
  readonly outages: OutageLog;
}

/** What became of the changes, each counted in keys. */
export interface WriteBehindStats {
  readonly writes: number;
  /** Of an attempt that failed. It is made again, so one change may count here several times. */
  readonly writesFailed: number;
  /** More were waiting than the bound, or the store was away for longer than they were of use. */
  readonly writesDropped: number;
  /** Waiting or under way. */
  readonly writesQueued: number;
}

interface QueuedWrite {
  readonly value: string | undefined;
  readonly expiresAtMs: number;
}

const BATCH_MAX = 256;
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 5_000;

/**
 * Brings changes to a store in the background. A change of a key replaces one that still waits. One
 * batch at a time is under way, without a deadline: a client that is not connected keeps what it is
 * given, so giving it more before it answers would grow without bound.
 */
export class WriteBehind {
  readonly #backend: RegistryBackend;
  readonly #options: WriteBehindOptions;
  readonly #queued = new Map<string, QueuedWrite>();
  #running: Promise<void> | undefined;
  #writes = 0;
  #writesFailed = 0;
  #writesDropped = 0;

  constructor(backend: RegistryBackend, options: WriteBehindOptions) {
    this.#backend = backend;
    this.#options = options;
  }

  /** @param value `undefined` deletes the key */
  put(key: string, value: string | undefined): void {
    if (this.#queued.size >= this.#options.writesMax && !this.#queued.has(key)) {
      this.#writesDropped += 1;
      return;
    }
    this.#queued.set(key, { value, expiresAtMs: this.#options.now() + this.#options.ttlMs });
    this.#running ??= this.#run();
  }

  /** @returns whether nothing was left when the deadline came */
  async flush(timeoutMs: number): Promise<boolean> {
    const done = new AbortController();
    const deadline = sleep(timeoutMs, undefined, { signal: done.signal }).catch(() => undefined);
    await Promise.race([this.#running, deadline]);
    done.abort();
    return this.#queued.size === 0;
  }

  stats(): WriteBehindStats {
    return {
      writes: this.#writes,
      writesFailed: this.#writesFailed,
      writesDropped: this.#writesDropped,
      writesQueued: this.#queued.size,
    };
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    let retryMs = RETRY_MS_MIN;
    while (this.#queued.size > 0) {
      // What is set in one turn of the event loop goes into one batch.
      await setImmediate();
      if (await this.#writeBatch()) {
        retryMs = RETRY_MS_MIN;
      } else {
        await sleep(retryMs, undefined, { ref: false });
        retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
      }
    }
    this.#running = undefined;
  }

  /** @returns whether the store took it */
  async #writeBatch(): Promise<boolean> {
    const taken = this.#take();
    try {
      await this.#backend.write(taken.map(({ change }) => change));
    } catch (error) {
      this.#writesFailed += taken.length;
      this.#options.outages.failed(error);
      return false;
    }
    this.#writes += taken.length;
    this.#options.outages.worked();
    for (const { change, queued } of taken) {
      // Unless it was replaced meanwhile.
      if (this.#queued.get(change.key) === queued) this.#queued.delete(change.key);
    }
    return true;
  }

  #take(): { change: BackendWrite; queued: QueuedWrite }[] {
    const nowMs = this.#options.now();
    const taken: { change: BackendWrite; queued: QueuedWrite }[] = [];
    for (const [key, queued] of this.#queued) {
      const ttlMs = Math.ceil(queued.expiresAtMs - nowMs);
      if (ttlMs > 0) {
        taken.push({ change: { key, value: queued.value, ttlMs }, queued });
      } else {
        this.#queued.delete(key);
        this.#writesDropped += 1;
      }
      if (taken.length === BATCH_MAX) break;
    }
    return taken;
  }
}
