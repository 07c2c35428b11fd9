import { headers as natsHeaders } from '@nats-io/transport-node';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BaggageAllowList } from '../privacy/baggage-allow-list.ts';
import { testTracing } from '../testing/tracing.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { withBusinessIds } from './business-ids.ts';
import type { Carrier } from './carrier.ts';
import { extractFromPayload, injectIntoPayload, TRACE_HEADERS_FIELD } from './payload.ts';
import { StrictPropagator } from './propagator.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const PARENT = `00-${TRACE}-${SPAN}-03`;
const COMPACT = 'AAr3ZRkWzUPdhEjrIRyAMZy3rWtxaSAzMQM';
const CONTEXT = trace.setSpanContext(ROOT_CONTEXT, { traceId: TRACE, spanId: SPAN, traceFlags: 3 });

const tracing = testTracing();
const compact: Tracing = {
  ...tracing,
  propagator: new StrictPropagator(new BaggageAllowList(), { form: 'compact' }),
};
const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

test('the field holds the headers, and comes off again', () => {
  const payload = Object.freeze({ type: 'order', price: '1.5' });
  const context = withBusinessIds(CONTEXT, { 'user.id': 'u1' });
  const sent = injectIntoPayload(tracing, payload, context);
  expect(sent).toEqual({
    ...payload,
    [TRACE_HEADERS_FIELD]: { traceparent: PARENT, baggage: 'user.id=u1' },
  });
  expect(extractFromPayload(sent)).toEqual({
    payload,
    carrier: { traceparent: PARENT, baggage: 'user.id=u1' },
  });
});

test('in the compact form the payload has one short key, and the field only for baggage', () => {
  const payload = { type: 'order' };
  const sent = injectIntoPayload(compact, payload, CONTEXT);
  expect(sent).toEqual({ ...payload, _tl: COMPACT });
  expect(extractFromPayload(sent)).toEqual({ payload, carrier: { _tl: COMPACT } });
  const context = withBusinessIds(CONTEXT, { 'user.id': 'u1' });
  const withBaggage = injectIntoPayload(compact, payload, context);
  expect(withBaggage).toEqual({
    ...payload,
    _tl: COMPACT,
    [TRACE_HEADERS_FIELD]: { baggage: 'user.id=u1' },
  });
  expect(extractFromPayload(withBaggage)).toEqual({
    payload,
    carrier: { _tl: COMPACT, baggage: 'user.id=u1' },
  });
});

test('a `_tl` that is not of our form belongs to the message, and stays in either form', () => {
  for (const own of ['TL-123', 7, null, { a: 1 }, `${COMPACT}x`]) {
    const payload = { _tl: own };
    expect(extractFromPayload(payload)).toEqual({ payload, carrier: {} });
    for (const by of [tracing, compact]) {
      const sent = injectIntoPayload(by, payload, CONTEXT);
      const { payload: received, carrier } = extractFromPayload(sent);
      expect(received).toEqual(payload);
      expect(by.propagator.read(carrier).spanContext?.traceId).toBe(TRACE);
    }
  }
});

test('a context that the payload still had from another message is replaced whole', () => {
  const stale = {
    a: 1,
    _tl: COMPACT.replace('AAr3', 'AAr4'),
    [TRACE_HEADERS_FIELD]: { traceparent: PARENT.replace('0af', 'fff'), tracestate: 'a=1' },
  };
  expect(injectIntoPayload(tracing, stale, CONTEXT)).toEqual({
    a: 1,
    [TRACE_HEADERS_FIELD]: { traceparent: PARENT },
  });
  expect(injectIntoPayload(compact, stale, CONTEXT)).toEqual({ a: 1, _tl: COMPACT });
});

test('a traceparent adds 96 bytes to a JSON payload and 82 as a NATS header, the compact form 44', () => {
  const payload = { type: 'tick', price: '1.5' };
  const before = bytes(payload);
  const added = bytes(injectIntoPayload(tracing, payload, CONTEXT)) - before;
  expect(added).toBe(96);
  expect(added).toBeGreaterThanOrEqual(90);
  expect(added).toBeLessThanOrEqual(150);
  const carrier: Carrier = {};
  tracing.propagator.inject(CONTEXT, carrier);
  const headers = natsHeaders();
  for (const [key, value] of Object.entries(carrier)) headers.set(key, value);
  expect((headers as unknown as { encode(): Uint8Array }).encode()).toHaveLength(82);
  expect(bytes(injectIntoPayload(compact, payload, CONTEXT)) - before).toBe(44);
});

test('the names in the field match in any case, the field itself only as it is', () => {
  const headers = { Traceparent: PARENT, BAGGAGE: 'user.id=u1' };
  const { carrier } = extractFromPayload({ [TRACE_HEADERS_FIELD]: headers });
  const { spanContext, baggage } = tracing.propagator.read(carrier);
  expect(spanContext?.traceId).toBe(TRACE);
  expect(baggage?.getEntry('user.id')?.value).toBe('u1');
  const payload = { _OTEL_TRACE_HEADERS: headers };
  expect(extractFromPayload(payload).payload).toBe(payload);
});

test('a traceparent in two spellings is two', () => {
  const headers = { traceparent: PARENT, Traceparent: PARENT };
  const { carrier } = extractFromPayload({ [TRACE_HEADERS_FIELD]: headers });
  expect(tracing.propagator.read(carrier).outcome).toBe('malformed');
});

test('only text under our names comes out of the field, and no prototype is touched', () => {
  const text = `{"a":1,"__proto__":{"traceparent":"${PARENT}"},"${TRACE_HEADERS_FIELD}":
    {"__proto__":{"traceparent":"${PARENT}"},"constructor":"x","tracestate":7,"other":"x"}}`;
  const { payload, carrier } = extractFromPayload(JSON.parse(text));
  expect(Object.keys(carrier)).toEqual([]);
  expect(tracing.propagator.read(carrier).outcome).toBe('withoutContext');
  expect(Object.getPrototypeOf(carrier)).toBe(Object.prototype);
  expect(Object.getPrototypeOf(payload)).toBe(Object.prototype);
  expect(Object.keys(payload as object)).toEqual(['a', '__proto__']);
  expect(Object.getPrototypeOf(injectIntoPayload(tracing, payload, CONTEXT))).toBe(
    Object.prototype,
  );
  expect(
    tracing.propagator.read(JSON.parse(`{"__proto__":{"traceparent":"${PARENT}"}}`)).outcome,
  ).toBe('withoutContext');
});

test('what is not a plain object, or cannot be read, is left alone', () => {
  const hostile = Object.defineProperty({ [TRACE_HEADERS_FIELD]: {} }, 'a', {
    enumerable: true,
    get: () => {
      throw new TypeError('no');
    },
  });
  for (const payload of ['text', Buffer.from([1]), [1], null, undefined, 7, new Map(), hostile]) {
    expect(injectIntoPayload(tracing, payload, CONTEXT)).toBe(payload);
    expect(extractFromPayload(payload).payload).toBe(payload);
    expect(extractFromPayload(payload).carrier).toEqual({});
  }
});

test('any JSON object comes back as it was, with its context, in both forms', () => {
  const object = fc.dictionary(fc.string(), fc.jsonValue());
  fc.assert(
    fc.property(object, fc.constantFrom(tracing, compact), fc.string(), (given, by, id) => {
      const payload = JSON.parse(JSON.stringify(given));
      const context = withBusinessIds(CONTEXT, { 'user.id': id });
      const sent = JSON.parse(JSON.stringify(injectIntoPayload(by, payload, context)));
      const extracted = extractFromPayload(sent);
      expect(JSON.stringify(extracted.payload)).toBe(JSON.stringify(payload));
      const { spanContext, baggage } = by.propagator.read(extracted.carrier);
      expect(spanContext).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags: 3, isRemote: true });
      expect(baggage?.getEntry('user.id')?.value).toBe(id.toWellFormed());
    }),
  );
});
