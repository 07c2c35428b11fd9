// ClickHouse's HTTP interface over the embedded engine. Run alone: npx vitest run --project system engine-http
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import OtherClient from '@apla/clickhouse';
import {
  type ClickHouseClient,
  ClickHouseLogLevel,
  createClient,
  TupleParam,
} from '@clickhouse/client';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type RunningEngine, startEngine } from './support/engine.ts';
import { eventually } from './support/serve.ts';

let engine: RunningEngine;
let client: ClickHouseClient;
beforeAll(async () => {
  engine = await startEngine({
    prepare: (dir) => {
      mkdirSync(join(dir, 'spool'));
      writeFileSync(join(dir, 'spool', 'left-behind'), 'rows');
    },
  });
  client = createClient({ ...engine.endpoint(), log: { level: ClickHouseLogLevel.OFF } });
});
afterAll(async () => {
  await client.close();
  await engine.stop();
});

interface Answer {
  status: number;
  text: string;
  headers: Headers;
}

/** A request as no client writes it. */
async function ask(search: string, init: RequestInit & { duplex?: 'half' } = {}): Promise<Answer> {
  const headers = { 'X-ClickHouse-Key': engine.endpoint().password, ...init.headers };
  const response = await fetch(`${engine.endpoint().url}/${search}`, { ...init, headers });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

function post(body: NonNullable<RequestInit['body']>, search = ''): Promise<Answer> {
  return ask(search, { method: 'POST', body, duplex: 'half' });
}

async function rows<Row>(query: string, parameters: Record<string, unknown> = {}): Promise<Row[]> {
  const result = await client.query({
    query,
    query_params: parameters,
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
  });
  return result.json<Row>();
}

let tables = 0;
async function newTable(columns: string): Promise<string> {
  tables += 1;
  const name = `table_${tables}`;
  await client.command({
    query: `CREATE TABLE ${name} (${columns}) ENGINE = MergeTree ORDER BY tuple()`,
  });
  return name;
}

test('a ping is answered to everybody, a query only to who has the password', async () => {
  expect(await client.ping()).toEqual({ success: true });
  expect(await client.ping({ select: true })).toEqual({ success: true });
  const { url, password } = engine.endpoint();
  expect(await (await fetch(`${url}/ping`)).text()).toBe('Ok.\n');
  expect(await (await fetch(url)).text()).toBe('Ok.\n');
  const query = `${url}/?query=SELECT+1`;
  const without = await fetch(query);
  expect([without.status, without.headers.get('x-clickhouse-exception-code')]).toEqual([
    401,
    '194',
  ]);
  for (const headers of [
    { Authorization: `Basic ${btoa('default:x')}` },
    { 'X-ClickHouse-Key': '' },
  ]) {
    expect((await fetch(query, { headers })).status).toBe(403);
  }
  for (const headers of [
    { Authorization: `Basic ${btoa(`default:${password}`)}` },
    { 'X-ClickHouse-User': 'default', 'X-ClickHouse-Key': password },
  ]) {
    expect(await (await fetch(query, { headers })).text()).toBe('1\n');
  }
  expect(await (await fetch(`${query}&password=${password}`)).text()).toBe('1\n');
});

test('an answer says its format, its query and what it cost', async () => {
  const { headers, text } = await ask(
    '?query_id=q1&default_format=CSV&query=SELECT+1,+{a:String}&param_a=x',
  );
  expect(text).toBe('1,"x"\n');
  expect(headers.get('x-clickhouse-query-id')).toBe('q1');
  expect(headers.get('x-clickhouse-format')).toBe('CSV');
  expect(headers.get('content-type')).toBe('text/csv; charset=UTF-8');
  const json = await post('SELECT 1 AS a FORMAT JSON', '?default_format=CSV');
  expect(json.headers.get('x-clickhouse-format')).toBe('JSON');
  expect(JSON.parse(json.text)).toMatchObject({ data: [{ a: 1 }], rows: 1 });
  expect(JSON.parse(json.headers.get('x-clickhouse-summary') ?? '')).toMatchObject({
    read_rows: '1',
  });
  expect((await post('1 AS a', '?query=SELECT')).text).toBe('1\n');
});

const text = fc.string({ unit: 'grapheme' });
const name = fc.constantFrom(
  "it's",
  'a\\b',
  '',
  '\t\n\r\0\b\f',
  '{x:String}',
  "'); --",
  '\\N',
  'é',
);
const string = fc.oneof(text, name);
const PARAMETERS: [type: string, values: fc.Arbitrary<unknown>][] = [
  ['String', string],
  ['Nullable(String)', fc.option(string)],
  ['LowCardinality(String)', string],
  ['Bool', fc.boolean()],
  ['Int64', fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  ['UInt64', fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })],
  ['Int256', fc.bigInt({ min: -(2n ** 255n), max: 2n ** 255n - 1n })],
  ['Int32', fc.integer()],
  ['Float64', fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Object.is(n, -0))],
  ['Array(String)', fc.array(string)],
  ['Array(Array(String))', fc.array(fc.array(string))],
  ['Array(Nullable(String))', fc.array(fc.option(string))],
  ['Array(Nullable(Int64))', fc.array(fc.option(fc.bigInt({ min: -(2n ** 63n), max: -1n })))],
  ['Map(String, Array(String))', fc.dictionary(string, fc.array(string))],
  ['Tuple(String, Nullable(Int32))', fc.tuple(string, fc.option(fc.integer()))],
];

test.each(PARAMETERS)('a parameter of type %s comes back as it was sent', async (type, values) => {
  const run = async (sent: unknown) => {
    const value = type.startsWith('Tuple') ? new TupleParam(sent as unknown[]) : sent;
    const [row] = await rows<{ v: unknown }>(`SELECT {v:${type}} AS v`, { v: value });
    const expected = JSON.parse(
      JSON.stringify(sent, (_, part) => (typeof part === 'bigint' ? String(part) : part)),
    );
    expect(row).toEqual({ v: expected });
  };
  await fc.assert(fc.asyncProperty(values, run), { numRuns: 20 });
});

test.each([
  ['Date', '2024-02-29'],
  ['DateTime64(9)', '2024-01-01 00:00:00.123456789'],
  ['Decimal(18, 4)', '1.2345'],
  ['UUID', '61f0c404-5cb3-11e7-907b-a6006ad3dba0'],
  ['IPv6', '::1'],
  ["Enum8('a' = 1, 'it\\'s' = 2)", "it's"],
  ['FixedString(4)', 'a\0\\b'],
])('a parameter of type %s is bound', async (type, value) => {
  expect(await rows(`SELECT toString({v:${type}}) AS v`, { v: value })).toEqual([{ v: value }]);
});

test('a parameter of an earlier query is not one of the next', async () => {
  expect(await rows('SELECT {a:String} AS a', { a: 'x' })).toEqual([{ a: 'x' }]);
  await expect(rows('SELECT {a:String} AS a')).rejects.toMatchObject({ code: '456' });
  await expect(rows('SELECT {a:Int32} AS a', { a: '1 OR 1' })).rejects.toMatchObject({
    code: '457',
  });
});

test('settings hold for one statement, of whatever kind', async () => {
  const table = await newTable('a UInt8');
  const statements = [
    `SELECT getSetting('max_threads')`,
    `INSERT INTO ${table} SELECT 1`,
    `INSERT INTO ${table} VALUES (1)`,
    'SHOW TABLES',
    'EXPLAIN SELECT 1',
    `DESCRIBE TABLE ${table}`,
    `ALTER TABLE ${table} ADD COLUMN b String`,
    `OPTIMIZE TABLE ${table}`,
    `SYSTEM STOP MERGES ${table}`,
    `SHOW CREATE TABLE ${table}`,
    `EXISTS TABLE ${table}`,
    `DROP TABLE ${table}`,
  ];
  for (const query of statements) {
    const answer = await post(query, '?max_threads=1&readonly=0');
    expect([query, answer.status]).toEqual([query, 200]);
  }
  expect((await post(`SELECT getSetting('max_threads')`, '?max_threads=7')).text).toBe('7\n');
  expect((await post(`SELECT getSetting('max_threads')`)).text).not.toBe('7\n');
  expect(await post('SELECT 1', '?no_such_setting=1')).toMatchObject({ status: 404 });
});

test('SET and USE hold for the session that they are sent in', async () => {
  const setting = `SELECT currentDatabase(), getSetting('max_block_size')`;
  await post('SET max_block_size = 77', '?session_id=s1');
  await post('USE system', '?session_id=s1');
  expect((await post(setting, '?session_id=s1')).text).toBe('system\t77\n');
  expect((await post(setting, '?session_id=s2')).text).toMatch(/^default\t(?!77)/);
  expect((await post(setting, '?database=system')).text).toMatch(/^system\t(?!77)/);
  expect(await post('SELECT 1', '?session_id=s3&session_check=1')).toMatchObject({ status: 500 });
  expect(await post('SELECT 1', '?database=no`such')).toMatchObject({ status: 404 });
});

test('rows are inserted from a list and from a stream, also compressed', async () => {
  const table = await newTable('a String, b Array(UInt64)');
  const values = [
    { a: "it's \\ \n ; é", b: ['18446744073709551615'] },
    { a: 'INSERT INTO t FORMAT CSV', b: [] },
  ];
  await client.insert({ table, values, format: 'JSONEachRow' });
  const compressing = createClient({
    ...engine.endpoint(),
    compression: { request: true, response: true },
  });
  const stream = Readable.from([{ a: 'streamed', b: [1] }]);
  const { summary } = await compressing.insert({ table, values: stream, format: 'JSONEachRow' });
  expect(summary).toMatchObject({ written_rows: '1' });
  const result = await compressing.query({
    query: `SELECT * FROM ${table} ORDER BY a`,
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
  });
  expect(result.response_headers['content-encoding']).toBe('gzip');
  expect(await result.json()).toEqual([values[1], values[0], { a: 'streamed', b: ['1'] }]);
  await compressing.close();
});

test.each([
  'Native',
  'RowBinary',
  'CSV',
  'TSV',
  'JSONCompactEachRow',
  'Values',
  'Parquet',
])('rows go out and come in as %s, their statement in the URL or before them', async (format) => {
  const table = await newTable('a UInt8, b String');
  const url = `${engine.endpoint().url}/?query=`;
  const headers = { 'X-ClickHouse-Key': engine.endpoint().password };
  // The first byte of the rows is a line's end in the binary formats.
  const select = `SELECT 10::UInt8 AS a, ' ;\n''é' AS b FORMAT ${format}`;
  const sent = Buffer.from(
    await (await fetch(url + encodeURIComponent(select), { headers })).arrayBuffer(),
  );
  const insert = `INSERT INTO ${table} (a, b) FORMAT ${format}`;
  expect(await post(sent, `?query=${encodeURIComponent(insert)}`)).toMatchObject({ status: 200 });
  const before = Buffer.concat([Buffer.from(`${insert}\n`), sent]);
  expect(await post(before)).toMatchObject({ status: 200 });
  const row = { a: 10, b: " ;\n'é" };
  expect(await rows(`SELECT * FROM ${table}`)).toEqual([row, row]);
});

test('an insert reads its rows by input(), as a cluster does', async () => {
  const table = await newTable('a String, b UInt64');
  await client.exec({
    query: `INSERT INTO ${table} SELECT upper(a), b * 2 FROM (SELECT * FROM input({s:String})) FORMAT CSV`,
    values: Readable.from(['"x;",1\n', '"y",2\n'], { objectMode: false }),
    query_params: { s: 'a String, b UInt64' },
    clickhouse_settings: { insert_deduplication_token: 'one' },
  });
  expect(await rows(`SELECT * FROM ${table} ORDER BY a`)).toEqual([
    { a: 'X;', b: '2' },
    { a: 'Y', b: '4' },
  ]);
});

test('a refused insert stores nothing, and no rows are left in files', async () => {
  const table = await newTable('a UInt8');
  const insert = `?query=${encodeURIComponent(`INSERT INTO ${table} FORMAT JSONEachRow`)}`;
  expect(await post('{"a":1}\n{"a":', insert)).toMatchObject({ status: expect.any(Number) });
  expect(await post('{"a":1}\n{"a":"x"}', insert)).toMatchObject({ status: 400 });
  expect(await post('', insert)).toMatchObject({ status: 200 });
  const gzipped = { method: 'POST', headers: { 'Content-Encoding': 'gzip' } };
  expect(await ask(insert, { ...gzipped, body: gzipSync('{"a":3}') })).toMatchObject({
    status: 200,
  });
  expect(await ask(insert, { ...gzipped, body: 'no gzip' })).toMatchObject({ status: 400 });
  const other = { method: 'POST', headers: { 'Content-Encoding': 'br' }, body: 'x' };
  expect(await ask(insert, other)).toMatchObject({ status: 415 });
  expect(await rows(`SELECT a FROM ${table}`)).toEqual([{ a: 3 }]);
  expect(readdirSync(join(engine.dir, 'spool'))).toEqual([]);
});

test('what an earlier engine left of inserts is removed', () => {
  expect(readdirSync(join(engine.dir, 'spool'))).toEqual([]);
});

test('a large answer comes in parts, and stops when its reader goes away', async () => {
  const query = 'SELECT number FROM numbers(1000000000)';
  const result = await client.query({ query, format: 'JSONEachRow' });
  let seen = 0;
  for await (const part of result.stream<{ number: number }>()) {
    seen += part.length;
    if (seen > 100_000) break;
  }
  result.close();
  await eventually('the query is stopped', async () => (await running(query)) === 0);
});

test('a query is stopped when nobody waits for it', async () => {
  const query = 'SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1';
  const abort = new AbortController();
  const asked = rowsUntil(query, abort.signal);
  await eventually('the query runs', async () => (await running(query)) === 1);
  abort.abort();
  await expect(asked).rejects.toThrow('aborted');
  await eventually('the query is stopped', async () => (await running(query)) === 0);
});

test('an insert goes on when nobody waits for it', async () => {
  // Runs until its rows are there, which come when it is told.
  const asked = Promise.withResolvers<ServerResponse>();
  const source = createServer(({ method }, response) => {
    if (method === 'GET') asked.resolve(response);
    else response.end();
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void source.close());
  await once(source, 'listening');
  const { port } = source.address() as AddressInfo;
  const table = await newTable('a UInt8');
  const insert = `INSERT INTO ${table} SELECT a FROM url('http://127.0.0.1:${port}/', 'CSV', 'a UInt8')`;
  const abort = new AbortController();
  const inserted = client.command({ query: insert, abort_signal: abort.signal });
  const response = await asked.promise;
  abort.abort();
  await expect(inserted).rejects.toThrow('aborted');
  response.end('1\n2\n3\n4\n');
  await eventually('the insert is done', async () => (await running(insert)) === 0);
  expect(await rows(`SELECT count() AS n FROM ${table}`)).toEqual([{ n: '4' }]);
});

async function rowsUntil(query: string, signal: AbortSignal): Promise<unknown> {
  const result = await client.query({ query, format: 'JSON', abort_signal: signal });
  return result.json();
}

async function running(query: string): Promise<number> {
  const found = await rows<{ n: string }>(
    'SELECT count() AS n FROM system.processes WHERE query LIKE {query:String}',
    { query: `${query}%` },
  );
  return Number(found[0]?.n);
}

test('a query does not wait for a longer one', async () => {
  // Longer than anybody waits: it ends with the test.
  const query = 'SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 2';
  const abort = new AbortController();
  const long = rowsUntil(query, abort.signal);
  await eventually('the long one runs', async () => (await running(query)) === 1);
  expect(await rows('SELECT {a:UInt8} AS a', { a: 5 })).toEqual([{ a: 5 }]);
  expect(await running(query)).toBe(1);
  abort.abort();
  await expect(long).rejects.toThrow('aborted');
});

test('queries that run side by side have their own parameters and settings', async () => {
  const ask = async (index: number) => {
    const result = await client.query({
      query: `SELECT {a:String} AS a, getSetting('max_block_size') AS b`,
      query_params: { a: `value ${index}` },
      clickhouse_settings: { max_block_size: String(1_000 + (index % 7)) },
      format: 'JSONEachRow',
    });
    expect(await result.json()).toEqual([{ a: `value ${index}`, b: 1_000 + (index % 7) }]);
  };
  await Promise.all(Array.from({ length: 60 }, (_, index) => ask(index)));
});

test('an error after the first rows reaches the client', async () => {
  const query = `SELECT number, throwIf(number = 500000, 'too far') FROM numbers(1000000)`;
  const result = await client.query({ query, format: 'JSONEachRow' });
  await expect(result.json()).rejects.toMatchObject({ code: '395' });
  const gzipped = '&enable_http_compression=1';
  for (const more of ['', gzipped]) {
    const search = `?query=${encodeURIComponent(`${query} FORMAT CSV`)}${more}`;
    // Who does not know the block at the end sees a body that has no end.
    await expect(ask(search)).rejects.toThrow('terminated');
  }
  const whole = await post(query, '?wait_end_of_query=1');
  expect([whole.status, whole.headers.get('x-clickhouse-exception-code')]).toEqual([500, '395']);
});

test.each([
  ['SELECT * FROM no_such_table', 60, 404],
  ['SELECT no_such_column', 47, 404],
  ['SELEC 1', 62, 400],
  ['SELECT 1; SELECT 2', 62, 400],
  ['', 62, 400],
  ['SELECT 1 FORMAT NoSuch', 73, 404],
  ['SELECT sleep(3) SETTINGS max_execution_time = 1', 159, 408],
  ['SELECT * FROM t SETTINGS no_such = 1', 115, 404],
  ["SELECT 1 INTO OUTFILE '/tmp/x'", 358, 500],
  ['CREATE TEMPORARY TABLE t (a UInt8)', 48, 501],
])('%s', async (query, code, status) => {
  const answer = await post(query);
  expect(answer.text).toMatch(
    new RegExp(`^Code: ${code}\\. DB::Exception: .+\\([A-Z_]+\\)\n$`, 's'),
  );
  expect([answer.headers.get('x-clickhouse-exception-code'), answer.status]).toEqual([
    String(code),
    status,
  ]);
});

test('a statement has a bound, its rows and parameters have others', async () => {
  const long = 'x'.repeat(300 * 1024);
  expect(await post(`SELECT '${long}'`)).toMatchObject({ status: 413 });
  expect(await rows('SELECT length({long:String}) AS n', { long })).toEqual([{ n: '307200' }]);
  const table = await newTable('a String');
  expect(await post(`INSERT INTO ${table} VALUES ('${long}')`)).toMatchObject({ status: 200 });
  expect(await rows(`SELECT length(a) AS n FROM ${table}`)).toEqual([{ n: '307200' }]);
});

test('what is not supported is said', async () => {
  expect(await ask('?query=SELECT+1&compress=1')).toMatchObject({ status: 501 });
  expect(await ask('?query=SELECT+1&role=admin')).toMatchObject({ status: 404 });
  expect(await ask('', { method: 'PUT', body: 'SELECT 1' })).toMatchObject({ status: 501 });
  expect(await ask('play')).toMatchObject({ status: 404 });
  const form = new FormData();
  form.set('query', 'SELECT 1');
  expect(await post(form)).toMatchObject({ status: 501 });
});

test('an answer that is kept as a whole is bounded, and so is memory', async () => {
  const large = await post('SELECT * FROM (SELECT number FROM numbers(20000000))');
  expect(large.text).toMatch(/^Code: 396\./);
  const hungry = await post('SELECT length(groupArray(number)) FROM numbers(400000000)');
  expect(hungry.text).toMatch(/^Code: 241\./);
});

test('a reader cannot write, nor get out of the tables', async () => {
  const table = await newTable('a String');
  const attempts = [
    `INSERT INTO ${table} VALUES ('x')`,
    `SELECT * FROM (SELECT 1 SETTINGS readonly = 0)`,
    `SELECT * FROM (SELECT * FROM file('/etc/hostname', 'LineAsString') SETTINGS readonly = 0)`,
    `SELECT 1 SETTINGS readonly = 0`,
    `SELECT * FROM file('/etc/hostname', 'LineAsString')`,
    `SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')`,
    `SELECT file('/etc/hostname')`,
    `DROP TABLE ${table}`,
    'SET readonly = 0',
  ];
  for (const query of attempts) {
    const answer = await post(query, '?readonly=1');
    expect([query, answer.text.slice(0, 10)]).toEqual([query, 'Code: 164.']);
  }
  const byGet = `?query=${encodeURIComponent(`INSERT INTO ${table} VALUES ('x')`)}`;
  expect((await ask(byGet)).text).toMatch(/^Code: 164\./);
  expect((await ask(`${byGet}&readonly=0`)).text).toMatch(/^Code: 164\./);
  expect((await ask('?query=SELECT+1&max_threads=1')).text).toBe('1\n');
  expect(await rows(`SELECT * FROM ${table}`)).toEqual([]);
});

test('another client speaks to it as to any ClickHouse', async () => {
  const { url, password } = engine.endpoint();
  const { hostname: host, port } = new URL(url);
  const other = new OtherClient({ host, port, user: 'default', password });
  expect(await other.pinging()).toBe('Ok.\n');
  const table = await newTable('a String, b UInt64');
  await new Promise<void>((resolve, reject) => {
    const done = (error: Error | null) => (error ? reject(error) : resolve());
    const stream = other.query(`INSERT INTO ${table}`, { format: 'JSONEachRow' }, done);
    stream.write({ a: 'one', b: 1 } as never);
    stream.write({ a: "it's two", b: 2 } as never);
    stream.end();
  });
  await other.querying(`INSERT INTO ${table} VALUES ('three', 3)`);
  const select = `SELECT * FROM ${table} ORDER BY b`;
  expect(await other.querying(select, { format: 'JSON', dataObjects: true })).toMatchObject({
    meta: [
      { name: 'a', type: 'String' },
      { name: 'b', type: 'UInt64' },
    ],
    data: [{ a: 'one' }, { a: "it's two" }, { a: 'three' }],
  });
  expect(await other.querying(select, { readonly: true })).toMatchObject({ rows: 3 });
  await expect(other.querying('SELECT * FROM no_such')).rejects.toThrow(/no_such/);
});

test('a child that does not answer is killed and started again', async () => {
  const own = await startEngine({ answerMsMax: 3_000 });
  onTestFinished(() => own.stop());
  const { pid } = own.supervisor.status();
  if (pid === undefined) throw new Error('the engine has no process');
  process.kill(pid, 'SIGSTOP');
  await eventually('another child runs', async () => {
    const status = own.supervisor.status();
    return status.state === 'ready' && status.pid !== pid;
  });
  expect(own.warnings[0]).toBe('the engine stopped (it did not answer); it is started again');
});

test('a child waits for one that is slow to give up the directory', async () => {
  const first = await startEngine();
  const second = startEngine({ dir: first.dir });
  onTestFinished(async () => (await second).stop());
  // As when it stands still while its server is killed.
  await delay(4_000);
  await first.supervisor.stop();
  expect((await second).supervisor.status().state).toBe('ready');
});
