/**
 * The reference system `options` as processes, over a real Kafka into a real PostgreSQL and into the
 * embedded one: `vitest run --project system test/options`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Consumer, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { startKafka } from '../scripts/provision/kafka.ts';
import { startPostgres } from '../scripts/provision/postgres.ts';
import {
  metricOf,
  metricsOf,
  type OptionsProcess,
  startOptions,
} from './support/options-processes.ts';
import { type CollectedSpan, type Collector, startCollector } from './support/orders-collector.ts';
import { startProcess } from './support/process.ts';
import { edgesOf } from './support/span-tree.ts';

const WAIT_MS = 60_000;
/** Assertions on what several processes send, each when it gets round to it. */
const PATIENT = { timeout: WAIT_MS, interval: 100 };

let kafka: Awaited<ReturnType<typeof startKafka>>;
let postgres: Awaited<ReturnType<typeof startPostgres>>;
let collector: Collector;
let database: pg.Pool;
/** Those that run through all tests, as they would through the days. */
let processor: OptionsProcess;
let storage: OptionsProcess;
let historical: OptionsProcess;
const processes: OptionsProcess[] = [];
/** The traces of earlier tests: those that run through all of them may still export spans of these. */
const past = new Set<string>();

beforeAll(async () => {
  [kafka, postgres, collector] = await Promise.all([
    startKafka(),
    startPostgres(),
    startCollector(),
  ]);
  database = new pg.Pool({ connectionString: postgres.url, max: 1 });
  [processor, storage, historical] = await Promise.all([
    start('processor'),
    start('storage'),
    start('historical'),
  ]);
});
afterEach(async () => {
  const lasting = [processor, storage, historical];
  for (const process of processes.filter((each) => !lasting.includes(each))) await stop(process);
  await database.query('TRUNCATE option_quotes');
  for (const { traceId } of collector.spans) past.add(traceId);
  collector.spans.length = 0;
});
afterAll(async () => {
  await Promise.all(processes.map(({ stop }) => stop()));
  await database?.end();
  await Promise.all([kafka?.stop(), postgres?.stop(), collector?.close()]);
});

async function start(service: string, ...args: string[]): Promise<OptionsProcess> {
  const toDatabase = ['storage', 'historical'].includes(service)
    ? ['--postgres', postgres.url]
    : [];
  const all = ['--kafka', kafka.bootstrap, ...toDatabase, ...args];
  const process = await startOptions(`${service}/main.ts`, all, collector.url);
  processes.push(process);
  return process;
}

async function stop(process: OptionsProcess, signal?: NodeJS.Signals): Promise<void> {
  processes.splice(processes.indexOf(process), 1);
  await process.stop(signal);
}

async function until(isDone: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadlineMs = performance.now() + WAIT_MS;
  while (!(await isDone())) {
    if (performance.now() > deadlineMs) throw new Error(`not in time: ${what}`);
    await sleep(20);
  }
}

interface Row {
  readonly contract: string;
  readonly trace_id: string;
}

/** The rows of the quotes that were fed since the test began. */
async function rows(): Promise<Row[]> {
  const sql = 'SELECT contract, trace_id FROM option_quotes ORDER BY contract, quote_time';
  const found = await database.query<Row>(sql).catch(() => ({ rows: [] }));
  const fed = new Set(named('fetch_instrument_data').map(({ traceId }) => traceId));
  return found.rows.filter((row) => fed.has(row.trace_id));
}

/** What arrived of the traces of this test. */
function spans(): CollectedSpan[] {
  return collector.spans.filter(({ traceId }) => !past.has(traceId));
}

function named(name: string): CollectedSpan[] {
  return spans().filter((span) => span.name === name);
}

/** How many traces have the span: a message that comes again has it twice. */
function tracesWith(name: string): number {
  return new Set(named(name).map(({ traceId }) => traceId)).size;
}

/** What hangs below what in a trace. */
function treeOf(traceId: string): string[] {
  return edgesOf(spans().filter((span) => span.traceId === traceId));
}

/** Waits until every trace is whole. Each service sends its own part of it, late or soon. */
async function untilWhole(traceIds: readonly string[]): Promise<void> {
  await vi.waitFor(() => {
    for (const traceId of traceIds) expect(treeOf(traceId)).toEqual(TREE);
  }, PATIENT);
}

/** Of every quote, from the feed to its row: each span with its kind, and what it is below. */
const TREE = [
  'ingestion internal enrich_context < ingestion fetch_instrument_data',
  'ingestion internal fetch_instrument_data < -',
  'ingestion producer send_to_kafka < ingestion fetch_instrument_data',
  'processor consumer process_message < ingestion send_to_kafka',
  'processor internal calculate_bsm < processor process_message',
  'processor internal clean_data < processor process_message',
  'processor producer send_enriched < processor process_message',
  'storage client db_write < storage store_data',
  'storage consumer store_data < processor send_enriched',
  'storage internal prepare_records < storage store_data',
];

test('each quote is one trace from the feed to its row, and batches link to their messages', async () => {
  const priced = await metricOf(processor, 'processor_quotes_priced_total');
  const written = await metricOf(storage, 'storage_rows_written_total');
  await start('ingestion', '--quotes', '60', '--rate', '500');
  await until(async () => (await rows()).length === 60, 'all rows');

  const stored = await rows();
  expect(new Set(stored.map((row) => row.trace_id)).size).toBe(60);
  await untilWhole(stored.map((row) => row.trace_id));
  expect(spans().filter(({ isError }) => isError)).toEqual([]);

  for (const [topic, sends, processName] of [
    ['options.quotes', 'send_to_kafka', 'process_message'],
    ['options.priced', 'send_enriched', 'store_data'],
  ] as const) {
    const sent = new Set(named(sends).map(({ spanId }) => spanId));
    // A receive ends after all that it brought.
    await vi.waitFor(() => {
      const linked = named(`receive ${topic}`).flatMap(({ links }) => links);
      expect(new Set(linked.map(({ spanId }) => spanId))).toEqual(sent);
    }, PATIENT);
    const receives = named(`receive ${topic}`);
    expect(receives.every(({ parentSpanId }) => parentSpanId === undefined)).toBe(true);
    expect(tracesWith(processName)).toBe(60);
  }
  // The statement is the batch's, and is seen by itself below the batch.
  await vi.waitFor(() => {
    const receives = new Set(named('receive options.priced').map(({ spanId }) => spanId));
    const statements = spans().filter(
      ({ name, parentSpanId }) =>
        name.startsWith('pg.query:INSERT') && receives.has(parentSpanId ?? ''),
    );
    expect(statements.length).toBe(receives.size);
  }, PATIENT);

  // At least: what the group did not hear in time that it was done with comes again.
  expect(await metricOf(processor, 'processor_quotes_priced_total')).toBeGreaterThanOrEqual(
    priced + 60,
  );
  expect(await metricOf(storage, 'storage_rows_written_total')).toBe(written + 60);
  for (const { ready } of [processor, storage]) {
    expect((await fetch(`${ready.health}/readyz`)).status).toBe(200);
  }
});

test('a poisoned message goes to the dead-letter topic as an error, and holds nobody up', async () => {
  const producer = new Producer({
    clientId: 'stranger',
    bootstrapBrokers: [kafka.bootstrap],
    serializers: stringSerializers,
  });
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
  const poison = { topic: 'options.quotes', key: 'poison', value: '{"price":"-1"}', headers };
  await producer.send({ messages: [poison] });
  await producer.close();
  await start('ingestion', '--quotes', '20', '--rate', '500');
  await until(async () => (await rows()).length === 20, 'the other rows');
  await until(() => tracesWith('process_message') === 21, 'all messages');
  const children = ['clean_data', 'send options.dead-letter'];
  await until(() => children.every((name) => below(name, traceId).length > 0), 'all spans');

  const failed = named('process_message').filter(({ isError }) => isError);
  expect(failed.filter((span) => span.traceId !== traceId)).toEqual([]);
  for (const refused of failed) {
    expect(refused).toMatchObject({
      parentSpanId: 'b7ad6b7169203331',
      attributes: { 'error.type': 'TL_MESSAGE_INVALID' },
    });
  }
  const [clean] = below('clean_data', traceId);
  const [letter] = below('send options.dead-letter', traceId);
  expect(clean?.isError).toBe(true);
  expect(failed.map(({ spanId }) => spanId)).toContain(clean?.parentSpanId);
  expect(failed.map(({ spanId }) => spanId)).toContain(letter?.parentSpanId);
  expect(await metricOf(processor, 'processor_messages_refused_total')).toBeGreaterThan(0);

  const letters = await deadLetters();
  expect(letters).toEqual([
    { value: poison.value, reason: 'contract: Invalid input: expected string, received undefined' },
  ]);
});

/** The spans of the name in a trace. */
function below(name: string, traceId: string): CollectedSpan[] {
  return named(name).filter((span) => span.traceId === traceId);
}

/** What is in the topic of refused messages. */
async function deadLetters(): Promise<{ value: string; reason: string | undefined }[]> {
  const consumer = new Consumer({
    clientId: 'reader',
    groupId: 'reader',
    bootstrapBrokers: [kafka.bootstrap],
    deserializers: stringDeserializers,
  });
  const stream = await consumer.consume({ topics: ['options.dead-letter'], mode: 'earliest' });
  for await (const { value, headers } of stream) {
    await stream.close();
    await consumer.close(true);
    return [{ value, reason: headers.get('dead-letter.reason') }];
  }
  return [];
}

// biome-ignore lint/suspicious/noExplicitAny: what the tests look into is what they test
async function ask(url: string, body?: unknown): Promise<{ status: number; body: any }> {
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  const response = await fetch(url, body === undefined ? {} : request);
  return { status: response.status, body: await response.json() };
}

test('what is stored is served page by page, and a backfill tells how far it is', async () => {
  const { url = '' } = historical.ready;
  const { body } = await ask(`${url}/recordings`);
  const [recording] = body.recordings;

  // Twice: the second one writes the same rows again.
  for (const round of [1, 2]) {
    const started = await ask(`${url}/backfill`, { recording, limit: 50 });
    expect(started).toMatchObject({ status: 202, body: { state: 'running', total: 50 } });
    const progress = async () => (await ask(`${url}/backfill/${started.body.id}`)).body;
    await until(async () => (await progress()).state !== 'running', 'the backfill');
    expect(await progress()).toMatchObject({ state: 'completed', total: 50, sent: 50 });
    await until(() => tracesWith('db_write') === 50 * round, 'all writes');
  }
  await until(async () => (await rows()).length === 50, 'the quotes that they are of');
  const stored = await rows();
  expect(stored).toHaveLength(50);

  const underlying = String(stored[0]?.contract.split('-')[0]);
  const contracts: string[] = [];
  for (let after = ''; ; ) {
    const page = await ask(`${url}/chain?underlying=${underlying}&limit=20&after=${after}`);
    contracts.push(...page.body.quotes.map((quote: Row) => quote.contract));
    if (page.body.next === undefined) break;
    after = page.body.next;
  }
  expect([...contracts].sort()).toEqual(stored.map(({ contract }) => contract).sort());
  const { body: quotes } = await ask(`${url}/quotes?contract=${contracts[0]}`);
  expect(quotes).toMatchObject({ quotes: [{ contract: contracts[0] }] });
  expect(await ask(`${url}/quotes?contract=${contracts[0]}&limit=0`)).toMatchObject({
    status: 400,
    body: { error: { code: 'TL_BAD_REQUEST' } },
  });
  expect((await ask(`${url}/backfill`, { recording: 'none' })).status).toBe(404);

  // Each quote of a backfill is a trace of its own, which says what asked for it.
  const [quote] = named('fetch_instrument_data');
  const asked = () => spans().find(({ spanId }) => spanId === quote?.links[0]?.spanId);
  expect(quote?.links[0]?.attributes['throughline.link.type']).toBe('triggered_by');
  await until(() => asked() !== undefined, 'the request');
  expect(asked()).toMatchObject({ service: 'historical' });
  await until(() => spans().some(({ name }) => name.startsWith('pg.query:SELECT')), 'SQL');
});

test('replicas that are killed and added in mid-stream lose no context and no row', async () => {
  const doomed = await start('processor');
  const feed = await start('ingestion', '--rate', '100');
  await until(async () => (await metricOf(doomed, 'processor_quotes_priced_total')) > 0, 'work');
  await stop(doomed, 'SIGKILL');
  const [added] = await Promise.all([start('processor'), start('storage')]);
  await until(
    async () => (await metricOf(added, 'processor_quotes_priced_total')) > 0,
    'take-over',
  );
  await stop(feed);
  const feeds = new Map(
    named('fetch_instrument_data').map((span) => [
      span.traceId,
      span.attributes['option.contract'],
    ]),
  );
  await until(async () => (await rows()).length === feeds.size, 'all rows');

  // Each row has come in the trace of its own quote, whoever worked on it, and however often.
  const stored = await rows();
  expect(new Set(stored.map((row) => row.trace_id)).size).toBe(feeds.size);
  for (const row of stored) expect(feeds.get(row.trace_id)).toBe(row.contract);
  for (const name of ['process_message', 'store_data']) {
    expect(named(name).filter((span) => !feeds.has(span.traceId))).toEqual([]);
  }
  for (const process of processes.filter(({ ready }) => ready.service !== 'historical')) {
    const consumed = 'throughline_sdk_messages_consumed_total';
    // Of one moment: messages may still come again.
    const metric = await metricsOf(process);
    expect(metric(consumed)).toBe(metric(`${consumed}{outcome="with_context"}`));
  }
});

test('all in one process, over channels and into the embedded database, traces look the same', async () => {
  const args = ['--transport', 'channel', '--quotes', '40', '--rate', '500'];
  const system = await startOptions('main.ts', args, collector.url);
  processes.push(system);
  await until(() => tracesWith('fetch_instrument_data') === 40, 'all quotes');
  await untilWhole(named('fetch_instrument_data').map(({ traceId }) => traceId));
  const [quote] = named('fetch_instrument_data');
  const underlying = quote?.attributes['trading.symbol'];
  const { body } = await ask(`${system.ready.url}/chain?underlying=${underlying}&limit=1000`);
  expect(body.quotes).toHaveLength(40);
  expect(new Set(body.quotes.map(({ trace_id }: Row) => trace_id)).size).toBe(40);
  expect(spans().filter(({ isError }) => isError)).toEqual([]);
});

interface FloorReady {
  readonly rows: readonly { readonly service: string; readonly replica: string }[];
  readonly services: Readonly<Record<string, { readonly url: string }>>;
}

test('on a floor with Kafka and without PostgreSQL, the processes share a database in memory', async () => {
  // They would take the messages.
  for (const process of [...processes]) await stop(process);
  const flags = ['--json', '--exit-with-parent', '--systems', 'options'];
  const brokers = ['--kafka', kafka.bootstrap, '--otlp', collector.url];
  const floor = await startProcess<FloorReady>('trading/floor.ts', [...flags, ...brokers]);
  const { rows, services } = floor.ready;
  expect(rows.map(({ service }) => service).sort()).toEqual(
    ['exchange', 'pglite', ...['historical', 'ingestion', 'processor', 'storage']].sort(),
  );
  // What storage has written, historical reads.
  const underlying = () => named('fetch_instrument_data')[0]?.attributes['trading.symbol'];
  await until(() => named('db_write').length > 0 && underlying() !== undefined, 'a row');
  const url = `${services.historical?.url}/chain?underlying=${underlying()}`;
  await until(async () => (await ask(url)).body.quotes.length > 0, 'the quotes');
  expect(await floor.stop()).toBe(0);
});
