import { BUCKET_TABLES, type BucketTable, type TableAges } from './limits.ts';

/** What a table holds of a bucket. */
export interface Partition {
  readonly table: BucketTable;
  readonly bucketS: number;
  readonly rows: number;
  /** On disk, with what the engine is about to remove. */
  readonly bytes: number;
  /** When its youngest part was written. */
  readonly writtenMs: number;
}

/** A bucket of which some tables go. */
export interface Due {
  readonly bucketS: number;
  /** Everything in it was received before this. */
  readonly untilS: number;
  readonly partitions: readonly Partition[];
}

interface Now {
  readonly nowMs: number;
  /** The bucket of what is received now. */
  readonly currentS: number;
  /** Buckets of which more is still to be loaded. */
  readonly waiting: ReadonlySet<number>;
}

/** What is too old, oldest bucket first. A bucket goes when the last of it is too old. */
export function dueByAge(partitions: readonly Partition[], ages: TableAges, now: Now): Due[] {
  return endedBuckets(partitions, now).flatMap((due) => {
    const old = due.partitions.filter(({ table, writtenMs }) => {
      const receivedMs = Math.min(writtenMs, due.untilS * 1_000);
      return receivedMs < now.nowMs - ages[table];
    });
    return old.length > 0 ? [{ ...due, partitions: old }] : [];
  });
}

/** The oldest bucket, whole, when there is one that can go. */
export function oldestBucket(partitions: readonly Partition[], now: Now): Due | undefined {
  return endedBuckets(partitions, now)[0];
}

/**
 * The buckets into which nothing comes any more, oldest first. One from the future, which a clock that
 * was wrong left behind, ends when it was last written.
 */
function endedBuckets(partitions: readonly Partition[], now: Now): Due[] {
  const { nowMs, currentS, waiting } = now;
  // Without those that hold nothing any more, whose files the engine is about to remove.
  const filled = partitions.filter(({ rows }) => rows > 0);
  const byBucket = Map.groupBy(filled, ({ bucketS }) => bucketS);
  const starts = [...new Set([...byBucket.keys(), currentS])].sort((a, b) => a - b);
  return starts.flatMap((bucketS, index) => {
    const ended = byBucket.get(bucketS);
    if (!ended || bucketS === currentS || waiting.has(bucketS)) return [];
    const untilS = starts[index + 1] ?? Math.ceil(nowMs / 1_000);
    return [{ bucketS, untilS, partitions: ended }];
  });
}

/** What each table holds, in the order of the tables. */
export interface TableSize {
  table: BucketTable;
  rows: number;
  bytes: number;
  /** The start of its oldest bucket; undefined while it is empty. */
  oldestS: number | undefined;
}

export function tableSizes(partitions: readonly Partition[]): TableSize[] {
  return BUCKET_TABLES.map((table) => {
    const own = partitions.filter((partition) => partition.table === table);
    const starts = own.filter(({ rows }) => rows > 0).map(({ bucketS }) => bucketS);
    return {
      table,
      rows: sum(own.map(({ rows }) => rows)),
      bytes: sum(own.map(({ bytes }) => bytes)),
      oldestS: starts.length > 0 ? Math.min(...starts) : undefined,
    };
  });
}

export function bytesOf(partitions: readonly Partition[]): number {
  return sum(partitions.map(({ bytes }) => bytes));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
