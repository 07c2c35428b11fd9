import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ThroughlineError } from '@throughline/model';
import type { Database } from '../database.ts';
import { clickhouseCode } from '../engine/engine-errors.ts';
import { query, statements } from '../sql.ts';
import { renderSchema, renderStatement } from './render.ts';

const KNOWN_TABLES = query('known-tables');
const SCHEMA_VERSION = query('schema-version');
const RECORD_VERSION = query('record-schema-version');

/** A table that every version has had, and the one by which versions are known. */
const SPANS_TABLE = 'spans';
const VERSIONS_TABLE = 'schema_versions';

const FIRST_VERSION = 1;
const MIGRATIONS = readMigrations(join(import.meta.dirname, 'migrations'));

/** Statements that several servers may run at once can meet each other; then they are run again. */
const PATIENCE_MS = 60_000;
const BACKOFF_MS = 250;
const CONFLICT_CODES = new Set([
  57, // TABLE_ALREADY_EXISTS
  253, // REPLICA_ALREADY_EXISTS
  341, // UNFINISHED
  517, // CANNOT_ASSIGN_ALTER
]);

/** What takes tables from the version before to this one. */
export interface Migration {
  readonly version: number;
  readonly statements: readonly string[];
}

export interface MigrateOptions {
  /** Of the server that does it, to be recorded. */
  appliedBy: string;
  /** In the order of their versions; those of the folder `migrations` by default. */
  migrations?: readonly Migration[];
}

/**
 * Brings the tables to the version of the schema that this server knows: creates what is missing, or
 * applies one migration after the other. Safe when several servers do so at once, and after a crash:
 * every statement can be repeated.
 *
 * @throws ThroughlineError `TL_SCHEMA_NEWER`, `TL_SCHEMA_UNKNOWN`, `TL_SCHEMA_FAILED`
 */
export async function migrate(database: Database, options: MigrateOptions): Promise<void> {
  const deadlineMs = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      await migrateOnce(database, options);
      return;
    } catch (error) {
      if (error instanceof ThroughlineError && error.code.startsWith('TL_SCHEMA_')) throw error;
      if (!isPassing(error) || Date.now() > deadlineMs) throw failed(database, error);
      await delay(BACKOFF_MS);
    }
  }
}

async function migrateOnce(database: Database, options: MigrateOptions): Promise<void> {
  const { migrations = MIGRATIONS } = options;
  const newest = migrations.at(-1)?.version ?? FIRST_VERSION;
  const present = await presentVersion(database);
  if (present > newest) throw newer(database, present, newest);
  if (present === newest) return;
  if (present > 0) {
    for (const { version, statements: texts } of migrations) {
      if (version <= present) continue;
      await run(
        database,
        texts.flatMap((text) => renderStatement(text, database.layout)),
      );
      if (version < newest) await record(database, version, options);
    }
  }
  // After a migration too: it changes what is there, and this adds what is new.
  await run(database, renderSchema(database.layout));
  await record(database, newest, options);
}

/** 0 for a database that has no tables of ours, or not all of them yet. */
async function presentVersion(database: Database): Promise<number> {
  const tables = await database.rows<{ name: string }>(KNOWN_TABLES, {
    tables: [VERSIONS_TABLE, SPANS_TABLE],
  });
  const names = new Set(tables.map(({ name }) => name));
  if (names.has(VERSIONS_TABLE)) {
    const [row] = await database.rows<{ version: number }>(SCHEMA_VERSION, {});
    return row?.version ?? 0;
  }
  if (names.has(SPANS_TABLE)) throw unknown(database);
  return 0;
}

async function run(database: Database, texts: readonly string[]): Promise<void> {
  for (const text of texts) await database.command(text, {}, {});
}

function record(database: Database, version: number, { appliedBy }: MigrateOptions): Promise<void> {
  return database.command(RECORD_VERSION, { version, applied_by: appliedBy }, {});
}

/** `0002-what-it-does.sql` and so on, without a gap. */
export function readMigrations(dir: string): Migration[] {
  const files = readdirSync(dir)
    .filter((name) => name.endsWith('.sql'))
    .sort();
  return files.map((name, index) => {
    const version = Number(/^(\d{4})-[a-z0-9-]+\.sql$/.exec(name)?.[1]);
    if (version !== FIRST_VERSION + 1 + index) {
      throw new ThroughlineError('TL_INTERNAL', `the migration ${name} is not the next one`);
    }
    return { version, statements: statements(join(dir, name)) };
  });
}

function isPassing(error: unknown): boolean {
  const code = clickhouseCode(error);
  if (code !== undefined) return CONFLICT_CODES.has(code);
  return error instanceof ThroughlineError && error.code === 'TL_ENGINE_UNAVAILABLE';
}

function placeOf({ layout }: Database): string {
  const { database, cluster } = layout;
  return cluster === undefined ? `database ${database}` : `database ${database} of ${cluster}`;
}

function newer(database: Database, present: number, newest: number): ThroughlineError {
  return new ThroughlineError(
    'TL_SCHEMA_NEWER',
    `the tables in ${placeOf(database)} have schema version ${present}, this server knows ${newest}`,
    { hint: 'Start a server of the version that made them, or a later one.' },
  );
}

function unknown(database: Database): ThroughlineError {
  return new ThroughlineError(
    'TL_SCHEMA_UNKNOWN',
    `the tables in ${placeOf(database)} were made by a version before the first release`,
    {
      hint: 'They cannot be read: remove them, or choose another place with --data-dir or --clickhouse-database.',
    },
  );
}

function failed(database: Database, cause: unknown): ThroughlineError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ThroughlineError(
    'TL_SCHEMA_FAILED',
    `the tables in ${placeOf(database)} could not be created or migrated: ${reason}`,
    { hint: 'Nothing is lost. Start again when the reason is gone.', cause },
  );
}
