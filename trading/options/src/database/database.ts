import { ThroughlineError } from '@throughline/model';
import type { Pool } from 'pg';
import { SCHEMA } from './schema.ts';

const CONNECTIONS_MAX = 4;
const CONNECT_TIMEOUT_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 30_000;

/** What the services need of `pg`: queries with parameters. */
export type Database = Pick<Pool, 'query'> & {
  /** Lets the queries under way end. */
  close(): Promise<void>;
};

/**
 * Connects to PostgreSQL, or to what speaks its protocol, and makes the tables where they are
 * missing: any number of services may do so at once.
 *
 * @param onError is told of connections that break while nobody uses them
 * @throws ThroughlineError `TL_CONFIG_INVALID` when there is no such database
 */
export async function openDatabase(
  url: string,
  onError: (error: Error) => void,
): Promise<Database> {
  // Only now, when tracing has started: a library that is loaded before is not instrumented.
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS,
  });
  pool.on('error', onError);
  try {
    await pool.query(SCHEMA);
  } catch (cause) {
    await pool.end();
    const { host, pathname } = new URL(url);
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `the database ${host}${pathname} cannot be used: ${why}`;
    throw new ThroughlineError('TL_CONFIG_INVALID', message, { hint: 'See --postgres.', cause });
  }
  return Object.assign(pool, { close: () => pool.end() });
}
