/**
 * The store whose tables are on a ClickHouse that it did not start, over real HTTP. Run alone:
 * `npx vitest run --project system test/store-http`.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Cluster } from '../packages/store/src/cluster/cluster.ts';
import { openStore, type Store, type StoreOptions } from '../packages/store/src/index.ts';
import { indexedBy } from '../packages/store/src/indexed.ts';
import { Journal } from '../packages/store/src/journal/journal.ts';
import { Loading } from '../packages/store/src/loading.ts';
import { Quarantine } from '../packages/store/src/quarantine.ts';
import { migrate } from '../packages/store/src/schema/migrate.ts';
import { statements } from '../packages/store/src/sql.ts';
import { encodeRequest, hex, otlpSpan } from '../packages/store/src/testing/otlp.ts';
import { type ClickHouseServer, startClickHouse } from './support/clickhouse.ts';
import { ROWS_PER_TRACE, Sender } from './support/sender.ts';
import { eventually, readStatus, startServe, temporaryFolder } from './support/serve.ts';
import { ORDER, storeContract } from './support/store/contract.ts';
import { openDistributed, openRemote } from './support/store/remote.ts';

const SETTLE_MS = 60_000;
const DAY_MS = 24 * 3_600_000;

storeContract('the store on a ClickHouse server', openRemote);
storeContract('the store on a cluster of two shards', openDistributed);

describe('a store and the ClickHouse server of somebody else', () => {
  let server: ClickHouseServer;
  let databases = 0;
  beforeAll(async () => {
    server = await startClickHouse();
  });
  afterAll(() => server.stop());

  /** A database of its own for each test. */
  const newDatabase = () => {
    databases += 1;
    return `store_${databases}`;
  };

  const open = async (database: string, options: Partial<StoreOptions> = {}): Promise<Store> => {
    const store = await openStore({
      dataDir: temporaryFolder(),
      cluster: { url: server.url, password: server.password, database },
      lifecycles: [ORDER],
      segmentAgeMs: 20,
      ...options,
    });
    onTestFinished(() => store.close());
    return store;
  };

  const count = async (table: string): Promise<number> => {
    const [row] = await server.rows<{ n: string }>(`SELECT count() AS n FROM ${table}`);
    return Number(row?.n);
  };

  test('several servers on one ClickHouse that is killed: every span is there, once', async () => {
    const database = newDatabase();
    const servers = await Promise.all(
      [0, 1].map(() => startServe(temporaryFolder(), ['serve', ...server.flags(database)])),
    );
    const senders = servers.map(
      ({ otlpHttp }) => new Sender(otlpHttp, { encoding: 'proto', connections: 3 }),
    );
    await eventually('spans are acknowledged', async () =>
      senders.every(({ acknowledged }) => acknowledged.size > 50),
    );
    for (let kills = 0; kills < 2; kills += 1) {
      await delay(500);
      await server.kill();
      for (const { ui } of servers) {
        await eventually('the outage is known', async () => {
          return (await readStatus(ui)).engine.state === 'restarting';
        });
      }
      await server.start();
    }
    await delay(500);
    await Promise.all(senders.map((sender) => sender.stop()));
    for (const [index, { ui }] of servers.entries()) {
      await eventually('everything is loaded', async () => {
        return (await readStatus(ui)).journal.bytes === 0;
      });
      const { engine, store } = await readStatus(ui);
      expect(engine.state).toBe('ready');
      // Answers of before that come late may make two of one outage.
      expect(engine.restarts).toBeGreaterThan(0);
      expect(engine.pid).toBeUndefined();
      expect(store.recordsQuarantined).toBe(0);
      expect([...(senders[index]?.refused ?? [])]).toEqual([]);
    }
    const acknowledged = senders.flatMap((sender) => [...sender.acknowledged]);
    expect(await wholeTraces(database)).toEqual(acknowledged.sort());
  });

  /** Ids of the traces; one that is not whole, or of which a row is there twice, says so. */
  async function wholeTraces(database: string): Promise<string[]> {
    const tables = {
      spans: ROWS_PER_TRACE.spans,
      trace_links: ROWS_PER_TRACE.links,
      correlation: ROWS_PER_TRACE.ids,
      lifecycle_spans: ROWS_PER_TRACE.boundaries,
    };
    const counts = Object.keys(tables).map(
      (table, index) => `SELECT trace_id, ${index} AS place FROM ${database}.${table}`,
    );
    const rows = await server.rows<{ id: string; rows: string[] }>(
      `SELECT lower(hex(trace_id)) AS id,
        [countIf(place = 0), countIf(place = 1), countIf(place = 2), countIf(place = 3)] AS rows
      FROM (${counts.join(' UNION ALL ')}) GROUP BY trace_id ORDER BY id`,
    );
    const expected = Object.values(tables).join();
    return rows.map(({ id, rows: found }) => {
      return found.join() === expected ? id : `${id}: ${found.join()}`;
    });
  }

  test('a segment that is inserted again adds nothing, and a probe never adds', async () => {
    const database = newDatabase();
    const cluster = new Cluster(
      { url: server.url, password: server.password, database },
      { onWarning: () => undefined },
    );
    onTestFinished(() => cluster.stop());
    await cluster.start();
    await migrate(cluster, { appliedBy: 'test' });
    const dir = temporaryFolder();
    const quarantine = await Quarantine.open({
      dir: temporaryFolder(),
      onWarning: () => undefined,
    });
    const journal = await Journal.open(
      {
        dir,
        durability: 'os',
        bytesMax: 2 ** 30,
        segmentBytesMax: 2 ** 30,
        segmentAgeMs: 10,
        bucket: () => 1_699_920_000,
      },
      quarantine,
    );
    onTestFinished(() => journal.close());
    const links = [{ trace_id: Buffer.alloc(16, 1), span_id: Buffer.alloc(8, 2) }];
    await journal.append(encodeRequest([otlpSpan({ links }), otlpSpan()]));
    await journal.changed();
    const segment = journal.oldest();
    if (!segment) throw new Error('there is no segment');
    const loading = new Loading(cluster, indexedBy([ORDER]));
    for (const load of ['origins', 'spans'] as const) {
      await loading.probe(load, undefined);
      await loading.probe(load, segment);
    }
    expect([await count(`${database}.spans`), await count(`${database}.origins`)]).toEqual([0, 0]);
    for (let round = 0; round < 3; round += 1) {
      await loading.store('origins', segment);
      await loading.store('spans', segment);
    }
    expect(await count(`${database}.origins`)).toBe(1);
    expect(await count(`${database}.spans`)).toBe(2);
    expect(await count(`${database}.trace_links`)).toBe(1);
  });

  test('an outage is said once; receiving goes on, reads say so, and then all is there', async () => {
    const warnings: string[] = [];
    const store = await open(newDatabase(), { onWarning: (message) => warnings.push(message) });
    const [before, during] = [otlpSpan(), otlpSpan()];
    const idsOf = [hex(before.trace_id), hex(during.trace_id)];
    await store.append(encodeRequest([before]));
    await store.settled(SETTLE_MS);
    await server.kill();
    await store.append(encodeRequest([during]));
    await expect(store.reads.spansOfTraces(idsOf, 10)).rejects.toMatchObject({
      code: 'TL_ENGINE_UNAVAILABLE',
    });
    expect((await store.status()).engine).toMatchObject({ state: 'restarting', restarts: 1 });
    await server.start();
    await store.settled(SETTLE_MS);
    expect((await store.reads.spansOfTraces(idsOf, 10)).spans).toHaveLength(2);
    const { engine } = await store.status();
    expect(engine).toEqual({
      state: 'ready',
      restarts: 1,
      version: expect.stringMatching(/^\d+\./),
    });
    const told = warnings.filter((message) => message.startsWith('ClickHouse at'));
    expect(told).toEqual([
      expect.stringContaining(`ClickHouse at ${server.url} does not answer: `),
      `ClickHouse at ${server.url} answers again`,
    ]);
  });

  test('what no segment can be loaded into is not held against a segment', async () => {
    const warnings: string[] = [];
    const store = await open(newDatabase(), { onWarning: (message) => warnings.push(message) });
    const functions = statements('schema', 'functions.sql');
    await server.command('DROP FUNCTION otlpStrings');
    await store.append(encodeRequest([otlpSpan()]));
    // More often than it takes to suspect the segment.
    await expect.poll(() => warnings.length).toBeGreaterThan(4);
    expect((await store.status()).store).toMatchObject({ spansLoaded: 0, recordsQuarantined: 0 });
    for (const text of functions) await server.command(text);
    await store.settled(SETTLE_MS);
    expect((await store.status()).store).toMatchObject({ spansLoaded: 1, recordsQuarantined: 0 });
  });

  test('unreadable records are set aside, their neighbours stored', async () => {
    const store = await open(newDatabase());
    const broken = Uint8Array.of(0x0a, 0x03, 0x12, 0x7f, 0x01);
    const records = [encodeRequest([otlpSpan()]), broken, encodeRequest([otlpSpan()])];
    await Promise.all(records.map((record) => store.append(record)));
    await store.settled(SETTLE_MS);
    expect((await store.status()).store).toMatchObject({ spansLoaded: 2, recordsQuarantined: 1 });
  });

  test('servers that prune the same at once prune it once, and keep the rest', async () => {
    const database = newDatabase();
    let nowMs = Date.now();
    const warnings: string[] = [];
    const options = {
      retention: { ageMs: 7 * DAY_MS, diskBytesMax: 1e12 },
      clock: () => nowMs,
      onWarning: (message: string) => warnings.push(message),
    };
    const stores = [await open(database, options), await open(database, options)];
    const keep = async (): Promise<void> => {
      for (const store of stores) await store.append(encodeRequest([otlpSpan()]));
      for (const store of stores) await store.settled(SETTLE_MS);
    };
    await keep();
    nowMs += 30 * DAY_MS;
    await keep();
    await Promise.all(stores.map((store) => store.prune()));
    expect(await count(`${database}.spans`)).toBe(2);
    expect(warnings.filter((message) => !message.startsWith('pruned'))).toEqual([]);
  });

  test('a server starts only with a ClickHouse that it can work with, and says what is wrong', async () => {
    const { url, password } = server;
    const refusal = (cluster: Partial<StoreOptions['cluster']>) =>
      open('x', { cluster: { url, password, database: 'x', ...cluster } }).then(
        () => undefined,
        (error: Error & { code: string }) => `${error.code}: ${error.message}`,
      );
    expect(await refusal({ password: 'other' })).toMatch(
      /^TL_CLUSTER_UNAVAILABLE: .*Authentication failed/,
    );
    expect(await refusal({ url: 'http://127.0.0.1:1', patienceMs: 300 })).toMatch(
      /^TL_CLUSTER_UNAVAILABLE: ClickHouse at http:\/\/127.0.0.1:1 cannot be used: .*ECONNREFUSED/,
    );
    expect(await refusal({ cluster: 'elsewhere' })).toMatch(
      /^TL_CONFIG_INVALID: .* no cluster elsewhere/,
    );
    const old = createServer((request, response) => {
      let query = '';
      request.on('data', (chunk) => {
        query += chunk;
      });
      request.on('end', () =>
        response.end(query.includes('version()') ? '{"version":"24.3.1"}\n' : ''),
      );
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void old.close());
    await once(old, 'listening');
    const { port } = old.address() as AddressInfo;
    expect(await refusal({ url: `http://127.0.0.1:${port}` })).toMatch(
      /^TL_CLUSTER_UNAVAILABLE: .*version 24.3.1 is too old/,
    );
  });
});
