import { statfs } from 'node:fs/promises';
import {
  formatTime,
  NS_PER_S,
  type Pruning,
  type StatusResponse,
  ThroughlineError,
} from '@throughline/model';
import type { Buckets } from '../buckets.ts';
import { clickhouseCode } from '../engine/engine-errors.ts';
import { localTable } from '../schema/render.ts';
import { query } from '../sql.ts';
import { Turns } from '../turns.ts';
import { type Carried, type CarryOptions, type CarryQuestion, carryCrossing } from './carry.ts';
import { agesOf, BUCKET_TABLES, type RetentionLimits } from './limits.ts';
import { bytesOf, type Due, dueByAge, oldestBucket, type Partition, tableSizes } from './plan.ts';
import type { Prunings } from './prunings.ts';
import { PATIENT } from './statements.ts';

const PARTITIONS = query('partitions');
const DROP_BUCKET = query('drop-bucket');

const INTERVAL_MS = 60_000;
/** After a load that may have filled the disk, no sooner than this. */
const INTERVAL_MIN_MS = 1_000;

/** A bucket ends early when it has this share of what tables may take: so much goes at once. */
const BUCKET_SHARE = 1 / 32;
/** Pruning by size goes on until so much is free again that it need not come back at once. */
const LOW_SHARE = 0.9;

/** What is kept free of the file system, so that others and the journal can go on. */
const FREE_SHARE = 0.05;
const FREE_BYTES_MAX = 2e9;
/** What another program fills is not ours to make room for: below this share nothing goes for it. */
const DISK_SHARE_MIN = 0.25;

/** An order that is open for so many times the age is given up. */
const OPEN_AGES_MAX = 10;
/** What ClickHouse answers when the disk is full. */
const NOT_ENOUGH_SPACE = 243;
/** When it is for room, at least so much of a bucket has to become free. */
const CARRIED_SHARE_MAX = 0.5;

export interface RetentionOptions extends CarryOptions {
  buckets: Buckets;
  limits: RetentionLimits;
  prunings: Prunings;
  /** The directory whose file system holds everything. */
  path: string;
  /** The wall clock, in milliseconds. */
  clock: () => number;
  /** Bytes on disk besides the tables', and the buckets of which more is still to be loaded. */
  waiting: () => { bytes: number; buckets: ReadonlySet<number> };
  /** Told in one line what was pruned, and what went wrong. */
  onWarning: (message: string) => void;
}

/**
 * Prunes what is too old, and the oldest when it is too much: whole buckets, out of each table, one at a
 * time, while loads go on. What belongs to a lifecycle that is open, or that ended in a bucket that
 * stays, is carried there first.
 */
export class Retention {
  readonly #options: RetentionOptions;
  #partitions: Partition[] = [];
  #diskBytes = 0;
  /** One pruning at a time. */
  readonly #turns = new Turns();
  #timer: NodeJS.Timeout | undefined;
  #loadedBytes = 0;
  #lastRunMs = 0;
  #stopped = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Looks what is stored, goes on with the newest bucket, and begins to prune. */
  async start(): Promise<void> {
    await this.#measure();
    this.#options.buckets.resume(Math.max(0, ...this.#partitions.map(({ bucketS }) => bucketS)));
    this.#schedule(0);
  }

  /** Ends after the step that runs now; the next server finds what is left to do. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#turns.take(async () => undefined);
  }

  /** Tells that so much of the journal was loaded: what is stored may have grown by as much. */
  loaded(bytes: number): void {
    this.#loadedBytes += bytes;
    const { diskBytesMax } = this.#options.limits;
    if (this.#loadedBytes < (diskBytesMax * BUCKET_SHARE) / 2) return;
    this.#loadedBytes = 0;
    this.#schedule(Math.max(0, this.#lastRunMs + INTERVAL_MIN_MS - performance.now()));
  }

  status(): StatusResponse['retention'] {
    const { limits, prunings } = this.#options;
    return {
      tables: tableSizes(this.#partitions).map(({ table, rows, bytes, oldestS }) => ({
        name: table,
        rows,
        bytes,
        ...(oldestS === undefined ? {} : { oldestReceivedAt: toNs(oldestS) }),
      })),
      diskBytes: this.#diskBytes,
      ...(Number.isFinite(limits.diskBytesMax) ? { diskBytesMax: limits.diskBytesMax } : {}),
      prunings: [...prunings.latest],
      lifecyclesGivenUp: prunings.lifecyclesGivenUp,
    };
  }

  /**
   * Prunes what is to be pruned now, and again in a minute. What goes wrong is told, and tried again with
   * the next one.
   */
  prune(): Promise<void> {
    return this.#turns.take(() => this.#run()).finally(() => this.#schedule(INTERVAL_MS));
  }

  #schedule(afterMs: number): void {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.prune(), afterMs).unref();
  }

  async #run(): Promise<void> {
    this.#lastRunMs = performance.now();
    try {
      await this.#measure();
      this.#endFullBucket();
      // Room first: nothing can be carried without.
      await this.#pruneBySize();
      await this.#pruneByAge();
    } catch (error) {
      if (this.#stopped) return;
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.onWarning(`nothing could be pruned, it is tried again: ${reason}`);
    }
  }

  #endFullBucket(): void {
    const { buckets, limits } = this.#options;
    const currentS = buckets.current();
    const current = this.#partitions.filter(({ bucketS }) => bucketS === currentS);
    if (bytesOf(current) > limits.diskBytesMax * BUCKET_SHARE) buckets.begin();
  }

  async #pruneByAge(): Promise<void> {
    const ages = agesOf(this.#options.limits);
    for (const due of dueByAge(this.#partitions, ages, this.#now())) {
      if (this.#stopped) return;
      await this.#pruneBucket(due, 'age');
    }
  }

  async #pruneBySize(): Promise<void> {
    const { reason, bytesMax } = await this.#room();
    if (this.#diskBytes <= bytesMax) return;
    while (!this.#stopped && this.#diskBytes > bytesMax * LOW_SHARE) {
      const due = oldestBucket(this.#partitions, this.#now());
      if (!due) {
        // Everything is in the bucket that is written to: it can go once it has ended.
        this.#options.buckets.begin();
        return;
      }
      await this.#pruneBucket(due, reason);
    }
  }

  /** How much may be stored: what was asked for, or as much less as the file system has not got. */
  async #room(): Promise<{ reason: 'size' | 'disk'; bytesMax: number }> {
    const { diskBytesMax } = this.#options.limits;
    if (!Number.isFinite(diskBytesMax)) return { reason: 'size', bytesMax: diskBytesMax };
    const { bavail, blocks, bsize } = await statfs(this.#options.path);
    const reserve = Math.min(blocks * bsize * FREE_SHARE, FREE_BYTES_MAX);
    const possible = this.#diskBytes + bavail * bsize - reserve;
    if (possible >= diskBytesMax) return { reason: 'size', bytesMax: diskBytesMax };
    return { reason: 'disk', bytesMax: Math.max(possible, diskBytesMax * DISK_SHARE_MIN) };
  }

  async #pruneBucket(due: Due, reason: Pruning['reason']): Promise<void> {
    const { database, layout, buckets, clock, limits, prunings, onWarning } = this.#options;
    const ageMs = Math.max(...Object.values(agesOf(limits)));
    const spans = due.partitions.find(({ table }) => table === 'spans')?.rows ?? 0;
    const carried = await this.#carry({
      due,
      currentS: buckets.current(),
      openSinceS: (clock() - ageMs * OPEN_AGES_MAX) / 1_000,
      spansMax: reason === 'age' ? Number.POSITIVE_INFINITY : spans * CARRIED_SHARE_MAX,
    });
    for (const { table, bucketS } of due.partitions) {
      const statement = DROP_BUCKET.replace('{{table}}', localTable(layout, table));
      await this.#step(() => database.command(statement, { bucket: bucketS }, {}));
    }
    const pruning: Pruning = {
      at: BigInt(clock()) * 1_000_000n,
      reason,
      tables: due.partitions.map(({ table }) => table),
      from: toNs(due.bucketS),
      until: toNs(due.untilS),
      rows: due.partitions.reduce((sum, { rows }) => sum + rows, 0),
      bytes: bytesOf(due.partitions),
      lifecyclesCarried: carried.lifecycles,
      spansCarried: carried.spans,
      lifecyclesGivenUp: carried.givenUp,
    };
    onWarning(describe(pruning));
    await prunings.add(pruning);
    await this.#measure();
  }

  /** When there is not even room to carry anything, all of the bucket goes, and makes some. */
  async #carry(question: CarryQuestion): Promise<Carried> {
    const options: CarryOptions = { ...this.#options, exclusive: (work) => this.#step(work) };
    try {
      return await carryCrossing(options, question);
    } catch (error) {
      const isForRoom = Number.isFinite(question.spansMax);
      if (!isForRoom || clickhouseCode(error) !== NOT_ENOUGH_SPACE) throw error;
      return carryCrossing(options, { ...question, spansMax: 0 });
    }
  }

  #step<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#options.exclusive(() => {
      if (this.#stopped) throw new ThroughlineError('TL_ENGINE_UNAVAILABLE', 'the store closes');
      return work();
    });
  }

  async #measure(): Promise<void> {
    const { database, layout } = this.#options;
    const tables = new Map(BUCKET_TABLES.map((table) => [localTable(layout, table), table]));
    const named = { tables: [...tables.keys()] };
    const rows = await database.rows<PartitionRow>(PARTITIONS, named, PATIENT);
    this.#partitions = rows.flatMap((row) => {
      const table = tables.get(row.table);
      if (!table) return [];
      const [rows, bytes] = [Number(row.rows), Number(row.bytes)];
      return [{ table, bucketS: row.bucket_s, rows, bytes, writtenMs: row.written_s * 1_000 }];
    });
    this.#diskBytes = bytesOf(this.#partitions) + this.#options.waiting().bytes;
  }

  #now(): { nowMs: number; currentS: number; waiting: ReadonlySet<number> } {
    const { clock, buckets, waiting } = this.#options;
    return { nowMs: clock(), currentS: buckets.current(), waiting: waiting().buckets };
  }
}

interface PartitionRow {
  table: string;
  bucket_s: number;
  rows: string;
  bytes: string;
  written_s: number;
}

const REASONS: Readonly<Record<Pruning['reason'], string>> = {
  age: 'too old',
  size: 'more than --max-disk',
  disk: 'the file system is nearly full',
};

function describe(pruning: Pruning): string {
  const { reason, tables, from, until, rows, bytes } = pruning;
  const { lifecyclesCarried, lifecyclesGivenUp } = pruning;
  const kept = lifecyclesCarried > 0 ? `; ${lifecyclesCarried} lifecycles that go on are kept` : '';
  const lost =
    lifecyclesGivenUp > 0 ? `; ${lifecyclesGivenUp} lifecycles that are open were given up` : '';
  return (
    `pruned what was received from ${secondsOf(from)} to ${secondsOf(until)} (${REASONS[reason]}): ` +
    `${rows} rows, ${bytes} bytes of ${tables.join(', ')}${kept}${lost}`
  );
}

function secondsOf(ns: bigint): string {
  return `${formatTime(ns).slice(0, 19)}Z`;
}

function toNs(seconds: number): bigint {
  return BigInt(seconds) * NS_PER_S;
}
