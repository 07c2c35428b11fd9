import { type FileHandle, open, unlink } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { ThroughlineError } from '@throughline/model';
import { encodeLength } from './record.ts';
import { newSegment, recoverSegments, type Segment, syncDir } from './segment.ts';

/** What one write and fsync may carry. */
const GROUP_BYTES_MAX = 8 * 1024 * 1024;

export interface JournalOptions {
  dir: string;
  bytesMax: number;
  /** The active segment is sealed when it has this size, or this age. */
  segmentBytesMax: number;
  segmentAgeMs: number;
}

export interface JournalStatus {
  segments: number;
  bytes: number;
  oldestMs: number | undefined;
}

interface Waiting {
  record: Uint8Array;
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

  /** Opens the journal with what an earlier server left in it. */
  static async open(options: JournalOptions): Promise<Journal> {
    return new Journal(options, await recoverSegments(options.dir));
  }

  /**
   * Resolves when the record is on disk. Rejects with `TL_OVERLOADED` when the journal is full and
   * with `TL_JOURNAL_FAILED` when it cannot be written; the record is then not in it.
   */
  append(record: Uint8Array): Promise<void> {
    if (this.#closed) return Promise.reject(failed('it is closed'));
    if (this.#bytes() + record.length > this.#options.bytesMax) {
      return Promise.reject(
        new ThroughlineError(
          'TL_OVERLOADED',
          `the journal is full (${this.#options.bytesMax} bytes wait for the engine)`,
          { hint: 'Send again in a second.' },
        ),
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#queue.push({ record, resolve, reject });
    this.#queuedBytes += record.length;
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
    while (this.#sealed.some((segment) => segment.id <= `${last}~`)) {
      const leftMs = deadlineMs - Date.now();
      if (leftMs <= 0) return false;
      await Promise.race([this.changed(), delay(leftMs, undefined, { ref: false })]);
    }
    return true;
  }

  status(): JournalStatus {
    const oldest = this.#sealed[0] ?? this.#active?.segment;
    return {
      segments: this.#sealed.length + (this.#active ? 1 : 0),
      bytes: this.#bytes(),
      oldestMs: oldest?.createdMs,
    };
  }

  /** Writes what is queued, seals, and takes nothing more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.seal();
  }

  #bytes(): number {
    return this.#sealedBytes + (this.#active?.bytes ?? 0) + this.#queuedBytes;
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
    let bytes = 0;
    let count = 0;
    for (const { record } of this.#queue) {
      if (count > 0 && bytes + record.length > GROUP_BYTES_MAX) break;
      bytes += record.length;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  async #commit(group: Waiting[]): Promise<void> {
    const chunks = group.flatMap(({ record }) => [encodeLength(record.length), record]);
    const content = Buffer.concat(chunks);
    try {
      this.#active ??= await this.#create();
      await this.#active.handle.appendFile(content);
      await this.#active.handle.datasync();
      this.#active.bytes += content.length;
      for (const { resolve } of group) resolve();
    } catch (cause) {
      // After a failed fsync nothing is known about the pages behind the last good one: they are
      // cut off and the segment is written no more. Whoever sent these records still has them.
      await this.#sealActive();
      for (const { reject } of group) reject(failed('writing failed', cause));
    } finally {
      for (const { record } of group) this.#queuedBytes -= record.length;
    }
  }

  async #create(): Promise<ActiveSegment> {
    this.#lastCreatedMs = Math.max(this.#lastCreatedMs + 1, Date.now());
    const segment = newSegment(this.#options.dir, this.#lastCreatedMs);
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
    const active = this.#active;
    if (!active) return;
    this.#active = undefined;
    clearTimeout(active.age);
    try {
      await active.handle.truncate(active.bytes);
    } catch {
      // The torn tail stays and the segment with it, unloaded, until the next start cuts it.
      await active.handle.close().catch(() => undefined);
      return;
    }
    await active.handle.close().catch(() => undefined);
    if (active.bytes > 0) {
      this.#sealed.push({ ...active.segment, bytes: active.bytes });
      this.#sealedBytes += active.bytes;
    } else {
      await unlink(active.segment.path).catch(() => undefined);
    }
    this.#notify();
  }
}

function sumBytes(segments: readonly Segment[]): number {
  return segments.reduce((sum, segment) => sum + segment.bytes, 0);
}

function failed(reason: string, cause?: unknown): ThroughlineError {
  const detail = cause instanceof Error ? `${reason}: ${cause.message}` : reason;
  return new ThroughlineError('TL_JOURNAL_FAILED', `cannot write to the journal: ${detail}`, {
    hint: 'Check the disk that holds the data directory.',
    cause,
  });
}
