import { readdir, readFile, stat, unlink } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { parseTime, type StatusResponse } from '@throughline/model';
import { z } from 'zod';
import { writeSynced } from './journal/disk.ts';
import { countMarks, scanRecords } from './journal/record.ts';
import { moveSegment, type Segment } from './journal/segment.ts';

const BYTES_MAX = 64 * 1024 ** 2;
const FILES_MAX = 1_000;
/** Beside each file stands another with this suffix that says why it is there. */
const NOTE_SUFFIX = '.json';

const noteSchema = z.object({
  /** When the file was set aside, RFC 3339. */
  at: z.iso.datetime(),
  reason: z.string(),
  bytes: z.number().int(),
  records: z.number().int(),
});
type Note = z.output<typeof noteSchema>;

/** A file: a whole segment under its id, or damaged bytes under their segment's id and their own. */
interface File extends Note {
  readonly id: string;
  readonly name: string;
}

/** Part of `GET /api/status`. */
type SetAside = StatusResponse['store']['quarantine'][number];

export interface QuarantineOptions {
  dir: string;
  /** Told in one line what was set aside, and what had to go. */
  onWarning: (message: string) => void;
}

/**
 * Records that the disk damaged or the engine cannot read, kept as files for whoever wants to know
 * why. Bounded: the oldest go when there are too many.
 */
export class Quarantine {
  readonly #options: QuarantineOptions;
  /** Oldest first. */
  #files: File[];
  #discarded = 0;

  constructor(options: QuarantineOptions, files: File[]) {
    this.#options = options;
    this.#files = files;
  }

  static async open(options: QuarantineOptions): Promise<Quarantine> {
    const names = new Set(await readdir(options.dir));
    const files: File[] = [];
    for (const name of names) {
      if (!name.endsWith(NOTE_SUFFIX)) files.push(await readEntry(options.dir, name));
      // The note is written first: without its file, a crash came between the two.
      else if (!names.has(name.slice(0, -NOTE_SUFFIX.length)))
        await unlink(join(options.dir, name));
    }
    files.sort((a, b) => a.at.localeCompare(b.at) || a.name.localeCompare(b.name));
    return new Quarantine(options, files);
  }

  get records(): number {
    return this.#files.reduce((sum, file) => sum + file.records, 0);
  }

  get bytes(): number {
    return this.#files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Records that had to go to keep the quarantine within its bounds, since the start. */
  get discarded(): number {
    return this.#discarded;
  }

  /** What was set aside last, newest first. */
  list(limit: number): SetAside[] {
    return this.#files
      .slice(-limit)
      .reverse()
      .map(({ id, at, records, bytes, reason }) => ({
        id,
        at: parseTime(at),
        records,
        bytes,
        reason,
      }));
  }

  /** Moves a whole segment here. */
  async take(segment: Segment, reason: string): Promise<void> {
    const name = basename(segment.path);
    const records = await countRecords(segment.path);
    const file = await this.#note(name, segment.id, { reason, bytes: segment.bytes, records });
    await moveSegment(segment, this.#options.dir);
    await this.#add(file);
  }

  /**
   * Keeps bytes that were cut out of the segment `id`. Taking the same again, as after a crash, keeps
   * them once.
   */
  async takeBytes(id: string, bytes: Buffer, reason: string): Promise<void> {
    const ownId = `${id}-${crc32(bytes).toString(16).padStart(8, '0')}`;
    const records = Math.max(1, countMarks(bytes));
    const name = `${ownId}.damaged`;
    const file = await this.#note(name, ownId, { reason, bytes: bytes.length, records });
    await writeSynced(join(this.#options.dir, name), bytes);
    await this.#add(file);
  }

  async #note(name: string, id: string, why: Omit<Note, 'at'>): Promise<File> {
    const note = { at: new Date().toISOString(), ...why };
    const path = join(this.#options.dir, `${name}${NOTE_SUFFIX}`);
    await writeSynced(path, `${JSON.stringify(note, undefined, 2)}\n`);
    return { id, name, ...note };
  }

  async #add(file: File): Promise<void> {
    const { dir, onWarning } = this.#options;
    this.#files = [...this.#files.filter(({ name }) => name !== file.name), file];
    onWarning(`${file.records} record(s) set aside as ${file.id}: ${file.reason}`);
    let { bytes } = this;
    while (bytes > BYTES_MAX || this.#files.length > FILES_MAX) {
      const oldest = this.#files.shift();
      if (!oldest) break;
      await unlink(join(dir, oldest.name));
      await unlink(join(dir, `${oldest.name}${NOTE_SUFFIX}`));
      this.#discarded += oldest.records;
      bytes -= oldest.bytes;
      onWarning(`${oldest.records} record(s) set aside as ${oldest.id} were deleted: too many`);
    }
  }
}

async function readEntry(dir: string, name: string): Promise<File> {
  const path = join(dir, name);
  const id = name.slice(0, -extname(name).length);
  const note = await readNote(`${path}${NOTE_SUFFIX}`);
  if (note) return { id, name, ...note };
  const { mtime, size } = await stat(path);
  const at = mtime.toISOString();
  const records = await countRecords(path);
  return { id, name, at, reason: 'not known: it has no note', bytes: size, records };
}

async function readNote(path: string): Promise<Note | undefined> {
  try {
    return noteSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    // An earlier version wrote none, and a torn one is worth no more.
    return undefined;
  }
}

/** What cannot be read, or has no beginning of a record, counts as one. */
async function countRecords(path: string): Promise<number> {
  const content = await readFile(path).catch(() => Buffer.alloc(0));
  return Math.max(1, scanRecords(content).length);
}
