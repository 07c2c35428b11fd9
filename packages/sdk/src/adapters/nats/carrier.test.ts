import { headers as headersOf3 } from '@nats-io/transport-node';
import { type Context, INVALID_SPAN_CONTEXT, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { ATTR } from '@throughline/model';
import fc from 'fast-check';
import { headers as headersOf2 } from 'nats';
import { expect, test } from 'vitest';
import { withBusinessIds } from '../../propagation/business-ids.ts';
import { formatCompact } from '../../propagation/compact.ts';
import { TRACE_HEADERS_FIELD } from '../../propagation/payload.ts';
import { testTracing } from '../../testing/tracing.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import { encodeMessage, type NatsPacking, packOutgoing, readCarrier } from './carrier.ts';
import type { MakeNatsHeaders, NatsHeaders } from './client.ts';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const OTHER = '00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01';
const SERVER = { headers: true, max_payload: 1_048_576 };
const LINES: [string, MakeNatsHeaders][] = [
  ['nats 2', headersOf2],
  ['transport-node 3', headersOf3],
];

const tracing = testTracing();

function someContext(): Context {
  const base = withBusinessIds(ROOT_CONTEXT, { [ATTR.userId]: 'u1' });
  return trace.setSpan(base, tracing.tracer.startSpan('send', {}, base));
}

function pack(context: Context, message: unknown, given: Partial<NatsPacking> = {}) {
  return packOutgoing(tracing, context, {
    message,
    body: encodeMessage(message),
    headers: undefined,
    carrier: undefined,
    makeHeaders: headersOf3,
    server: SERVER,
    reservedBytes: 0,
    ...given,
  });
}

/** As a client of either line gives it to its subscriber. */
function received(data: Uint8Array, headers?: NatsHeaders) {
  return { subject: 'orders.new', data, headers };
}

function spanIdIn(data: Uint8Array, headers?: NatsHeaders, by: Tracing = tracing) {
  return by.propagator.read(readCarrier(by, received(data, headers))).spanContext?.spanId;
}

function spanIdOf(context: Context): string | undefined {
  return trace.getSpanContext(context)?.spanId;
}

function headersWith(make: MakeNatsHeaders, entries: readonly [string, string][]): NatsHeaders {
  const headers = make();
  for (const [key, value] of entries) headers.append(key, value);
  return headers;
}

test.each(LINES)('a context goes in the headers of %s and comes out again', (_, makeHeaders) => {
  const context = someContext();
  const { data, headers } = pack(context, { symbol: 'BTCUSDT' }, { makeHeaders });
  expect(JSON.parse(Buffer.from(data).toString())).toEqual({ symbol: 'BTCUSDT' });
  expect([...(headers ?? [])].map(([key]) => key)).toEqual(['traceparent', 'baggage']);
  expect(spanIdIn(data, headers)).toBe(spanIdOf(context));
});

test.each(LINES)('the headers of the caller are copied with %s, in order', (_, makeHeaders) => {
  const given = headersWith(makeHeaders, [
    ['Nats-Msg-Id', 'm1'],
    ['X-Many', 'a'],
    ['X-Many', 'b'],
  ]);
  const before = [...given].map(([key, values]) => [key, [...values]]);
  const { headers } = pack(someContext(), 'text', { makeHeaders, headers: given });
  expect([...given]).toEqual(before);
  expect([...(headers ?? [])].slice(0, 2)).toEqual(before);
});

test('a stale context of the caller is replaced, whatever its case', () => {
  const given = headersWith(headersOf3, [['TraceParent', 'not one']]);
  const context = someContext();
  const { data, headers } = pack(context, 'text', { headers: given });
  expect(spanIdIn(data, headers)).toBe(spanIdOf(context));
});

test('the payload takes the context where it is asked to, or the server has no headers', () => {
  const context = someContext();
  const message = Object.freeze({ symbol: 'BTCUSDT' });
  const packings = [
    { carrier: 'payload' as const },
    { server: { ...SERVER, headers: false } },
    { server: { max_payload: SERVER.max_payload } },
  ];
  for (const packing of packings) {
    const { data, headers } = pack(context, message, packing);
    expect(headers).toBeUndefined();
    const { [TRACE_HEADERS_FIELD]: field, ...rest } = JSON.parse(Buffer.from(data).toString());
    expect(Object.keys(field)).toEqual(['traceparent', 'baggage']);
    expect(rest).toEqual(message);
    expect(spanIdIn(data)).toBe(spanIdOf(context));
  }
});

test('both carriers can be written', () => {
  const context = someContext();
  const { data, headers } = pack(context, { a: 1 }, { carrier: 'both' });
  expect(spanIdIn(data)).toBe(spanIdOf(context));
  expect(spanIdIn(new Uint8Array(0), headers)).toBe(spanIdOf(context));
});

test.each([
  ['text', '{"a":1}'],
  ['bytes', new Uint8Array([0, 1, 255])],
  ['an array', [1, 2]],
  ['nothing', undefined],
])('%s is sent as it is, with headers', (_, message) => {
  const context = someContext();
  for (const carrier of ['headers', 'payload', 'both'] as const) {
    const { data, headers } = pack(context, message, { carrier });
    expect(data).toEqual(encodeMessage(message));
    if (message instanceof Uint8Array) expect(data).toBe(message);
    expect(spanIdIn(data, headers)).toBe(spanIdOf(context));
  }
});

test('what neither carrier can take goes without, and says so', () => {
  const server = { ...SERVER, headers: false };
  const body = new Uint8Array([1]);
  expect(pack(someContext(), body, { server, carrier: 'headers' })).toEqual({
    data: body,
    headers: undefined,
    omitted: 'no_carrier',
  });
});

test('a message is sent with context up to the last byte of max_payload, and without beyond', () => {
  for (const carrier of ['headers', 'payload', 'both'] as const) {
    const given = headersWith(headersOf3, [['X-Size', 'größe']]);
    const context = someContext();
    const message = { text: 'x'.repeat(100) };
    const full = pack(context, message, { carrier, headers: given });
    const encoded = full.headers as unknown as { encode(): Uint8Array };
    const size = full.data.length + encoded.encode().length;
    const exact = { ...SERVER, max_payload: size };
    expect(pack(context, message, { carrier, headers: given, server: exact })).toEqual(full);
    const short = { ...SERVER, max_payload: size - 1 };
    expect(pack(context, message, { carrier, headers: given, server: short })).toEqual({
      data: encodeMessage(message),
      headers: given,
      omitted: 'max_payload',
    });
    const reserved = { carrier, headers: given, server: exact, reservedBytes: 1 };
    expect(pack(context, message, reserved).omitted).toBe('max_payload');
  }
});

test('without a context, or with tracing disabled, nothing is added', () => {
  expect(pack(ROOT_CONTEXT, { a: 1 })).toEqual({
    data: encodeMessage({ a: 1 }),
    headers: undefined,
  });
  const disabled = testTracing({ enabled: false });
  const packing = { message: {}, body: encodeMessage({}), headers: undefined, carrier: undefined };
  const given = { ...packing, makeHeaders: headersOf3, server: SERVER, reservedBytes: 0 };
  expect(packOutgoing(disabled, someContext(), given).headers).toBeUndefined();
});

test('a function for headers that fails does not fail the message', () => {
  const makeHeaders = () => {
    throw new TypeError('not that function');
  };
  const { data, omitted } = pack(someContext(), 'text', { makeHeaders });
  expect(data).toEqual(encodeMessage('text'));
  expect(omitted).toBe('no_carrier');
});

test.each(LINES)('names of headers match in any case, with %s', (_, makeHeaders) => {
  for (const name of ['traceparent', 'Traceparent', 'TRACEPARENT', 'TraceParent']) {
    const headers = headersWith(makeHeaders, [[name, PARENT]]);
    expect(spanIdIn(new Uint8Array(0), headers)).toBe('b7ad6b7169203331');
  }
});

test('the compact form is read from either carrier', () => {
  const spanContext = trace.getSpanContext(someContext());
  const compact = formatCompact(spanContext ?? INVALID_SPAN_CONTEXT);
  const headers = headersWith(headersOf3, [['_tl', compact]]);
  expect(spanIdIn(new Uint8Array(0), headers)).toBe(spanContext?.spanId);
  expect(spanIdIn(encodeMessage({ symbol: 'BTCUSDT', _tl: compact }))).toBe(spanContext?.spanId);
});

test('several traceparents are malformed; lists of baggage and trace state are joined', () => {
  const twice = [
    [
      ['traceparent', PARENT],
      ['traceparent', PARENT],
    ],
    [
      ['traceparent', PARENT],
      ['Traceparent', OTHER],
    ],
  ] as [string, string][][];
  for (const entries of twice) {
    const message = received(new Uint8Array(0), headersWith(headersOf3, entries));
    expect(tracing.propagator.read(readCarrier(tracing, message)).outcome).toBe('malformed');
  }
  const headers = headersWith(headersOf3, [
    ['traceparent', PARENT],
    ['tracestate', 'a=1'],
    ['tracestate', 'b=2'],
    ['Baggage', 'user.id=u1'],
    ['baggage', 'batch.id=b1'],
  ]);
  const carrier = readCarrier(tracing, received(new Uint8Array(0), headers));
  const { spanContext, baggage } = tracing.propagator.read(carrier);
  expect(spanContext?.traceState?.serialize()).toBe('a=1,b=2');
  expect(baggage?.getAllEntries().map(([key]) => key)).toEqual(['user.id', 'batch.id']);
});

test('headers win over the payload; baggage alone in them does not hide its context', () => {
  const data = encodeMessage({ [TRACE_HEADERS_FIELD]: { traceparent: OTHER } });
  const headers = headersWith(headersOf3, [['traceparent', PARENT]]);
  expect(spanIdIn(data, headers)).toBe('b7ad6b7169203331');
  const onlyBaggage = headersWith(headersOf3, [['baggage', 'user.id=u1']]);
  expect(spanIdIn(data, onlyBaggage)).toBe('00f067aa0ba902b7');
});

test('whatever comes in, reading does not throw', () => {
  const traced = fc
    .string()
    .map((text) => encodeMessage(`{"${TRACE_HEADERS_FIELD}":{"traceparent":"${text}`));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), traced), (data) => {
      expect(readCarrier(tracing, received(data))).toEqual({});
    }),
  );
  const hostile = {
    subject: 'x',
    data: new Uint8Array(0),
    get headers(): NatsHeaders {
      throw new TypeError('bad header block');
    },
  };
  expect(readCarrier(tracing, hostile)).toEqual({});
});

test('any JSON message and any headers come out as they went in, beside the context', () => {
  const name = fc.stringMatching(/^X-[A-Za-z0-9-]{1,20}$/);
  const value = fc.stringMatching(/^[!-~]([ -~]{0,30}[!-~])?$/);
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.array(fc.tuple(name, value), { maxLength: 5 }),
      fc.constantFrom(...(['headers', 'payload', 'both'] as const)),
      fc.constantFrom(...LINES.map(([, make]) => make)),
      (message, entries, carrier, makeHeaders) => {
        const context = someContext();
        const headers = headersWith(makeHeaders, entries);
        const body = encodeMessage(message);
        const out = pack(context, message, { carrier, headers, makeHeaders });
        expect(encodeMessage(message)).toEqual(body);
        expect(spanIdIn(out.data, out.headers)).toBe(spanIdOf(context));
        const { [TRACE_HEADERS_FIELD]: _, ...rest } = JSON.parse(Buffer.from(out.data).toString());
        expect(rest).toEqual(JSON.parse(Buffer.from(body).toString()));
        const theirs = [...(out.headers ?? [])].filter(([key]) => key.startsWith('X-'));
        expect(theirs).toEqual([...headers]);
      },
    ),
  );
});
