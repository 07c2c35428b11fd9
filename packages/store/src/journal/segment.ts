import { randomBytes } from 'node:crypto';
import { open, readdir, readFile, rename, truncate, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { scanRecords } from './record.ts';

const SUFFIX = '.otlp';

/**
 * A file of length-delimited `ExportTraceServiceRequest` messages. Its id begins with its time, so
 * ids sort by age, and never comes again: it is the token by which the engine recognises a repeated
 * load.
 */
export interface Segment {
  readonly id: string;
  readonly path: string;
  readonly createdMs: number;
  readonly bytes: number;
}

export function newSegment(dir: string, createdMs: number): Segment {
  const id = `${String(createdMs).padStart(14, '0')}-${randomBytes(4).toString('hex')}`;
  return { id, path: join(dir, `${id}${SUFFIX}`), createdMs, bytes: 0 };
}

/** Makes the creation, renaming and removal of files in the directory survive a loss of power. */
export async function syncDir(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * The segments that an earlier server left behind, oldest first, each cut back to its complete
 * records. Halves beside their whole are of a split that did not finish, and go.
 */
export async function recoverSegments(dir: string): Promise<Segment[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith(SUFFIX)).sort();
  const ids = new Set(names.map((name) => name.slice(0, -SUFFIX.length)));
  const segments: Segment[] = [];
  for (const id of ids) {
    const path = join(dir, `${id}${SUFFIX}`);
    const bytes = ids.has(wholeOf(id)) ? 0 : await cutTornTail(path);
    if (bytes === 0) await unlink(path);
    else segments.push({ id, path, createdMs: Number.parseInt(id, 10), bytes });
  }
  await syncDir(dir);
  return segments;
}

async function cutTornTail(path: string): Promise<number> {
  const content = await readFile(path);
  const bytes = scanRecords(content).at(-1)?.to ?? 0;
  if (bytes < content.length) await truncate(path, bytes);
  return bytes;
}

/** The id of the segment that the half `id` was split from; empty for a segment that is no half. */
function wholeOf(id: string): string {
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
  const path = join(dirname(whole.path), `${id}${SUFFIX}`);
  const handle = await open(path, 'w', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
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
