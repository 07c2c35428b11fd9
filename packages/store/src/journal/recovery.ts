import { readdir, readFile, rename, stat, truncate, unlink } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import type { Quarantine } from '../quarantine.ts';
import { syncDir, writeSynced } from './disk.ts';
import { type RecordRange, scanRecords } from './record.ts';
import { type Salvage, salvage } from './salvage.ts';
import { PLAIN_SUFFIX, type Segment, SUFFIX, seedOf, wholeOf } from './segment.ts';

/** A segment that is being written anew, without its damaged records. */
const MENDING_SUFFIX = '.mending';
/** How many places a reason names. */
const PLACES_MAX = 5;
/** What the disk, or its file system, answers when it cannot give a file back. */
const UNREADABLE_CODES = new Set(['EIO', 'EBADMSG', 'EUCLEAN', 'ERR_FS_FILE_TOO_LARGE']);

/**
 * The segments that an earlier server left behind, oldest first, each mended. Halves beside their
 * whole are of a split that did not finish, and go.
 */
export async function recoverSegments(dir: string, quarantine: Quarantine): Promise<Segment[]> {
  const names = (await readdir(dir)).sort();
  for (const name of names.filter((name) => name.endsWith(MENDING_SUFFIX))) {
    await unlink(join(dir, name));
  }
  const files = names
    .filter((name) => name.endsWith(SUFFIX) || name.endsWith(PLAIN_SUFFIX))
    .map((name) => ({ id: name.slice(0, -extname(name).length), path: join(dir, name) }));
  const ids = new Set(files.map(({ id }) => id));
  const segments: Segment[] = [];
  for (const { id, path } of files) {
    if (ids.has(wholeOf(id))) {
      await unlink(path);
      continue;
    }
    const { size } = await stat(path);
    const segment = { id, path, createdMs: Number.parseInt(id, 10), bytes: size };
    const mended = await mendSegment(segment, quarantine);
    if (mended) segments.push(mended);
  }
  await syncDir(dir);
  return segments;
}

/**
 * Checks a segment, takes out what is damaged and puts it into the quarantine, and cuts a torn tail;
 * all of it goes to the quarantine when the disk does not give the file back. A crash on the way
 * leaves the segment as it was.
 *
 * @returns the segment as it is now, smaller when anything was wrong; `undefined` when nothing is left
 */
export async function mendSegment(
  segment: Segment,
  quarantine: Quarantine,
): Promise<Segment | undefined> {
  let content: Buffer;
  try {
    content = await readFile(segment.path);
  } catch (error) {
    if (!UNREADABLE_CODES.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await quarantine.take(segment, `the disk does not give it back: ${(error as Error).message}`);
    return undefined;
  }
  const { records, damaged } = inspect(segment, content);
  if (damaged.length > 0) {
    const reason = describe(damaged, content.length);
    await quarantine.takeBytes(segment.id, gather(content, damaged), reason);
  }
  return keepOnly(segment, content, records);
}

function inspect(segment: Segment, content: Buffer): Salvage {
  if (segment.path.endsWith(SUFFIX)) return salvage(content, seedOf(segment.id));
  return { records: scanRecords(content), damaged: [] };
}

async function keepOnly(
  segment: Segment,
  content: Buffer,
  records: RecordRange[],
): Promise<Segment | undefined> {
  const { path } = segment;
  const kept = gather(content, records);
  if (kept.length === 0) {
    await unlink(path);
    return undefined;
  }
  if (records.at(-1)?.to !== kept.length) {
    await writeSynced(`${path}${MENDING_SUFFIX}`, kept);
    await rename(`${path}${MENDING_SUFFIX}`, path);
    await syncDir(dirname(path));
  } else if (kept.length < content.length) {
    await truncate(path, kept.length);
  }
  return { ...segment, bytes: kept.length };
}

function gather(content: Buffer, ranges: readonly RecordRange[]): Buffer {
  return Buffer.concat(ranges.map(({ from, to }) => content.subarray(from, to)));
}

function describe(damaged: readonly RecordRange[], bytes: number): string {
  const places = damaged.slice(0, PLACES_MAX).map(({ from, to }) => `${from} to ${to}`);
  if (damaged.length > PLACES_MAX) places.push('more');
  return `damaged on disk: bytes ${places.join(', ')} of ${bytes}`;
}
