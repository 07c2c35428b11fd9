import { type FileHandle, open, unlink } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { ThroughlineError } from '@throughline/model';
import type { Quarantine } from '../quarantine.ts';
import { syncDir } from './disk.ts';
import { encodeRecord, RECORD_OVERHEAD_BYTES } from './record.ts';
import { recoverSegments } from './recovery.ts';
import { bucketOf, newSegment, type Segment, seedOf } from './segment.ts';

/** What one write and fsync may carry. */
const GROUP_BYTES_MAX = 8 * 1024 * 1024;

/**
 * What an acknowledgement means. `fsync`: the record is on disk, and survives a loss of power. `os`:
 * the operating system has it; it survives any crash of server and engine, but not of the machine.
 */
export type Durability = 'fsync' | 'os';

export interface JournalOptions {
  dir: string;
  durability: Durability;
  bytesMax: number;
  /** The active segment is sealed when it has this size, or this age. */
  segmentBytesMax: number;
  segmentAgeMs: number;
  /** The bucket of a segment that is begun now. */
  bucket: () => number;
}

export interface JournalStatus {
  segments: number;
  bytes: number;
  oldestMs: number | undefined;
}

interface Waiting {
  request: Uint8Array;
  /** What it will take in its segment, at most. */
  bytes: number;
  resolve: () => void;
  reject: (error: ThroughlineError) => void;
}

interface ActiveSegment {
  segment: Segment;
  handle: FileHandle;
  /** Bytes that are written and synced. What may lie behind them is of a failed write. */
  bytes: number;
  age: NodeJS.Timeout;
}

/**
 * The write-ahead journal. Records are appended to the active segment; those that arrive while a
 * write is under way share the next one (group commit). Sealed segments wait, oldest first, to be
 * loaded and removed. One writer runs at a time, so segment state needs no further locking.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #sealed: Segment[];
  #active: ActiveSegment | undefined;
  /** Segments that take nothing more, and behind whose last good byte a failed write may lie. */
  #uncut: ActiveSegment[] = [];
  #queue: Waiting[] = [];
  #queuedBytes = 0;
  #sealedBytes: number;
  #sealWanted = false;
  #aged = false;
  #writing = false;
  #written: Promise<void> = Promise.resolve();
  #closed = false;
  #lastCreatedMs: number;
  #onChange = Promise.withResolvers<void>();

  constructor(options: JournalOptions, recovered: Segment[]) {
    this.#options = options;
    this.#sealed = recovered;
    this.#sealedBytes = sumBytes(recovered);
    this.#lastCreatedMs = Math.max(0, ...recovered.map((segment) => segment.createdMs));
  }

  /**
   * Opens the journal with what an earlier server left in it. What is damaged of that goes to the
   * quarantine.
   *
   * @throws ThroughlineError `TL_JOURNAL_FAILED` when it can be neither read nor mended
   */
  static async open(options: JournalOptions, quarantine: Quarantine): Promise<Journal> {
    try {
      return new Journal(options, await recoverSegments(options.dir, quarantine));
    } catch (cause) {
      throw failed('what is in it could not be recovered', cause);
    }
  }

  /**
   * Resolves when the request is as safe as `durability` says. Rejects with `TL_OVERLOADED` when the
   * journal is full, with `TL_OTLP_TOO_LARGE` when it is too small for this request even when empty,
   * and with `TL_JOURNAL_FAILED` when it cannot be written; the request is then not in it.
   */
  append(request: Uint8Array): Promise<void> {
    if (this.#closed) return Promise.reject(failed('it is closed'));
    const bytes = request.length + RECORD_OVERHEAD_BYTES;
    const { bytesMax } = this.#options;
    if (bytes > bytesMax) return Promise.reject(tooLarge(bytes, bytesMax));
    if (this.#bytes() + bytes > bytesMax) return Promise.reject(full(bytesMax));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#queue.push({ request, bytes, resolve, reject });
    this.#queuedBytes += bytes;
    this.#write();
    return promise;
  }

  /** The sealed segment to load next. */
  oldest(): Segment | undefined {
    return this.#sealed[0];
  }

  /** Resolves at the next sealing or removal of a segment. */
  changed(): Promise<void> {
    return this.#onChange.promise;
  }

  /** Removes a segment whose records are stored. */
  async remove(segment: Segment): Promise<void> {
    await unlink(segment.path);
    this.replace(segment, []);
  }

  /** Takes note that others stand in a segment's place on disk. */
  replace(segment: Segment, others: Segment[]): void {
    this.#sealed.splice(this.#sealed.indexOf(segment), 1, ...others);
    this.#sealedBytes += sumBytes(others) - segment.bytes;
    this.#notify();
    if (this.#aged) void this.#write();
  }

  /** Seals the active segment, so that what was appended before can be loaded. */
  async seal(): Promise<void> {
    this.#sealWanted = true;
    await this.#write();
  }

  /**
   * Seals, and resolves when everything appended before is removed; false when `timeoutMs` pass
   * first.
   */
  async drained(timeoutMs: number): Promise<boolean> {
    await this.seal();
    // Ids sort by age, and halves of a segment sort before the next segment.
    const last = this.#sealed.at(-1)?.id ?? '';
    const deadlineMs = Date.now() + timeoutMs;
    while (this.#uncut.length > 0 || this.#sealed.some(({ id }) => id <= `${last}~`)) {
      const leftMs = deadlineMs - Date.now();
      if (leftMs <= 0) return false;
      await Promise.race([this.changed(), delay(leftMs, undefined, { ref: false })]);
    }
    return true;
  }

  status(): JournalStatus {
    const oldest = this.#sealed[0] ?? (this.#uncut[0] ?? this.#active)?.segment;
    return {
      segments: this.#sealed.length + this.#uncut.length + (this.#active ? 1 : 0),
      bytes: this.#bytes(),
      oldestMs: oldest?.createdMs,
    };
  }

  /** The buckets into which what is here will be loaded. */
  buckets(): Set<number> {
    const open = [...this.#uncut, ...(this.#active ? [this.#active] : [])];
    return new Set([...this.#sealed, ...open.map(({ segment }) => segment)].map(bucketOf));
  }

  /** Writes what is queued, seals, and takes nothing more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.seal();
  }

  #bytes(): number {
    const uncutBytes = this.#uncut.reduce((sum, { bytes }) => sum + bytes, 0);
    return this.#sealedBytes + uncutBytes + (this.#active?.bytes ?? 0) + this.#queuedBytes;
  }

  #notify(): void {
    this.#onChange.resolve();
    this.#onChange = Promise.withResolvers<void>();
  }

  #write(): Promise<void> {
    if (!this.#writing) {
      this.#writing = true;
      this.#written = this.#writeAll();
    }
    return this.#written;
  }

  async #writeAll(): Promise<void> {
    while (this.#queue.length > 0 || this.#sealDue()) {
      const group = this.#takeGroup();
      if (group.length > 0) await this.#commit(group);
      const full = (this.#active?.bytes ?? 0) >= this.#options.segmentBytesMax;
      if (full || (this.#queue.length === 0 && this.#sealDue())) await this.#sealActive();
    }
    // In the same turn as the check above: what comes next finds either a writer that will see it,
    // or none.
    this.#writing = false;
  }

  /**
   * Age alone seals only when no other segment waits: an engine that is behind gets fewer, larger
   * ones.
   */
  #sealDue(): boolean {
    return this.#sealWanted || (this.#aged && this.#sealed.length === 0);
  }

  #takeGroup(): Waiting[] {
    let groupBytes = 0;
    let count = 0;
    for (const { bytes } of this.#queue) {
      if (count > 0 && groupBytes + bytes > GROUP_BYTES_MAX) break;
      groupBytes += bytes;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  async #commit(group: Waiting[]): Promise<void> {
    try {
      this.#active ??= await this.#create();
      const { segment, handle } = this.#active;
      const seed = seedOf(segment.id);
      const content = group.flatMap(({ request }) => encodeRecord(request, seed));
      const bytes = await appendAll(handle, content);
      if (this.#options.durability === 'fsync') await handle.datasync();
      this.#active.bytes += bytes;
      for (const { resolve } of group) resolve();
    } catch (cause) {
      // After a failed fsync nothing is known about the pages behind the last good one: they are
      // cut off and the segment is written no more. Whoever sent these records still has them.
      await this.#sealActive();
      for (const { reject } of group) reject(failed('writing failed', cause));
    } finally {
      for (const { bytes } of group) this.#queuedBytes -= bytes;
    }
  }

  async #create(): Promise<ActiveSegment> {
    this.#lastCreatedMs = Math.max(this.#lastCreatedMs + 1, Date.now());
    const { dir, bucket } = this.#options;
    const segment = newSegment(dir, this.#lastCreatedMs, bucket());
    const handle = await open(segment.path, 'ax', 0o600);
    try {
      await syncDir(this.#options.dir);
    } catch (error) {
      await handle.close();
      await unlink(segment.path);
      throw error;
    }
    const age = setTimeout(() => {
      this.#aged = true;
      void this.#write();
    }, this.#options.segmentAgeMs);
    age.unref();
    return { segment, handle, bytes: 0, age };
  }

  async #sealActive(): Promise<void> {
    this.#sealWanted = false;
    this.#aged = false;
    if (this.#active) {
      clearTimeout(this.#active.age);
      this.#uncut.push(this.#active);
      this.#active = undefined;
    }
    const cuts = [...this.#uncut];
    for (const active of cuts) await this.#cut(active);
    if (cuts.length > 0) this.#notify();
  }

  /**
   * Cuts off what may lie behind the last good byte; what cannot be cut now, at the next sealing. Until
   * then the segment counts as one that is not sealed: at no moment it is nowhere.
   */
  async #cut(active: ActiveSegment): Promise<void> {
    const { segment, handle, bytes } = active;
    if (bytes === 0) {
      await handle.close().catch(() => undefined);
      await unlink(segment.path).catch(() => undefined);
      this.#uncut.splice(this.#uncut.indexOf(active), 1);
      return;
    }
    try {
      await handle.truncate(bytes);
    } catch {
      return;
    }
    await handle.close().catch(() => undefined);
    this.#uncut.splice(this.#uncut.indexOf(active), 1);
    this.#sealed.push({ ...segment, bytes });
    this.#sealedBytes += bytes;
  }
}

/**
 * Writes buffers at the end of a file, from where they lie.
 *
 * @returns how many bytes they are
 */
async function appendAll(handle: FileHandle, buffers: readonly Uint8Array[]): Promise<number> {
  const bytes = buffers.reduce((sum, { length }) => sum + length, 0);
  const { bytesWritten } = await handle.writev(buffers);
  // The disk is full: what is left says so, or finds room that came free.
  if (bytesWritten < bytes) await handle.appendFile(Buffer.concat(buffers).subarray(bytesWritten));
  return bytes;
}

function sumBytes(segments: readonly Segment[]): number {
  return segments.reduce((sum, segment) => sum + segment.bytes, 0);
}

function full(bytesMax: number): ThroughlineError {
  const message = `the journal is full (${bytesMax} bytes wait for the engine)`;
  return new ThroughlineError('TL_OVERLOADED', message, { hint: 'Send again in a second.' });
}

function tooLarge(bytes: number, bytesMax: number): ThroughlineError {
  const message = `a request of ${bytes} bytes, more than the whole journal may hold (${bytesMax})`;
  return new ThroughlineError('TL_OTLP_TOO_LARGE', message, {
    hint: 'Send smaller batches, or start the server with a larger --journal-max.',
  });
}

function failed(reason: string, cause?: unknown): ThroughlineError {
  const detail = cause instanceof Error ? `${reason}: ${cause.message}` : reason;
  return new ThroughlineError('TL_JOURNAL_FAILED', `cannot write to the journal: ${detail}`, {
    hint: 'Check the disk that holds the data directory.',
    cause,
  });
}
