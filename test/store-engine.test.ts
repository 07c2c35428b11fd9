import { globSync, mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { LifecycleDefinition } from '@throughline/model';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore, type Store } from '../packages/store/src/index.ts';
import {
  encodeRequest,
  hex,
  type OtlpSpan,
  otlpSpan,
  otlpStrings,
} from '../packages/store/src/testing/otlp.ts';

/** The store with its real engine. Run alone: `npx vitest run --project system test/store`. */

const SETTLE_MS = 60_000;

const ORDER: LifecycleDefinition = {
  name: 'order',
  keyAttributes: ['user.id', 'client.order_id'],
  beginSpans: ['client_order_received'],
  endSpans: ['client_order_update'],
  statusAttribute: 'order.status',
  terminalStatuses: ['filled', 'canceled'],
  stageLabels: {},
};

let dir = '';
let store: Store;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'store-'));
  store = await openStore({ dataDir: dir, segmentAgeMs: 20 });
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

async function storeSpans(...spans: OtlpSpan[]): Promise<void> {
  await store.append(encodeRequest(spans));
  await store.settled(SETTLE_MS);
}

function killEngine(pid: number | undefined): void {
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
}

test('a span comes back as it was sent', async () => {
  const span = otlpSpan({
    parent_span_id: Buffer.alloc(8, 7),
    name: "it's a \\ \t name",
    kind: 4,
    start_time_unix_nano: '1700000000000000001',
    end_time_unix_nano: '1700000000000000009',
    attributes: [
      ...otlpStrings({ text: 'naïve \n "quoted"', empty: '', __proto__key: 'x' }),
      { key: 'small', value: { int_value: '-5' } },
      { key: 'large', value: { int_value: '-9223372036854775808' } },
      { key: 'ratio', value: { double_value: 0.1 } },
      { key: 'infinite', value: { double_value: Number.NEGATIVE_INFINITY } },
      { key: 'yes', value: { bool_value: true } },
      { key: 'no', value: { bool_value: false } },
      { key: 'bytes', value: { bytes_value: Uint8Array.of(1, 2, 255) } },
      { key: 'none', value: {} },
      {
        key: 'list',
        value: {
          array_value: {
            values: [
              { string_value: 'a "b"' },
              { int_value: '9007199254740993' },
              { double_value: 1.5 },
              { bool_value: true },
              { kvlist_value: { values: otlpStrings({ inner: 'x' }) } },
            ],
          },
        },
      },
      { key: 'map', value: { kvlist_value: { values: otlpStrings({ a: 'b' }) } } },
    ],
    dropped_attributes_count: 1,
    events: [
      {
        time_unix_nano: '1700000000000000005',
        name: 'exception',
        attributes: [
          ...otlpStrings({ m: 'boom' }),
          { key: 'n', value: { int_value: '2' } },
          { key: 'list', value: { array_value: { values: [{ int_value: '1' }] } } },
          { key: 'map', value: { kvlist_value: { values: otlpStrings({ a: 'b' }) } } },
        ],
      },
      { time_unix_nano: '1700000000000000006', name: 'bare' },
    ],
    dropped_events_count: 2,
    links: [
      {
        trace_id: Buffer.alloc(16, 1),
        span_id: Buffer.alloc(8, 2),
        attributes: otlpStrings({ 'throughline.link.type': 'member_of', more: 'x' }),
      },
      { trace_id: Buffer.alloc(16), span_id: Buffer.alloc(8, 2) },
    ],
    dropped_links_count: 3,
    status: { code: 2, message: 'failed' },
  });
  const resource = [
    ...otlpStrings({ 'service.name': 'gateway', 'host.name': 'h1' }),
    { key: 'process.pid', value: { int_value: '42' } },
  ];
  await store.append(encodeRequest([span], resource));
  await store.settled(SETTLE_MS);
  const { spans, truncated } = await store.reads.spansOfTraces([hex(span.trace_id)], 10);
  expect(truncated).toBe(false);
  expect(spans).toEqual([
    {
      traceId: hex(span.trace_id),
      spanId: hex(span.span_id),
      parentSpanId: '0707070707070707',
      name: "it's a \\ \t name",
      kind: 'producer',
      service: 'gateway',
      host: 'h1',
      startNs: 1700000000000000001n,
      endNs: 1700000000000000009n,
      status: { code: 'error', message: 'failed' },
      attributes: {
        text: 'naïve \n "quoted"',
        empty: '',
        __proto__key: 'x',
        small: -5,
        large: '-9223372036854775808',
        ratio: 0.1,
        infinite: '-Infinity',
        yes: true,
        no: false,
        bytes: 'AQL/',
        none: '',
        list: ['a "b"', '9007199254740993', 1.5, true, '{"inner":"x"}'],
        map: '{"a":"b"}',
      },
      resource: { 'service.name': 'gateway', 'host.name': 'h1', 'process.pid': 42 },
      scope: { name: 'scope-a', version: '1.2.3' },
      events: [
        {
          timeNs: 1700000000000000005n,
          name: 'exception',
          attributes: { m: 'boom', n: 2, list: [1], map: '{"a":"b"}' },
        },
        { timeNs: 1700000000000000006n, name: 'bare', attributes: {} },
      ],
      links: [
        {
          traceId: '01010101010101010101010101010101',
          spanId: '0202020202020202',
          type: 'member_of',
          attributes: { 'throughline.link.type': 'member_of', more: 'x' },
        },
      ],
      // The link to the all-zero trace leads nowhere: it counts as dropped.
      dropped: { attributes: 1, events: 2, links: 4 },
    },
  ]);
});

test('links are found from the span that they lead to', async () => {
  const target = otlpSpan();
  const links = [
    {
      trace_id: target.trace_id,
      span_id: target.span_id,
      attributes: otlpStrings({ 'throughline.link.type': 'filled_by', 'fill.quantity': '0.1' }),
    },
  ];
  const source = otlpSpan({ name: 'fill_matching', links });
  await storeSpans(target, source);
  const page = await store.reads.linksToTraces([hex(target.trace_id), 'f'.repeat(32)], 10);
  expect(page).toEqual({
    links: [
      {
        target: `${hex(target.trace_id)}:${hex(target.span_id)}`,
        source: `${hex(source.trace_id)}:${hex(source.span_id)}`,
        type: 'filled_by',
        attributes: { 'throughline.link.type': 'filled_by', 'fill.quantity': '0.1' },
        name: 'fill_matching',
        service: 'service-a',
        startNs: 1700000000000000000n,
      },
    ],
    truncated: false,
  });
});

test('spans come sorted, a repeated one once, and a bound says that it cut', async () => {
  const trace_id = Buffer.alloc(16, 9);
  const spans = Array.from({ length: 5 }, (_, index) =>
    otlpSpan({ trace_id, start_time_unix_nano: `${1700000000000000000n - BigInt(index)}` }),
  );
  await storeSpans(...spans, ...spans.slice(0, 2));
  const all = await store.reads.spansOfTraces([hex(trace_id)], 5);
  expect(all.truncated).toBe(false);
  expect(all.spans.map(({ spanId }) => spanId)).toEqual(
    spans.map(({ span_id }) => hex(span_id)).reverse(),
  );
  const cut = await store.reads.spansOfTraces([hex(trace_id)], 4);
  expect(cut).toEqual({ spans: all.spans.slice(0, 4), truncated: true });
});

test('nothing asked, nothing found, no error', async () => {
  expect(await store.reads.spansOfTraces([], 10)).toEqual({ spans: [], truncated: false });
  expect(await store.reads.linksToTraces(["'); DROP"], 10)).toEqual({
    links: [],
    truncated: false,
  });
  expect(await store.reads.findBegins(ORDER, ["o'1\\"])).toEqual([]);
  expect(await store.reads.beginsOfTraces(ORDER, [])).toEqual([]);
});

/**
 * Order `index`: begins at second `index`; every third stays open, the others end after a while.
 */
function orderSpans(index: number): OtlpSpan[] {
  const beginNs = 1_700_000_000_000_000_000n + BigInt(index) * 1_000_000_000n;
  const trace_id = Buffer.alloc(16, index + 1);
  const attributes = otlpStrings({
    'user.id': `User${index % 3}`,
    'client.order_id': `order-${index}`,
    'trading.symbol': index % 2 ? 'BTCUSDT' : 'ETHUSDT',
    'order.side': 'buy',
  });
  const update = (status: string, afterNs: bigint) =>
    otlpSpan({
      name: 'client_order_update',
      start_time_unix_nano: `${beginNs + afterNs}`,
      end_time_unix_nano: `${beginNs + afterNs}`,
      attributes: [...attributes.slice(0, 2), ...otlpStrings({ 'order.status': status })],
    });
  return [
    otlpSpan({
      trace_id,
      name: 'client_order_received',
      start_time_unix_nano: `${beginNs}`,
      end_time_unix_nano: `${beginNs + 1n}`,
      attributes,
    }),
    otlpSpan({ name: 'order_manager_processing', attributes }),
    update('partially_filled', 5n),
    ...(index % 3 === 0 ? [] : [update('filled', BigInt(1000 - index)), update('filled', 2000n)]),
  ];
}

test('begins are found by the whole key, by its last part, and by trace', async () => {
  await storeSpans(...orderSpans(4), ...orderSpans(5));
  const begin = {
    span: expect.stringMatching(/^(05){16}:/),
    key: ['User1', 'order-4'],
    beginNs: 1_700_000_004_000_000_000n,
  };
  expect(await store.reads.findBegins(ORDER, ['User1', 'order-4'])).toEqual([begin]);
  expect(await store.reads.findBegins(ORDER, ['order-4'])).toEqual([begin]);
  expect(await store.reads.findBegins(ORDER, ['User2', 'order-4'])).toEqual([]);
  expect(await store.reads.findBegins(ORDER, ['User1'])).toEqual([]);
  expect(await store.reads.beginsOfTraces(ORDER, ['05'.repeat(16)])).toEqual([begin]);
});

/** Any lifecycle, of any time. */
const EVERYTHING = {
  words: [],
  status: undefined,
  startNs: undefined,
  endNs: undefined,
  cursor: undefined,
};

test('pages of lifecycles join to the whole list, in each order', async () => {
  const ordersMax = 23;
  await storeSpans(...Array.from({ length: ordersMax }, (_, index) => orderSpans(index)).flat());
  for (const sort of ['begin', 'duration'] as const) {
    const whole = await store.reads.listBegins(ORDER, { ...EVERYTHING, sort, limit: 100 });
    expect(whole).toMatchObject({ total: ordersMax, cursor: undefined });
    const rows = [];
    let cursor: string | undefined;
    do {
      const page = await store.reads.listBegins(ORDER, { ...EVERYTHING, sort, limit: 5, cursor });
      expect(page.total).toBe(ordersMax);
      rows.push(...page.rows);
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(rows).toEqual(whole.rows);
  }
});

test('a list is newest or longest first, an open lifecycle counting until now', async () => {
  await storeSpans(...[0, 1, 2, 3, 4].flatMap(orderSpans));
  const options = { ...EVERYTHING, limit: 9 };
  const keysOf = async (sort: 'begin' | 'duration') =>
    (await store.reads.listBegins(ORDER, { ...options, sort })).rows.map(({ key }) => key[1]);
  expect(await keysOf('begin')).toEqual(['order-4', 'order-3', 'order-2', 'order-1', 'order-0']);
  expect(await keysOf('duration')).toEqual(['order-0', 'order-3', 'order-1', 'order-2', 'order-4']);
  const { rows } = await store.reads.listBegins(ORDER, { ...options, sort: 'begin', limit: 2 });
  expect(rows.map(({ end }) => end)).toEqual([
    { span: expect.any(String), endNs: 1_700_000_004_000_000_996n, status: 'filled' },
    undefined,
  ]);
});

test('every word of a filter must occur, and the range is half-open', async () => {
  await storeSpans(...[0, 1, 2, 3, 4].flatMap(orderSpans));
  const options = { ...EVERYTHING, sort: 'begin', limit: 9 } as const;
  const keysOf = async (words: string[], startNs?: bigint, endNs?: bigint) => {
    const page = await store.reads.listBegins(ORDER, { ...options, words, startNs, endNs });
    expect(page.total).toBe(page.rows.length);
    return page.rows.map(({ key }) => key[1]);
  };
  expect(await keysOf(['btc', 'FILLED'])).toEqual(['order-1']);
  expect(await keysOf(['open', 'buy'])).toEqual(['order-3', 'order-0']);
  expect(await keysOf(['user1'])).toEqual(['order-4', 'order-1']);
  expect(await keysOf(["'"])).toEqual([]);
  expect(await keysOf([], 1_700_000_001_000_000_000n, 1_700_000_003_000_000_000n)).toEqual([
    'order-2',
    'order-1',
  ]);
});

test('a status is matched exactly, and open is any that is not terminal', async () => {
  await storeSpans(...[0, 1, 2, 3, 4].flatMap(orderSpans));
  const keysOf = async (status: string) => {
    const options = { ...EVERYTHING, sort: 'begin', limit: 9, status } as const;
    return (await store.reads.listBegins(ORDER, options)).rows.map(({ key }) => key[1]);
  };
  expect(await keysOf('open')).toEqual(['order-3', 'order-0']);
  expect(await keysOf('filled')).toEqual(['order-4', 'order-2', 'order-1']);
  expect(await keysOf('fill')).toEqual([]);
});

test('what was acknowledged is loaded after a restart', async () => {
  const span = otlpSpan();
  await store.append(encodeRequest([span]));
  await store.close();
  store = await openStore({ dataDir: dir });
  await store.settled(SETTLE_MS);
  expect((await store.reads.spansOfTraces([hex(span.trace_id)], 10)).spans).toHaveLength(1);
});

test('an engine that is killed again and again loses nothing and doubles nothing', async () => {
  const batches = 60;
  const spansPerBatch = 200;
  let appending = true;
  const kills = (async () => {
    while (appending) {
      await delay(400 + Math.random() * 300);
      killEngine((await store.status()).engine.pid);
    }
  })();
  for (let batch = 0; batch < batches; batch += 1) {
    await store.append(encodeRequest(Array.from({ length: spansPerBatch }, () => otlpSpan())));
    await delay(50);
  }
  appending = false;
  await kills;
  await store.settled(SETTLE_MS);
  const status = await store.status();
  expect(status.engine.restarts).toBeGreaterThan(2);
  // Counted in the table itself, where a span that was loaded twice would count twice.
  expect(status.store.spansLoaded).toBe(batches * spansPerBatch);
  expect(status.store.recordsQuarantined).toBe(0);
});

test('reads wait for a restarting engine', async () => {
  const span = otlpSpan();
  await storeSpans(span);
  killEngine((await store.status()).engine.pid);
  await expect
    .poll(async () => (await store.status()).engine.state, { interval: 5 })
    .toBe('restarting');
  expect((await store.reads.spansOfTraces([hex(span.trace_id)], 10)).spans).toHaveLength(1);
});

test('unreadable records are set aside, their neighbours stored exactly once', async () => {
  const good = Array.from({ length: 20 }, () => otlpSpan());
  const broken = Uint8Array.of(0x0a, 0x03, 0x12, 0x7f, 0x01);
  const records = good.flatMap((span, index) =>
    index % 7 === 0 ? [encodeRequest([span]), broken] : [encodeRequest([span])],
  );
  await Promise.all(records.map((record) => store.append(record)));
  await store.settled(SETTLE_MS);
  const status = await store.status();
  expect(status.store).toMatchObject({ spansLoaded: 20, recordsQuarantined: 3 });
  const ids = good.map(({ trace_id }) => hex(trace_id));
  expect((await store.reads.spansOfTraces(ids, 100)).spans).toHaveLength(20);
  await store.close();
  store = await openStore({ dataDir: dir });
  expect((await store.status()).store.recordsQuarantined).toBe(3);
});

test('a damaged part is named in the status, and the rest is served', async () => {
  await storeSpans(otlpSpan());
  await store.close();
  const data = globSync(join(dir, 'clickhouse', 'store', '*', '*', '2*', 'data.bin'));
  expect(data).toHaveLength(1);
  for (const file of data) truncateSync(file, 10);
  store = await openStore({ dataDir: dir });
  expect((await store.status()).store.warnings).toEqual([
    expect.stringMatching(/^part .* of spans is set aside: broken/),
  ]);
  const span = otlpSpan();
  await storeSpans(span);
  expect((await store.reads.spansOfTraces([hex(span.trace_id)], 10)).spans).toHaveLength(1);
});

test('a request of the largest size that OTLP allows is stored', async () => {
  const trace_id = Buffer.alloc(16, 3);
  const attributes = otlpStrings({ text: 'x'.repeat(1_000) });
  const span = () => otlpSpan({ trace_id, attributes });
  const record = encodeRequest(Array.from({ length: 60_000 }, span));
  expect(record.length).toBeGreaterThan(60 * 1024 ** 2);
  await store.append(record);
  await store.settled(SETTLE_MS);
  expect((await store.status()).store).toMatchObject({ spansLoaded: 60_000 });
});

test('a second store on the same directory is refused', async () => {
  await expect(openStore({ dataDir: dir })).rejects.toMatchObject({
    code: 'TL_DATA_DIR_LOCKED',
    message: expect.stringContaining(`process ${process.pid}`),
  });
});
