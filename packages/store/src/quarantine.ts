import { readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { scanRecords } from './journal/record.ts';
import { moveSegment, type Segment } from './journal/segment.ts';

const BYTES_MAX = 64 * 1024 * 1024;

interface SetAside {
  path: string;
  bytes: number;
  records: number;
}

/**
 * Records that the engine cannot read, kept as files for whoever wants to know why. Bounded: the
 * oldest go when there are too many bytes.
 */
export class Quarantine {
  readonly #dir: string;
  readonly #files: SetAside[];
  #discarded = 0;

  constructor(dir: string, files: SetAside[]) {
    this.#dir = dir;
    this.#files = files;
  }

  static async open(dir: string): Promise<Quarantine> {
    const files: SetAside[] = [];
    for (const name of (await readdir(dir)).sort()) files.push(await describe(join(dir, name)));
    return new Quarantine(dir, files);
  }

  get records(): number {
    return this.#files.reduce((sum, file) => sum + file.records, 0);
  }

  /** Records that had to go to keep the quarantine within its bound, since the start. */
  get discarded(): number {
    return this.#discarded;
  }

  /** @returns how many records the segment had */
  async take(segment: Segment): Promise<number> {
    const file = await describe(await moveSegment(segment, this.#dir));
    this.#files.push(file);
    let bytes = this.#files.reduce((sum, { bytes }) => sum + bytes, 0);
    while (bytes > BYTES_MAX) {
      const oldest = this.#files.shift();
      if (!oldest) break;
      await unlink(oldest.path);
      this.#discarded += oldest.records;
      bytes -= oldest.bytes;
    }
    return file.records;
  }
}

async function describe(path: string): Promise<SetAside> {
  const content = await readFile(path);
  return { path, bytes: content.length, records: scanRecords(content).length };
}
