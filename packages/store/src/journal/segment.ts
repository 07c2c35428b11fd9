import { randomBytes } from 'node:crypto';
import { readFile, rename, unlink } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { syncDir, writeSynced } from './disk.ts';
import { scanRecords } from './record.ts';

/** Segments whose records have checksums. */
export const SUFFIX = '.segment';
/** Segments that an earlier version left behind: records without checksums. Read, never written. */
export const PLAIN_SUFFIX = '.otlp';

/**
 * A file of length-delimited `ExportTraceServiceRequest` messages, each with a checksum. Its id
 * begins with its time, so ids sort by age, and never comes again: it is the token by which the
 * engine recognises a repeated load.
 */
export interface Segment {
  readonly id: string;
  readonly path: string;
  readonly createdMs: number;
  readonly bytes: number;
}

/** `bucketS` goes into the id: a repeated load has to hit the same partition, whenever it comes. */
export function newSegment(dir: string, createdMs: number, bucketS: number): Segment {
  const time = `${String(createdMs).padStart(14, '0')}-${String(bucketS).padStart(10, '0')}`;
  const id = `${time}-${randomBytes(8).toString('hex')}`;
  return { id, path: join(dir, `${id}${SUFFIX}`), createdMs, bytes: 0 };
}

const DAY_S = 86_400;

/** The bucket in the id; of a segment of an earlier version, the day on which it was begun. */
export function bucketOf({ id, createdMs }: Segment): number {
  const match = /^\d{14}-(\d{10})-/.exec(id);
  if (match) return Number(match[1]);
  const createdS = Math.floor(createdMs / 1_000);
  return createdS - (createdS % DAY_S);
}

/** What the checksums of a segment start from; the same for the halves that it is split into. */
export function seedOf(id: string): number {
  return crc32(id.split('.', 1)[0] ?? '');
}

/** The id of the segment that the half `id` was split from; empty for a segment that is no half. */
export function wholeOf(id: string): string {
  return id.slice(0, Math.max(0, id.lastIndexOf('.')));
}

/**
 * Splits a segment in two by its records, or returns `undefined` when it has only one. The halves
 * replace the whole on disk in one step, its removal: after a crash there is either the whole or
 * both halves.
 */
export async function splitSegment(segment: Segment): Promise<[Segment, Segment] | undefined> {
  const content = await readFile(segment.path);
  const records = scanRecords(content);
  const middle = records[Math.floor(records.length / 2)];
  if (records.length < 2 || !middle) return undefined;
  const dir = dirname(segment.path);
  const halves: [Segment, Segment] = [
    await writeHalf(segment, '.0', content.subarray(0, middle.from)),
    await writeHalf(segment, '.1', content.subarray(middle.from, segment.bytes)),
  ];
  await syncDir(dir);
  await unlink(segment.path);
  await syncDir(dir);
  return halves;
}

async function writeHalf(whole: Segment, half: string, content: Uint8Array): Promise<Segment> {
  const id = `${whole.id}${half}`;
  const path = join(dirname(whole.path), `${id}${extname(whole.path)}`);
  await writeSynced(path, content);
  return { id, path, createdMs: whole.createdMs, bytes: content.length };
}

/**
 * Moves a segment's file into another directory of the same file system.
 *
 * @returns the file's new path
 */
export async function moveSegment(segment: Segment, dir: string): Promise<string> {
  const path = join(dir, basename(segment.path));
  await rename(segment.path, path);
  await syncDir(dir);
  await syncDir(dirname(segment.path));
  return path;
}
