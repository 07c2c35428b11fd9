import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AGED_TABLES, nowNs, ThroughlineError } from '@throughline/model';
import { type Pack, pack } from 'tar-stream';
import { z } from 'zod';
import type { Database } from '../database.ts';
import { BUCKET_TABLES, type BucketTable } from '../retention/limits.ts';
import { query } from '../sql.ts';
import { BACKUP_FORMAT, type BackupFile, MANIFEST_NAME, manifestSchema } from './manifest.ts';
import { storedRows, type TablePlace, tablePlaces } from './tables.ts';

const FREEZE = query('freeze');
const SCHEMA_VERSION = query('schema-version');

/** How long a backup waits for what was acknowledged before it to be in the tables. */
const DRAIN_MS = 30_000;

/** Everything in the tables, as a tar archive to be read once. */
export interface Backup {
  /** Destroying it ends the backup. Fails with `TL_BACKUP_FAILED`. */
  readonly stream: Readable;
  readonly spans: number;
  /** Of all files together; the archive is a little larger. */
  readonly bytes: number;
}

export interface BackupsOptions {
  database: Database;
  /** Whether the tables are in this data directory. */
  isEmbedded: boolean;
  /** The engine's directory: what is frozen appears below it, as hard links. */
  enginePath: string;
  quarantinePath: string;
  /** Resolves when everything acknowledged before is in the tables; false when that takes longer. */
  drained: (timeoutMs: number) => Promise<boolean>;
  /** Runs work while nothing is loaded or pruned. */
  exclusive: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

/** A file that goes into an archive, and where its bytes are. */
interface FrozenFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

interface Frozen {
  readonly rows: Record<BucketTable, number>;
  readonly files: FrozenFile[];
}

/**
 * Makes backups while the store works on. The engine freezes the parts of its tables, which are never
 * changed: a frozen one is a hard link, and costs disk only once its original is merged or pruned.
 */
export class Backups {
  readonly #options: BackupsOptions;
  #archive: Readable | undefined;
  /** Until nothing is left of the backup that is under way. */
  #running: PromiseWithResolvers<void> | undefined;

  constructor(options: BackupsOptions) {
    this.#options = options;
  }

  /** Removes what a backup left behind that a crash ended. */
  async clear(): Promise<void> {
    await rm(join(this.#options.enginePath, 'shadow'), { recursive: true, force: true });
  }

  /**
   * Begins a backup of everything that was acknowledged before the call.
   *
   * @throws ThroughlineError `TL_BACKUP_RUNNING`, `TL_ENGINE_UNAVAILABLE`, `TL_BACKUP_FAILED`
   */
  async begin(): Promise<Backup> {
    const { isEmbedded, enginePath, drained } = this.#options;
    if (!isEmbedded) throw elsewhere();
    if (this.#running) throw running();
    const ended = Promise.withResolvers<void>();
    this.#running = ended;
    // Letters and digits only: the engine encodes all else in the name of the folder.
    const name = `backup${randomBytes(8).toString('hex')}`;
    const path = join(enginePath, 'shadow', name);
    const end = async (): Promise<void> => {
      await rm(path, { recursive: true, force: true });
      this.#running = undefined;
      ended.resolve();
    };
    try {
      const begunAt = nowNs();
      if (!(await drained(DRAIN_MS))) throw behind();
      const frozen = await this.#freeze(name, path);
      const archive = this.#pack(frozen, begunAt);
      archive.once('close', () => void end());
      this.#archive = archive;
      const bytes = frozen.files.reduce((sum, file) => sum + file.bytes, 0);
      return { stream: archive, spans: frozen.rows.spans, bytes };
    } catch (cause) {
      await end();
      throw cause instanceof ThroughlineError ? cause : failed(cause);
    }
  }

  /** Ends a backup that is under way. */
  async stop(): Promise<void> {
    this.#archive?.destroy();
    await this.#running?.promise;
  }

  async #freeze(name: string, path: string): Promise<Frozen> {
    const { database, exclusive, quarantinePath } = this.#options;
    const places = await tablePlaces(database);
    const quarantine = join(path, 'quarantine');
    const stored = await exclusive(async () => {
      for (const { table } of places) {
        const statement = FREEZE.replace('{{table}}', table).replace('{{name}}', name);
        await database.command(statement, {}, {});
      }
      await mkdir(quarantine, { recursive: true });
      for (const file of await readdir(quarantinePath)) {
        await link(join(quarantinePath, file), join(quarantine, file));
      }
      return storedRows(database);
    });
    const frozen: Frozen = { rows: noRows(), files: await filesIn(quarantine, 'quarantine') };
    for (const place of places) await this.#gather(path, place, frozen);
    for (const table of AGED_TABLES) {
      const [rows, expected] = [frozen.rows[table], stored.get(table) ?? 0];
      if (rows !== expected)
        throw new RangeError(`${rows} of ${expected} rows of ${table} are frozen`);
    }
    return frozen;
  }

  /** A frozen part lies as far below the backup's folder as its original does below the engine's. */
  async #gather(path: string, place: TablePlace, frozen: Frozen): Promise<void> {
    const { table } = place;
    const dir = join(path, relative(this.#options.enginePath, place.path));
    for (const part of await namesIn(dir)) {
      const rows = await readFile(join(dir, part, 'count.txt'), 'utf8');
      frozen.rows[table] += Number(rows);
      frozen.files.push(...(await filesIn(join(dir, part), `tables/${table}/${part}`)));
    }
  }

  /** The manifest comes last: it says what every byte before it has to be. */
  #pack({ rows, files }: Frozen, begunAt: bigint): Readable {
    const archive = pack();
    const fill = async (): Promise<void> => {
      const [row] = await this.#options.database.rows<{ version: number }>(SCHEMA_VERSION, {});
      const written: BackupFile[] = [];
      for (const file of files) written.push(await addFile(archive, file));
      const manifest = z.encode(manifestSchema, {
        format: BACKUP_FORMAT,
        begunAt,
        schemaVersion: row?.version ?? 0,
        engineVersion: this.#options.database.status().version,
        rows,
        files: written,
      });
      archive.entry({ name: MANIFEST_NAME, mode: 0o600 }, `${JSON.stringify(manifest)}\n`);
      archive.finalize();
    };
    fill().catch((cause: unknown) => archive.destroy(failed(cause)));
    return Readable.from(archive, { objectMode: false });
  }
}

async function addFile(archive: Pack, { name, path, bytes }: FrozenFile): Promise<BackupFile> {
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform: (chunk: Buffer, _, done) => {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const entry = archive.entry({ name, size: bytes, mode: 0o600 });
  if (bytes > 0) await pipeline(createReadStream(path, { end: bytes - 1 }), hashing, entry);
  return { path: name, bytes, sha256: hash.digest('hex') };
}

async function filesIn(dir: string, name: string): Promise<FrozenFile[]> {
  const names = await namesIn(dir);
  return Promise.all(
    names.map(async (file) => {
      const path = join(dir, file);
      return { name: `${name}/${file}`, path, bytes: (await stat(path)).size };
    }),
  );
}

/** None in a directory that is missing: an empty table has no parts to freeze. */
async function namesIn(dir: string): Promise<string[]> {
  try {
    return (await readdir(dir)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function noRows(): Record<BucketTable, number> {
  return Object.fromEntries(BUCKET_TABLES.map((table) => [table, 0])) as Record<
    BucketTable,
    number
  >;
}

function elsewhere(): ThroughlineError {
  const message = 'the tables are in a ClickHouse of your own';
  return new ThroughlineError('TL_BACKUP_FAILED', message, { hint: 'Use its statement BACKUP.' });
}

function behind(): ThroughlineError {
  const message = `not everything received is stored after ${DRAIN_MS} ms`;
  return new ThroughlineError('TL_ENGINE_UNAVAILABLE', message, { hint: 'Try again later.' });
}

function running(): ThroughlineError {
  return new ThroughlineError('TL_BACKUP_RUNNING', 'a backup is under way', {
    hint: 'Wait until it has ended.',
  });
}

function failed(cause: unknown): ThroughlineError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ThroughlineError('TL_BACKUP_FAILED', `the backup could not be made: ${reason}`, {
    hint: 'Nothing of the store was changed. Try again.',
    cause,
  });
}
