/**
 * The schema as a cluster gets it, read by the engine's own parser. Run alone:
 * `npx vitest run --project system test/cluster-ddl`.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Layout } from '../packages/store/src/database.ts';
import { renderSchema, renderStatement } from '../packages/store/src/schema/render.ts';
import { type ClickHouseServer, startClickHouse } from './support/clickhouse.ts';

const PLAIN: Layout = { database: 'default', cluster: undefined };
const CLUSTER: Layout = { database: 'traces', cluster: 'main-1' };
const STORED = ['origins', 'spans', 'trace_links', 'correlation', 'lifecycle_spans'];
const ON = 'ON CLUSTER `main-1`';

let server: ClickHouseServer;
beforeAll(async () => {
  server = await startClickHouse();
});
afterAll(() => server.stop());

/** The statement as the engine understands it, a line for each column and clause. */
async function formatted(statement: string): Promise<string[]> {
  const text = statement.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
  const [row] = await server.rows<{ text: string }>(`SELECT formatQuery('${text}') AS text`);
  return (row?.text ?? '').split('\n');
}

/** What a statement says on a cluster and not on one server, and the other way round. */
async function differences(plain: string): Promise<string[][]> {
  const before = await formatted(plain);
  return Promise.all(
    renderStatement(plain, CLUSTER).map(async (statement, index) => {
      const after = await formatted(statement);
      if (index > 0) return after.map((line) => `+ ${line}`);
      return [
        ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
        ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
      ];
    }),
  );
}

function find(begin: string): string {
  const found = renderSchema(PLAIN).find((text) => text.includes(begin));
  if (found === undefined) throw new Error(`the schema has no ${begin}`);
  return found;
}

test('every statement of the schema is one that the engine can read', async () => {
  const statements = renderSchema(CLUSTER);
  for (const statement of statements) await formatted(statement);
  expect(statements).toHaveLength(renderSchema(PLAIN).length + STORED.length);
  expect(statements.filter((text) => !text.includes(ON))).toEqual([]);
});

test('without a cluster statements stay as they are', () => {
  expect(renderStatement('ALTER TABLE spans DELETE WHERE 1', PLAIN)).toEqual([
    'ALTER TABLE spans DELETE WHERE 1',
  ]);
});

test.each(STORED)('%s is replicated within a shard and read from all shards', async (table) => {
  const engine = table === 'origins' ? 'ReplacingMergeTree' : 'MergeTree';
  const [stored = [], distributed, ...more] = await differences(
    find(`CREATE TABLE IF NOT EXISTS ${table}\n`),
  );
  const isSetting = (line: string) => /^. SETTINGS/.test(line);
  expect(stored.filter((line) => !isSetting(line))).toEqual([
    `- CREATE TABLE IF NOT EXISTS ${table}`,
    `- ENGINE = ${engine}`,
    `+ CREATE TABLE IF NOT EXISTS ${table}_local ${ON}`,
    `+ ENGINE = Replicated${engine}('/clickhouse/tables/{shard}/traces/${table}', '{replica}')`,
  ]);
  const [before = '', after = ''] = stored.filter(isSetting);
  expect(before).toContain('non_replicated_deduplication_window = 1000');
  expect(after.slice(2)).toBe(
    before
      .slice(2)
      .replace(
        'non_replicated_deduplication_window = 1000',
        'replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800',
      ),
  );
  expect(distributed).toEqual([
    `+ CREATE OR REPLACE TABLE ${table} ${ON} AS ${table}_local`,
    `+ ENGINE = Distributed('main-1', 'traces', '${table}_local')`,
  ]);
  expect(more).toEqual([]);
});

test('the versions are the same on every node of every shard', async () => {
  const table = 'schema_versions';
  expect(await differences(find(`CREATE TABLE IF NOT EXISTS ${table}\n`))).toEqual([
    [
      `- CREATE TABLE IF NOT EXISTS ${table}`,
      '- ENGINE = MergeTree',
      `+ CREATE TABLE IF NOT EXISTS ${table} ${ON}`,
      `+ ENGINE = ReplicatedMergeTree('/clickhouse/tables/all/traces/${table}', '{shard}-{replica}')`,
    ],
  ]);
});

test('the door and what is only decoded are on each node', async () => {
  for (const table of ['received_spans', 'probed_spans', 'probed_origins']) {
    const [[before = '', after = ''] = []] = await differences(find(`IF NOT EXISTS ${table}`));
    expect(after.slice(2).replace(` ${ON}`, '')).toBe(before.slice(2));
    expect(after).toContain(`CREATE TABLE IF NOT EXISTS ${table} ${ON}`);
  }
});

test.each(STORED.slice(1))('what is inserted goes into %s of the same node', async (table) => {
  const view = `received_spans_to_${table}`;
  const [[before = '', after = ''] = []] = await differences(find(`IF NOT EXISTS ${view} `));
  expect(before).toMatch(
    new RegExp(`^- CREATE MATERIALIZED VIEW IF NOT EXISTS ${view} TO ${table}$`),
  );
  expect(after).toBe(`+ CREATE MATERIALIZED VIEW IF NOT EXISTS ${view} ${ON} TO ${table}_local`);
});

test('functions are created on every node', async () => {
  const functions = ['otlpStrings', 'otlpInts', 'otlpFloats', 'otlpBools', 'otlpOthers'];
  for (const name of functions) {
    const [[before = '', after = ''] = []] = await differences(find(`FUNCTION ${name} `));
    expect(after.slice(2).replace(` ${ON}`, '')).toBe(before.slice(2));
    expect(after).toContain(`FUNCTION ${name} ${ON}`);
  }
});

test('a migration changes the tables that hold rows, on every node', async () => {
  const cases = {
    'ALTER TABLE spans ADD COLUMN IF NOT EXISTS a String': `ALTER TABLE spans_local ${ON} (ADD COLUMN IF NOT EXISTS \`a\` String)`,
    'ALTER TABLE received_spans ADD COLUMN IF NOT EXISTS a String': `ALTER TABLE received_spans ${ON} (ADD COLUMN IF NOT EXISTS \`a\` String)`,
    'DROP VIEW IF EXISTS received_spans_to_spans': `DROP VIEW IF EXISTS received_spans_to_spans ${ON}`,
    'DROP TABLE IF EXISTS probed_spans': `DROP TABLE IF EXISTS probed_spans ${ON} SYNC`,
  };
  for (const [plain, expected] of Object.entries(cases)) {
    const [statement = '', ...more] = renderStatement(plain, CLUSTER);
    expect((await formatted(statement)).join(' ').replaceAll(/\s+/g, ' ')).toBe(expected);
    expect(more).toEqual([]);
  }
  expect(renderStatement('DROP TABLE IF EXISTS spans', CLUSTER)).toEqual([
    `DROP TABLE IF EXISTS spans ${ON} SYNC`,
    `DROP TABLE IF EXISTS spans_local ${ON} SYNC`,
  ]);
  expect(() => renderStatement('OPTIMIZE TABLE spans', CLUSTER)).toThrow('OPTIMIZE TABLE spans');
});
