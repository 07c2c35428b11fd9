import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { CREATE_TABLES } from './statements.ts';

export interface DatabaseOptions {
  /** Of a PostgreSQL server. Without it PostgreSQL runs inside this process (PGlite). */
  readonly postgresUrl?: string | undefined;
  /** Where PGlite keeps its data; in memory when absent. */
  readonly dataFolder?: string | undefined;
  /** Told of connections that broke while they were idle. */
  readonly onError: (error: Error) => void;
}

export interface Database {
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

const CONNECTIONS_MAX = 10;
const CONNECT_TIMEOUT_MS = 5_000;
const QUERY_TIMEOUT_MS = 5_000;
const TIMEOUTS = {
  connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  query_timeout: QUERY_TIMEOUT_MS,
};

/**
 * Opens the database and makes its tables. Whichever it is, the client is `pg`, so that queries are
 * traced the same.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const server = options.postgresUrl === undefined ? await startPglite(options) : undefined;
  const pool = new pg.Pool(
    server
      ? // PGlite has one session: a second connection would share its transactions.
        { host: server.folder, user: 'postgres', max: 1, ...TIMEOUTS }
      : { connectionString: options.postgresUrl, max: CONNECTIONS_MAX, ...TIMEOUTS },
  );
  pool.on('error', options.onError);
  const close = async () => {
    await pool.end();
    await server?.stop();
  };
  try {
    await pool.query(CREATE_TABLES);
  } catch (error) {
    await close();
    throw error;
  }
  return { pool, close };
}

/** PGlite behind a Unix socket that only this user can reach, under the name that `pg` looks for. */
async function startPglite({ dataFolder }: DatabaseOptions) {
  // Loaded only here: it brings PostgreSQL as WebAssembly.
  const { PGlite } = await import('@electric-sql/pglite');
  const { PGLiteSocketServer } = await import('@electric-sql/pglite-socket');
  const db = await PGlite.create(dataFolder ?? 'memory://');
  const folder = await mkdtemp(join(tmpdir(), 'throughline-bot-'));
  // A process that is told to end while it starts has nobody else to clean up.
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  const server = new PGLiteSocketServer({ db, path: join(folder, '.s.PGSQL.5432') });
  await server.start();
  return {
    folder,
    async stop() {
      await server.stop();
      await db.close();
      process.off('exit', removeFolder);
      removeFolder();
    },
  };
}
