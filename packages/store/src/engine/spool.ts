import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ClickHouseException } from './exceptions.ts';

const BODY_BYTES_MAX = 512 * 1024 ** 2;
const TOTAL_BYTES_MAX = 2 * 1024 ** 3;

const FOLDER = 'spool';

export interface SpoolLimits {
  bodyBytesMax: number;
  totalBytesMax: number;
}

/** Rows of an insert, in a file. */
export interface SpooledRows {
  /** Relative to the engine's working directory, which may contain what a pattern is made of. */
  path: string;
  bytes: number;
  remove(): Promise<void>;
}

/** Keeps the rows of inserts in files, from where the engine reads them. */
export class Spool {
  readonly #dir: string;
  readonly #limits: SpoolLimits;
  #bytes = 0;

  /** @param engineDir the engine's working directory; what an earlier engine left is removed */
  constructor(
    engineDir: string,
    limits: SpoolLimits = { bodyBytesMax: BODY_BYTES_MAX, totalBytesMax: TOTAL_BYTES_MAX },
  ) {
    this.#dir = join(engineDir, FOLDER);
    this.#limits = limits;
    rmSync(this.#dir, { recursive: true, force: true });
    mkdirSync(this.#dir, { mode: 0o700 });
  }

  /** @throws ClickHouseException QUERY_IS_TOO_LARGE, NOT_ENOUGH_SPACE; whatever `rows` throws */
  async keep(rows: AsyncIterable<Uint8Array>): Promise<SpooledRows> {
    const name = randomUUID();
    const path = join(this.#dir, name);
    let bytes = 0;
    const remove = async () => {
      this.#bytes -= bytes;
      bytes = 0;
      await rm(path, { force: true });
    };
    try {
      const file = await open(path, 'wx', 0o600);
      try {
        for await (const chunk of rows) {
          bytes += chunk.length;
          this.#bytes += chunk.length;
          this.#check(bytes);
          await file.writeFile(chunk);
        }
      } finally {
        await file.close();
      }
    } catch (error) {
      await remove();
      throw isNoSpace(error) ? noSpace('The disk is full') : error;
    }
    return { path: `${FOLDER}/${name}`, bytes, remove };
  }

  #check(bytes: number): void {
    const { bodyBytesMax, totalBytesMax } = this.#limits;
    if (bytes > bodyBytesMax) {
      throw new ClickHouseException(
        'QUERY_IS_TOO_LARGE',
        `The rows of one insert are more than ${bodyBytesMax} bytes.`,
      );
    }
    if (this.#bytes > totalBytesMax) {
      throw noSpace(`The rows of the inserts under way are more than ${totalBytesMax} bytes`);
    }
  }
}

function isNoSpace(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOSPC';
}

function noSpace(text: string): ClickHouseException {
  return new ClickHouseException('NOT_ENOUGH_SPACE', `${text}.`);
}
