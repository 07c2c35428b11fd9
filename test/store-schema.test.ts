/**
 * Versions of the schema, in the embedded engine and over HTTP. Run alone:
 * `npx vitest run --project system test/store-schema`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Cluster } from '../packages/store/src/cluster/cluster.ts';
import type { Database } from '../packages/store/src/database.ts';
import { Engine } from '../packages/store/src/engine/engine.ts';
import { openStore } from '../packages/store/src/index.ts';
import { type Migration, migrate, readMigrations } from '../packages/store/src/schema/migrate.ts';
import { type ClickHouseServer, startClickHouse } from './support/clickhouse.ts';
import { temporaryFolder } from './support/serve.ts';
import { ORDER } from './support/store/contract.ts';

const onWarning = () => undefined;
const appliedBy = 'test';

/** Each with what a version of the schema may do, and all that it says can be said again. */
const MIGRATIONS: readonly Migration[] = [
  { version: 2, statements: ['ALTER TABLE spans ADD COLUMN IF NOT EXISTS second String'] },
  {
    version: 3,
    statements: [
      'ALTER TABLE spans ADD COLUMN IF NOT EXISTS third String DEFAULT name',
      'ALTER TABLE spans DROP COLUMN IF EXISTS second',
    ],
  },
];

let server: ClickHouseServer;
let databases = 0;
beforeAll(async () => {
  server = await startClickHouse();
});
afterAll(() => server.stop());

function newDatabase(): string {
  databases += 1;
  return `schema_${databases}`;
}

async function started(database: Database): Promise<Database> {
  onTestFinished(() => database.stop());
  await database.start();
  return database;
}

function embedded(path = temporaryFolder()): Promise<Database> {
  return started(new Engine({ path, memoryBytesMax: 2 ** 30, onWarning }));
}

function remote(database = newDatabase()): Promise<Database> {
  const { url, password } = server;
  return started(new Cluster({ url, password, database }, { onWarning }));
}

async function versions(database: Database): Promise<number[]> {
  const rows = await database.rows<{ version: number }>(
    'SELECT version FROM schema_versions ORDER BY applied_at, version',
    {},
  );
  return rows.map(({ version }) => version);
}

async function columns(database: Database): Promise<string[]> {
  const rows = await database.rows<{ name: string }>(
    "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'spans'",
    {},
  );
  return rows.map(({ name }) => name);
}

describe.each([
  ['embedded', embedded],
  ['over HTTP', remote],
] as const)('%s', (_, open) => {
  test('a new database has the newest version, and migrating it again does nothing', async () => {
    const database = await open();
    await migrate(database, { appliedBy });
    await migrate(database, { appliedBy });
    expect(await versions(database)).toEqual([1]);
    const [row] = await database.rows<{ applied_by: string }>('SELECT * FROM schema_versions', {});
    expect(row?.applied_by).toBe('test');
  });

  test('an older one is migrated in order, once', async () => {
    const database = await open();
    await migrate(database, { appliedBy, migrations: [] });
    await migrate(database, { appliedBy, migrations: MIGRATIONS.slice(0, 1) });
    expect(await columns(database)).toContain('second');
    await migrate(database, { appliedBy, migrations: MIGRATIONS });
    expect(await versions(database)).toEqual([1, 2, 3]);
    expect(await columns(database)).toContain('third');
    expect(await columns(database)).not.toContain('second');
  });

  test('a migration that fails half-way goes on where it stopped', async () => {
    const database = await open();
    await migrate(database, { appliedBy, migrations: [] });
    const [first, second] = MIGRATIONS as [Migration, Migration];
    const broken = { ...second, statements: [...second.statements.slice(0, 1), 'ALTER TABLE no'] };
    await expect(
      migrate(database, { appliedBy, migrations: [first, broken] }),
    ).rejects.toMatchObject({ code: 'TL_SCHEMA_FAILED' });
    expect(await versions(database)).toEqual([1, 2]);
    await migrate(database, { appliedBy, migrations: MIGRATIONS });
    expect(await versions(database)).toEqual([1, 2, 3]);
    expect(await columns(database)).not.toContain('second');
  });

  test('a newer one is refused, naming both versions', async () => {
    const database = await open();
    await migrate(database, { appliedBy, migrations: MIGRATIONS });
    await expect(migrate(database, { appliedBy })).rejects.toMatchObject({
      code: 'TL_SCHEMA_NEWER',
      message: expect.stringMatching(/version 3, this server knows 1$/),
    });
  });

  test('tables without a version are refused; those of a start that was cut off are not', async () => {
    const database = await open();
    await database.command('CREATE TABLE spans (a String) ENGINE = Null', {}, {});
    await expect(migrate(database, { appliedBy })).rejects.toMatchObject({
      code: 'TL_SCHEMA_UNKNOWN',
    });
    await database.command('DROP TABLE spans', {}, {});
    await migrate(database, { appliedBy });
    await database.command('TRUNCATE TABLE schema_versions', {}, {});
    await database.command('DROP TABLE received_spans_to_spans', {}, {});
    await migrate(database, { appliedBy });
    expect(await versions(database)).toEqual([1]);
    await database.rows('SELECT count() FROM received_spans_to_spans', {});
  });
});

test('several servers that start at once on an empty or an older database all come up', async () => {
  const name = 'together';
  const clusters = await Promise.all(Array.from({ length: 5 }, () => remote(name)));
  await Promise.all(clusters.map((cluster) => migrate(cluster, { appliedBy, migrations: [] })));
  const migrations = { appliedBy, migrations: MIGRATIONS };
  await Promise.all(clusters.map((cluster) => migrate(cluster, migrations)));
  const [cluster] = clusters as [Database];
  expect(new Set(await versions(cluster))).toEqual(new Set([1, 2, 3]));
  expect(await columns(cluster)).toContain('third');
  expect(await columns(cluster)).not.toContain('second');
});

test('a store is not opened on tables that it does not know', async () => {
  const dataDir = temporaryFolder();
  const open = () => openStore({ dataDir, lifecycles: [ORDER] });
  const path = join(dataDir, 'clickhouse');
  mkdirSync(path, { recursive: true });
  const before = new Engine({ path, memoryBytesMax: 2 ** 30, onWarning });
  await before.start();
  await before.command('CREATE TABLE spans (a String) ENGINE = Null', {}, {});
  await before.stop();
  await expect(open()).rejects.toMatchObject({
    code: 'TL_SCHEMA_UNKNOWN',
    hint: expect.stringContaining('--data-dir'),
  });
  // And nothing keeps the directory.
  await expect(open()).rejects.toMatchObject({ code: 'TL_SCHEMA_UNKNOWN' });
});

test('migrations are numbered without a gap', () => {
  const dir = temporaryFolder();
  writeFileSync(join(dir, 'README.md'), '');
  writeFileSync(join(dir, '0002-first.sql'), 'ALTER TABLE a DROP COLUMN b;\nDROP VIEW c;\n');
  expect(readMigrations(dir)).toEqual([
    { version: 2, statements: ['ALTER TABLE a DROP COLUMN b', 'DROP VIEW c'] },
  ]);
  writeFileSync(join(dir, '0004-third.sql'), '');
  expect(() => readMigrations(dir)).toThrow('0004-third.sql is not the next one');
});
