import { context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { ATTR } from '@throughline/model';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withBusinessIds } from '../../propagation/business-ids.ts';
import { testTracing } from '../../testing/tracing.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import {
  addToHeaders,
  createKafkaHeadersWithTrace,
  extractTraceFromKafkaHeaders,
  type KafkaHeaders,
  readHeaders,
} from './carrier.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;
const OTHER = '00-0af7651916cd43dd8448eb211c80319d-b7ad6b7169203331-01';

let tracing: Tracing;
beforeAll(() => {
  tracing = testTracing({ global: true });
});
afterAll(() => tracing.shutdown());

/** A context with a span and a user. */
const active = withBusinessIds(
  trace.setSpanContext(ROOT_CONTEXT, {
    traceId: TRACE_ID,
    spanId: 'b7ad6b7169203331',
    traceFlags: 1,
  }),
  { [ATTR.userId]: 'u1' },
);

function read(headers: unknown): { traceId: string | undefined; user: string | undefined } {
  const extracted = extractTraceFromKafkaHeaders(headers);
  return {
    traceId: trace.getSpanContext(extracted)?.traceId,
    user: propagation.getBaggage(extracted)?.getEntry(ATTR.userId)?.value,
  };
}

test('a context is read from the headers of every client, whatever the case of the names', () => {
  const bytes = Buffer.from(TRACEPARENT);
  const user = Buffer.from('user.id=u1');
  const shapes: unknown[] = [
    { traceparent: TRACEPARENT, baggage: 'user.id=u1' },
    { TraceParent: bytes, BAGGAGE: [user] },
    { other: undefined, traceparent: [TRACEPARENT], baggage: new Uint8Array(user) },
    new Map([
      ['traceparent', TRACEPARENT],
      ['baggage', 'user.id=u1'],
    ]),
    new Map([
      [Buffer.from('Traceparent'), bytes],
      [Buffer.from('baggage'), user],
    ]),
    [{ traceparent: bytes }, { other: 'x' }, { Baggage: 'user.id=u1' }],
  ];
  for (const headers of shapes) expect(read(headers)).toEqual({ traceId: TRACE_ID, user: 'u1' });
});

test('several values of baggage are one list, several of traceparent are malformed', () => {
  expect(readHeaders(tracing, { baggage: ['user.id=u1', Buffer.from('symbol=ETH')] })).toEqual({
    baggage: 'user.id=u1,symbol=ETH',
  });
  for (const headers of [
    { traceparent: [TRACEPARENT, OTHER] },
    { traceparent: TRACEPARENT, Traceparent: OTHER },
    [{ traceparent: TRACEPARENT }, { traceparent: OTHER }],
    new Map([
      [Buffer.from('traceparent'), TRACEPARENT],
      [Buffer.from('traceparent'), OTHER],
    ]),
  ]) {
    expect(tracing.propagator.read(readHeaders(tracing, headers)).outcome).toBe('malformed');
    expect(read(headers).traceId).toBeUndefined();
  }
});

test('nothing that may stand in for headers makes reading throw', () => {
  const hostile = new Proxy({}, { ownKeys: () => expect.unreachable() });
  expect(read(hostile).traceId).toBeUndefined();
  fc.assert(
    fc.property(fc.anything({ withMap: true, withTypedArray: true }), (headers) => {
      expect(readHeaders(tracing, headers)).toEqual({});
    }),
  );
});

test('headers are made for the active context, of text when there are none to follow', () => {
  const headers = context.with(active, () => createKafkaHeadersWithTrace());
  expect(headers).toEqual({ traceparent: TRACEPARENT, baggage: 'user.id=u1' });
  for (const none of [undefined, null]) {
    expect(createKafkaHeadersWithTrace(none as undefined, active)).toEqual(headers);
  }
  const given = { source: 'feed' };
  expect(createKafkaHeadersWithTrace(given, ROOT_CONTEXT)).toBe(given);
});

const text = fc.string({ maxLength: 8 });
const bytes = fc.uint8Array({ maxLength: 8 }).map((array) => Buffer.from(array));
const others = {
  object: fc.dictionary(text, fc.oneof(text, bytes, fc.array(text, { maxLength: 3 }))),
  textMap: fc.array(fc.tuple(text, text)).map((entries) => new Map(entries)),
  bytesMap: fc.array(fc.tuple(bytes, bytes)).map((entries) => new Map(entries)),
  list: fc.array(fc.tuple(text, fc.oneof(text, bytes)).map(([key, value]) => ({ [key]: value }))),
};

function shapeOf(headers: KafkaHeaders): string {
  if (headers instanceof Map) return 'map';
  return Array.isArray(headers) ? 'list' : 'object';
}

/** Keys with values, however the shape holds them. */
function entriesOf(headers: KafkaHeaders): unknown[] {
  if (headers instanceof Map) return [...headers];
  return Array.isArray(headers) ? headers.flatMap(Object.entries) : Object.entries(headers);
}

test('what is written is read again; the others stay, in order, and the input is not changed', () => {
  for (const shape of Object.values(others)) {
    fc.assert(
      fc.property(shape as fc.Arbitrary<KafkaHeaders>, (headers) => {
        const before = entriesOf(headers);
        const written = addToHeaders(tracing, headers, active, 'string');
        expect(read(written)).toEqual({ traceId: TRACE_ID, user: 'u1' });
        expect(written).not.toBe(headers);
        expect(shapeOf(written)).toBe(shapeOf(headers));
        expect(entriesOf(headers)).toEqual(before);
        const kept = entriesOf(written).slice(0, before.length) as [unknown, unknown][];
        expect(kept).toEqual(before);
        kept.forEach(([, value], index) => {
          expect(value).toBe((before[index] as [unknown, unknown])[1]);
        });
      }),
    );
  }
});

test('bytes are written where the others are bytes, and where the client wants them', () => {
  const given = new Map([[Buffer.from('source'), Buffer.from('feed')]]);
  for (const headers of [given, new Map<Buffer, Buffer>()]) {
    const written = addToHeaders(tracing, headers, active, 'buffer') as Map<unknown, unknown>;
    expect([...written].flat().every(Buffer.isBuffer)).toBe(true);
  }
  expect(createKafkaHeadersWithTrace({ source: Buffer.from('feed') }, active).source).toEqual(
    Buffer.from('feed'),
  );
  const list = addToHeaders(tracing, [{ source: Buffer.from('feed') }], active, 'string');
  expect(list).toContainEqual({ traceparent: Buffer.from(TRACEPARENT) });
});

test('a usable context that is there stays; a malformed one is replaced, in any case', () => {
  for (const headers of [
    { traceparent: OTHER },
    [{ Traceparent: Buffer.from(OTHER) }],
    new Map([['TRACEPARENT', OTHER]]),
  ]) {
    expect(createKafkaHeadersWithTrace<KafkaHeaders>(headers, active)).toBe(headers);
  }
  const broken = { Traceparent: 'broken', tracestate: 'a=1', source: 'feed' };
  const entries = Object.entries(broken);
  const replaced = [
    ['source', 'feed'],
    ['traceparent', TRACEPARENT],
    ['baggage', 'user.id=u1'],
  ];
  for (const headers of [
    broken,
    new Map(entries),
    entries.map(([key, value]) => ({ [key]: value })),
  ]) {
    expect(entriesOf(createKafkaHeadersWithTrace<KafkaHeaders>(headers, active))).toEqual(replaced);
  }
});

test('baggage that is there stays the only one', () => {
  const headers = createKafkaHeadersWithTrace<KafkaHeaders>({ Baggage: 'user.id=u2' }, active);
  expect(headers).toEqual({ Baggage: 'user.id=u2', traceparent: TRACEPARENT });
});

test('disabled, headers stay as they are and hold nothing', () => {
  const off = testTracing({ enabled: false });
  const headers = { traceparent: 'x' };
  expect(addToHeaders(off, headers, active, 'string')).toBe(headers);
  expect(readHeaders(off, { traceparent: TRACEPARENT })).toEqual({});
});
