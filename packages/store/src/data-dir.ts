import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ThroughlineError } from '@throughline/model';

/** Where everything of one store lives. Absolute paths: the engine child works elsewhere. */
export interface DataDir {
  readonly path: string;
  readonly journal: string;
  readonly quarantine: string;
  readonly engine: string;
  /** The file that says what was pruned last. */
  readonly prunings: string;
  /** Lets the next server in. */
  unlock(): void;
}

/**
 * Creates the data directory when it is missing and locks it for this process.
 *
 * @throws ThroughlineError `TL_DATA_DIR_UNWRITABLE`; `TL_DATA_DIR_LOCKED`, naming the process that
 *   has it
 */
export function openDataDir(givenPath: string): DataDir {
  const path = resolve(givenPath);
  const dirs = {
    journal: join(path, 'journal'),
    quarantine: join(path, 'quarantine'),
    engine: join(path, 'clickhouse'),
  };
  try {
    for (const dir of Object.values(dirs)) mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw unwritable(path, cause);
  }
  return { path, ...dirs, prunings: join(path, 'prunings.json'), unlock: lock(path) };
}

/**
 * Node has no flock, and a file that holds a pid cannot be taken over without a race. SQLite's
 * exclusive lock is the operating system's: it ends with the process that holds it, however that
 * dies.
 */
function lock(path: string): () => void {
  const pidFile = join(path, 'server.pid');
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(join(path, 'lock.sqlite'), { timeout: 0 });
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT');
    writeFileSync(pidFile, `${process.pid}\n`);
    return () => database?.close();
  } catch (cause) {
    database?.close();
    if (!isBusy(cause)) throw unwritable(path, cause);
    throw new ThroughlineError(
      'TL_DATA_DIR_LOCKED',
      `the data directory ${path} is in use by process ${readPid(pidFile)}`,
      { hint: 'Stop that server, or choose another directory with --data-dir.', cause },
    );
  }
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}

function readPid(pidFile: string): string {
  try {
    return readFileSync(pidFile, 'utf8').trim();
  } catch {
    // The holder has the lock but has not written its pid yet.
    return 'unknown';
  }
}

function unwritable(path: string, cause: unknown): ThroughlineError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ThroughlineError(
    'TL_DATA_DIR_UNWRITABLE',
    `cannot write to the data directory ${path}: ${reason}`,
    { hint: 'Give this user write access, or choose another directory with --data-dir.', cause },
  );
}
