import { createReadStream, existsSync } from 'node:fs';
import { access, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ThroughlineError } from '@throughline/model';
import { type DataDir, openDataDir } from '../data-dir.ts';
import type { Database } from '../database.ts';
import { Engine } from '../engine/engine.ts';
import { writeSynced } from '../journal/disk.ts';
import { BUCKET_TABLES } from '../retention/limits.ts';
import { migrate } from '../schema/migrate.ts';
import { query } from '../sql.ts';
import type { Manifest } from './manifest.ts';
import { storedRows, tablePlaces } from './tables.ts';
import { unpackBackup } from './unpack.ts';

const ATTACH_BUCKET = query('attach-bucket');
const STOP_MERGES = query('stop-merges');
const SCHEMA_VERSION = query('schema-version');

/** Stands in a data directory until a restore into it is done. */
const MARKER = 'restoring';
const ENGINE_MEMORY_BYTES_MAX = 1024 ** 3;

export interface RestoreOptions {
  /** The file of the backup. */
  from: string;
  /** Missing or empty. */
  dataDir: string;
  /** Of the server that does it. */
  version: string;
  /** Told how many bytes of the file were read since the last time. */
  onBytes?: (bytes: number) => void;
}

export interface Restored {
  spans: number;
  /** Everything that was acknowledged before is there; ns. */
  begunAt: bigint;
}

/**
 * Makes a data directory out of a backup. When it fails, nothing is left of it.
 *
 * @throws ThroughlineError `TL_DATA_DIR_USED`, `TL_DATA_DIR_UNWRITABLE`, `TL_BACKUP_INVALID`,
 *   `TL_ENGINE_FAILED`
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const path = resolve(options.dataDir);
  await access(options.from).catch((cause: unknown) => {
    throw unreadable(options.from, cause);
  });
  const wasThere = existsSync(path);
  if (wasThere && (await readdir(path)).length > 0) throw used(path);
  const unpacked = join(path, MARKER, 'unpacked');
  try {
    await mkdir(unpacked, { recursive: true, mode: 0o700 });
    await writeSynced(join(path, MARKER, 'from'), `${options.from}\n`);
    const archive = createReadStream(options.from);
    const manifest = await unpackBackup(archive, unpacked, options.onBytes ?? (() => undefined));
    const dataDir = openDataDir(path);
    try {
      await fill(dataDir, unpacked, manifest, options.version);
      await rm(join(path, MARKER), { recursive: true });
    } finally {
      dataDir.unlock();
    }
    return { spans: manifest.rows.spans, begunAt: manifest.begunAt };
  } catch (cause) {
    await empty(path);
    if (!wasThere) await rm(path, { recursive: true, force: true });
    throw cause instanceof ThroughlineError ? cause : unwritable(path, cause);
  }
}

/**
 * Refuses a directory into which a restore did not come to its end.
 *
 * @throws ThroughlineError `TL_RESTORE_UNFINISHED`
 */
export function checkRestored(dataDir: string): void {
  if (!existsSync(join(dataDir, MARKER))) return;
  throw new ThroughlineError(
    'TL_RESTORE_UNFINISHED',
    `the restore into ${dataDir} was broken off`,
    {
      hint: 'Delete the directory and restore again.',
    },
  );
}

async function fill(
  dataDir: DataDir,
  unpacked: string,
  manifest: Manifest,
  version: string,
): Promise<void> {
  const engine = new Engine({
    path: dataDir.engine,
    memoryBytesMax: ENGINE_MEMORY_BYTES_MAX,
    onWarning: () => undefined,
  });
  try {
    await engine.start();
    await migrate(engine, { appliedBy: version });
    await checkVersion(engine, manifest);
    // They would change the numbers that are compared below.
    await engine.command(STOP_MERGES, {}, {});
    for (const { table, path } of await tablePlaces(engine)) {
      await attach(engine, table, { from: join(unpacked, 'tables', table), to: path });
    }
    await checkRows(engine, manifest);
  } finally {
    await engine.stop();
  }
  for (const name of await namesIn(join(unpacked, 'quarantine'))) {
    await rename(join(unpacked, 'quarantine', name), join(dataDir.quarantine, name));
  }
}

/** Parts begin with the id of their partition. */
async function attach(
  database: Database,
  table: string,
  { from, to }: { from: string; to: string },
): Promise<void> {
  const parts = await namesIn(from);
  for (const part of parts) await rename(join(from, part), join(to, 'detached', part));
  for (const partition of new Set(parts.map((part) => part.split('_', 1)[0] ?? ''))) {
    const statement = ATTACH_BUCKET.replace('{{table}}', table).replace('{{partition}}', partition);
    await database.command(statement, {}, {});
  }
}

async function checkVersion(database: Database, { schemaVersion }: Manifest): Promise<void> {
  const [row] = await database.rows<{ version: number }>(SCHEMA_VERSION, {});
  if (row?.version === schemaVersion) return;
  throw new ThroughlineError(
    'TL_BACKUP_INVALID',
    `the backup has schema version ${schemaVersion}, this version of Throughline ${row?.version}`,
    { hint: 'Restore it with the version that made it, and start the newer one with the result.' },
  );
}

async function checkRows(database: Database, manifest: Manifest): Promise<void> {
  const rows = await storedRows(database);
  for (const table of BUCKET_TABLES) {
    const restored = rows.get(table) ?? 0;
    const expected = manifest.rows[table];
    if (restored === expected) continue;
    throw new ThroughlineError(
      'TL_BACKUP_INVALID',
      `${table} has ${restored} rows, and the backup says ${expected}`,
      { hint: 'Use another backup.' },
    );
  }
}

async function empty(path: string): Promise<void> {
  for (const name of await namesIn(path)) {
    await rm(join(path, name), { recursive: true, force: true });
  }
}

async function namesIn(dir: string): Promise<string[]> {
  return existsSync(dir) ? await readdir(dir) : [];
}

function used(path: string): ThroughlineError {
  return new ThroughlineError('TL_DATA_DIR_USED', `the data directory ${path} is not empty`, {
    hint: 'Restore into a directory that is missing or empty.',
  });
}

function unreadable(from: string, cause: unknown): ThroughlineError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ThroughlineError('TL_BACKUP_INVALID', `cannot read the backup ${from}: ${reason}`, {
    hint: 'Look at the path.',
    cause,
  });
}

function unwritable(path: string, cause: unknown): ThroughlineError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ThroughlineError('TL_DATA_DIR_UNWRITABLE', `cannot restore into ${path}: ${reason}`, {
    hint: 'Nothing was restored. Look at the disk and the rights on the directory.',
    cause,
  });
}
