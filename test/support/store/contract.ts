import { randomBytes } from 'node:crypto';
import type { LifecycleDefinition, Span } from '@throughline/model';
import type { TraceStore } from '@throughline/store';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  encodeRequest,
  hex,
  type OtlpSpan,
  otlpSpan,
  otlpStrings,
} from '../../../packages/store/src/testing/otlp.ts';
import { coverageContract } from './contract-coverage.ts';
import { OTHER_LIFECYCLES, otherLifecycles } from './contract-lifecycles.ts';
import { longLists } from './contract-lists.ts';
import { type RandomRequest, randomRequest } from './random-spans.ts';

/** A store to hold against the contract of trace-store.ts, however it is reached. */
export interface ContractStore {
  append(record: Uint8Array): Promise<void>;
  /** Resolves when what was appended before is visible. */
  settled(): Promise<void>;
  readonly reads: TraceStore;
  close(): Promise<void>;
}

/** One of the lifecycles with which the stores of the suite are opened: the server's own. */
export const ORDER: LifecycleDefinition = {
  name: 'order',
  keyAttributes: ['user.id', 'client.order_id'],
  beginSpans: ['client_order_received'],
  endSpans: ['client_order_update'],
  statusAttribute: 'order.status',
  terminalStatuses: ['filled', 'canceled', 'replaced', 'rejected', 'expired'],
  stageLabels: {},
};

export const LIFECYCLES: readonly LifecycleDefinition[] = [ORDER, ...OTHER_LIFECYCLES];

const S = 1_000_000_000n;
const RANDOM_REQUESTS = 40;
/** Tests share a store: each has orders of its own, in a stretch of time of its own. */
const BETWEEN_TESTS_NS = 1_000n * S;
let epochNs = 1_700_000_000n * S;

/**
 * The contract of `TraceStore` as tests. An implementation passes all of them, or is none.
 *
 * @param open opens an empty store; it is closed after the last test
 */
export function storeContract(name: string, open: () => Promise<ContractStore>): void {
  describe(name, () => {
    let store: ContractStore;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store?.close());

    const keep = async (...records: Uint8Array[]): Promise<void> => {
      for (const record of records) await store.append(record);
      await store.settled();
    };
    const keepSpans = (...spans: OtlpSpan[]) => keep(encodeRequest(spans));

    fidelity(() => store, keep);
    traces(() => store, keepSpans);
    lifecycles(() => store, keepSpans);
    coverageContract(() => store.reads, keep);
    otherLifecycles(() => store.reads, keepSpans);
    longLists(ORDER, () => store.reads, keepSpans);
  });
}

type Current = () => ContractStore;
type KeepSpans = (...spans: OtlpSpan[]) => Promise<void>;

function fidelity(store: Current, keep: (...records: Uint8Array[]) => Promise<void>): void {
  test('whatever OTLP can carry comes back exactly as it was sent', async () => {
    const requests = fc.sample(randomRequest, { numRuns: RANDOM_REQUESTS, seed: 42 });
    await keep(...requests.map(({ record }) => record));
    for (const { spans } of requests) {
      const traceIds = [...new Set(spans.map(({ traceId }) => traceId))];
      const page = await store().reads.spansOfTraces(traceIds, 1_000);
      expect(page).toEqual({ spans: sorted(spans), truncated: false });
    }
  });

  test('the extremes of each type come back as they are', async () => {
    const [request] = fc.sample(randomRequest, { numRuns: 1, seed: 1 }) as [RandomRequest];
    const trace_id = randomBytes(16);
    const values = {
      'int.least': { int_value: '-9223372036854775808' },
      'int.most': { int_value: '9223372036854775807' },
      'int.zero': { int_value: '0' },
      'double.zero': { double_value: 0 },
      'double.negative_zero': { double_value: -0 },
      'double.one': { double_value: 1 },
      'double.tiny': { double_value: 5e-324 },
      'double.infinite': { double_value: Number.NEGATIVE_INFINITY },
      'double.nan': { double_value: Number.NaN },
      'bool.false': { bool_value: false },
      'string.empty': { string_value: '' },
      'string.json': { string_value: '{"array":"AQI="}' },
      'string.lines': { string_value: '\\ " \' \t \n \r \u2028 \0 \u{1f4c8}' },
      'bytes.empty': { bytes_value: new Uint8Array() },
      'bytes.any': { bytes_value: Uint8Array.of(0, 255, 10, 34) },
      'array.empty': { array_value: { values: [] } },
      'map.empty': { kvlist_value: { values: [] } },
      absent: {},
      __proto__key: { string_value: 'x' },
    };
    const attributes = Object.entries(values).map(([key, value]) => ({ key, value }));
    const hostile = [
      ...attributes,
      { key: '__proto__', value: { string_value: 'x' } },
      { key: 'constructor', value: { string_value: 'y' } },
    ];
    const at = { time_unix_nano: '1', name: 'event', attributes };
    const link = { trace_id: randomBytes(16), span_id: randomBytes(8), attributes };
    const span = otlpSpan({ trace_id, attributes: hostile, events: [at], links: [link] });
    await keep(request.record, encodeRequest([span]));
    const { spans } = await store().reads.spansOfTraces([hex(trace_id)], 1);
    const expected = {
      'int.least': -(2n ** 63n),
      'int.most': 2n ** 63n - 1n,
      'int.zero': 0n,
      'double.zero': 0,
      'double.negative_zero': -0,
      'double.one': 1,
      'double.tiny': 5e-324,
      'double.infinite': Number.NEGATIVE_INFINITY,
      'double.nan': Number.NaN,
      'bool.false': false,
      'string.empty': '',
      'string.json': '{"array":"AQI="}',
      'string.lines': '\\ " \' \t \n \r \u2028 \0 \u{1f4c8}',
      'bytes.empty': new Uint8Array(),
      'bytes.any': Uint8Array.of(0, 255, 10, 34),
      'array.empty': [],
      'map.empty': {},
      absent: null,
      __proto__key: 'x',
    };
    expect(spans[0]?.events[0]?.attributes).toEqual(expected);
    expect(spans[0]?.links[0]?.attributes).toEqual(expected);
    const { attributes: own = {} } = spans[0] ?? {};
    expect(Object.entries(own).sort()).toEqual(
      Object.entries({ ...expected, ['__proto__']: 'x', constructor: 'y' }).sort(),
    );
  });

  test('of a key that is sent twice the last value counts', async () => {
    const twice = [...otlpStrings({ key: 'first' }), ...otlpStrings({ key: 'last' })];
    const span = otlpSpan({ attributes: twice });
    await keep(encodeRequest([span]));
    const { spans } = await store().reads.spansOfTraces([hex(span.trace_id)], 1);
    expect(spans[0]?.attributes).toEqual({ key: 'last' });
  });
}

function traces(store: Current, keepSpans: KeepSpans): void {
  test('links are found from the span that they lead to, as are the traces that they come from', async () => {
    const target = otlpSpan();
    const [{ trace_id, span_id }] = [target];
    const attributes = otlpStrings({
      'throughline.link.type': 'filled_by',
      'fill.quantity': '0.1',
    });
    const source = otlpSpan({ name: 'fill_matching', links: [{ trace_id, span_id, attributes }] });
    const sibling = otlpSpan({ trace_id, links: [{ trace_id, span_id }] });
    await keepSpans(target, source, sibling);
    const asked = [hex(trace_id), 'f'.repeat(32)];
    const page = await store().reads.linksToTraces(asked, 10);
    const from = (span: OtlpSpan) => ({
      target: `${hex(trace_id)}:${hex(span_id)}`,
      source: `${hex(span.trace_id)}:${hex(span.span_id)}`,
      service: 'service-a',
      startNs: 1_700_000_000_000_000_000n,
    });
    expect(page.truncated).toBe(false);
    expect(page.links).toHaveLength(2);
    expect(page.links).toContainEqual({
      ...from(source),
      type: 'filled_by',
      attributes: { 'throughline.link.type': 'filled_by', 'fill.quantity': '0.1' },
      name: 'fill_matching',
    });
    expect(page.links).toContainEqual({ ...from(sibling), attributes: {}, name: 'work' });
    expect(await store().reads.tracesLinkingTo(asked, 10)).toEqual({
      traceIds: [hex(source.trace_id)],
      truncated: false,
    });
  });

  test('spans come sorted, a repeated one once, and a bound says that it cut', async () => {
    const trace_id = randomBytes(16);
    const spans = Array.from({ length: 5 }, (_, index) =>
      otlpSpan({ trace_id, start_time_unix_nano: `${1700000000000000000n - BigInt(index)}` }),
    );
    await keepSpans(...spans, ...spans.slice(0, 2));
    await keepSpans(...spans.slice(1, 3));
    const all = await store().reads.spansOfTraces([hex(trace_id)], 5);
    expect(all.truncated).toBe(false);
    expect(all.spans.map(({ spanId }) => spanId)).toEqual(
      spans.map(({ span_id }) => hex(span_id)).reverse(),
    );
    const cut = await store().reads.spansOfTraces([hex(trace_id)], 4);
    expect(cut).toEqual({ spans: all.spans.slice(0, 4), truncated: true });
  });

  test('spans come with those of the traces that they link to, unless they begin a lifecycle', async () => {
    const at = (index: number) => `${1700000000000000000n + BigInt(index)}`;
    const before = otlpSpan({ start_time_unix_nano: at(0) });
    const cause = otlpSpan({ start_time_unix_nano: at(1) });
    const linkTo = ({ trace_id, span_id }: OtlpSpan) => ({ links: [{ trace_id, span_id }] });
    const begin = otlpSpan({
      ...linkTo(before),
      ...{ name: ORDER.beginSpans[0] ?? '', start_time_unix_nano: at(2) },
    });
    const { trace_id } = begin;
    const work = otlpSpan({ ...linkTo(cause), trace_id, start_time_unix_nano: at(3) });
    await keepSpans(before, cause, begin, work);
    const { reads } = store();
    const all = await reads.spansAndCauses(ORDER, [hex(trace_id)], 3);
    expect(all.spans.map(({ spanId }) => spanId)).toEqual(
      [cause, begin, work].map(({ span_id }) => hex(span_id)),
    );
    expect(all.truncated).toBe(false);
    const cut = await reads.spansAndCauses(ORDER, [hex(trace_id)], 2);
    expect(cut).toEqual({ spans: all.spans.slice(0, 2), truncated: true });
    const none = { spans: [], truncated: false };
    expect(await reads.spansAndCauses(ORDER, [], 10)).toEqual(none);
    expect(await reads.spansAndCauses(ORDER, ['c'.repeat(32)], 10)).toEqual(none);
  });

  test('nothing asked, nothing found, no error', async () => {
    const { reads } = store();
    expect(await reads.spansOfTraces([], 10)).toEqual({ spans: [], truncated: false });
    expect(await reads.spansOfTraces(['d'.repeat(32)], 10)).toEqual({
      spans: [],
      truncated: false,
    });
    expect(await reads.linksToTraces(['e'.repeat(32)], 10)).toEqual({
      links: [],
      truncated: false,
    });
    expect(await reads.findBegins(ORDER, ["o'1\\"])).toEqual([]);
    expect(await reads.beginsOfTraces(ORDER, [])).toEqual([]);
  });
}

/**
 * Order `index`: begins at second `index`; every third stays open, the others end after a while. The
 * ids are those of a test of its own.
 */
function orderSpans(test: string, beginOfTestNs: bigint, index: number): OtlpSpan[] {
  const beginNs = beginOfTestNs + BigInt(index) * S;
  const attributes = otlpStrings({
    'user.id': `User${index % 3}`,
    'client.order_id': `${test}-order-${index}`,
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
  const begin = otlpSpan({
    name: 'client_order_received',
    start_time_unix_nano: `${beginNs}`,
    end_time_unix_nano: `${beginNs + 1n}`,
    attributes,
  });
  const ended =
    index % 3 === 0 ? [] : [update('filled', BigInt(1000 - index)), update('filled', 2000n)];
  return [
    begin,
    otlpSpan({ name: 'order_manager_processing', attributes }),
    ...[update('partially_filled', 5n), ...ended].map((span) => ({
      ...span,
      // What an update is about is in its trace, so that a lifecycle's graph has it.
      trace_id: begin.trace_id,
      parent_span_id: begin.span_id,
    })),
  ];
}

function lifecycles(store: Current, keepSpans: KeepSpans): void {
  /** Orders of a test, kept; and the range of time that holds them and no others. */
  const keepOrders = async (test: string, indexes: readonly number[]) => {
    epochNs += BETWEEN_TESTS_NS;
    const startNs = epochNs;
    await keepSpans(...indexes.flatMap((index) => orderSpans(test, startNs, index)));
    return { startNs, endNs: startNs + BETWEEN_TESTS_NS };
  };
  const EVERY = { words: [], status: undefined, cursor: undefined };
  const idsOf = (rows: readonly { key: readonly string[] }[]) =>
    rows.map(({ key }) => key[1]?.replace(/^.*?-/, ''));

  test('begins are found by the whole key, by its last part, and by trace', async () => {
    const { startNs } = await keepOrders('found', [4, 5]);
    const { reads } = store();
    const found = await reads.findBegins(ORDER, ['User1', 'found-order-4']);
    const begin = {
      span: expect.stringMatching(/^[0-9a-f]{32}:[0-9a-f]{16}$/),
      key: ['User1', 'found-order-4'],
      beginNs: startNs + 4n * S,
    };
    expect(found).toEqual([begin]);
    expect(await reads.findBegins(ORDER, ['found-order-4'])).toEqual(found);
    expect(await reads.findBegins(ORDER, ['User2', 'found-order-4'])).toEqual([]);
    expect(await reads.findBegins(ORDER, ['User1'])).toEqual([]);
    const traceId = found[0]?.span.slice(0, 32) ?? '';
    expect(await reads.beginsOfTraces(ORDER, [traceId])).toEqual(found);
  });

  test('pages of lifecycles join to the whole list, in each order', async () => {
    const ordersMax = 23;
    const range = await keepOrders('pages', [...Array(ordersMax).keys()]);
    const { reads } = store();
    for (const sort of ['begin', 'duration'] as const) {
      const options = { ...EVERY, ...range, sort };
      const whole = await reads.listBegins(ORDER, { ...options, limit: 100 });
      expect(whole).toMatchObject({ total: ordersMax, cursor: undefined });
      const rows = [];
      let cursor: string | undefined;
      do {
        const page = await reads.listBegins(ORDER, { ...options, limit: 5, cursor });
        expect(page.total).toBe(ordersMax);
        rows.push(...page.rows);
        cursor = page.cursor;
      } while (cursor !== undefined);
      expect(rows).toEqual(whole.rows);
    }
  });

  test('a list is newest or longest first, an open lifecycle counting until now', async () => {
    const range = await keepOrders('sorted', [0, 1, 2, 3, 4]);
    const options = { ...EVERY, ...range, limit: 9 };
    const keysOf = async (sort: 'begin' | 'duration') =>
      idsOf((await store().reads.listBegins(ORDER, { ...options, sort })).rows);
    expect(await keysOf('begin')).toEqual(['order-4', 'order-3', 'order-2', 'order-1', 'order-0']);
    expect(await keysOf('duration')).toEqual([
      'order-0',
      'order-3',
      'order-1',
      'order-2',
      'order-4',
    ]);
    const { rows } = await store().reads.listBegins(ORDER, { ...options, sort: 'begin', limit: 2 });
    expect(rows.map(({ end }) => end)).toEqual([
      { span: expect.any(String), endNs: range.startNs + 4n * S + 996n, status: 'filled' },
      undefined,
    ]);
  });

  test('every word of a filter must occur, and the range is half-open', async () => {
    const range = await keepOrders('filtered', [0, 1, 2, 3, 4]);
    const options = { ...EVERY, sort: 'begin', limit: 9 } as const;
    const keysOf = async (words: string[], { startNs, endNs } = range) => {
      const page = await store().reads.listBegins(ORDER, { ...options, words, startNs, endNs });
      expect(page.total).toBe(page.rows.length);
      return idsOf(page.rows);
    };
    expect(await keysOf(['btc', 'FILLED'])).toEqual(['order-1']);
    expect(await keysOf(['open', 'buy'])).toEqual(['order-3', 'order-0']);
    expect(await keysOf(['user1'])).toEqual(['order-4', 'order-1']);
    expect(await keysOf(["'"])).toEqual([]);
    const [startNs, endNs] = [range.startNs + S, range.startNs + 3n * S];
    expect(await keysOf([], { startNs, endNs })).toEqual(['order-2', 'order-1']);
  });

  test('a status is matched exactly, and open is any that is not terminal', async () => {
    const range = await keepOrders('status', [0, 1, 2, 3, 4]);
    const keysOf = async (status: string) => {
      const options = { ...EVERY, ...range, sort: 'begin', limit: 9, status } as const;
      return idsOf((await store().reads.listBegins(ORDER, options)).rows);
    };
    expect(await keysOf('open')).toEqual(['order-3', 'order-0']);
    expect(await keysOf('filled')).toEqual(['order-4', 'order-2', 'order-1']);
    expect(await keysOf('fill')).toEqual([]);
  });
}

function sorted(spans: readonly Span[]): Span[] {
  const rank = ({ startNs, traceId, spanId }: Span) =>
    `${String(startNs).padStart(20, '0')}${traceId}${spanId}`;
  return spans.toSorted((left, right) => (rank(left) < rank(right) ? -1 : 1));
}
