import { ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TRACE_HEADERS_FIELD } from '../../propagation/payload.ts';
import { testTracing } from '../../testing/tracing.ts';
import { decodeFrame, encodeFrame } from './carrier.ts';

const tracing = testTracing();
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const context = trace.setSpanContext(ROOT_CONTEXT, {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.SAMPLED,
});
/** What `JSON.parse` gives back as it was: it has no negative zero. */
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)));

test('an object carries its context in a field, which comes off again', () => {
  const order = fc.dictionary(fc.string(), json).filter((value) => !(TRACE_HEADERS_FIELD in value));
  fc.assert(
    fc.property(order, fc.boolean(), (payload, inEnvelope) => {
      const frame = encodeFrame(tracing, Object.freeze(payload), context, inEnvelope);
      expect(decodeFrame(frame, inEnvelope)).toEqual({ payload, carrier: { traceparent } });
    }),
  );
});

test('in an envelope, text and any JSON value carry a context and arrive as they were', () => {
  fc.assert(
    fc.property(fc.oneof(json, fc.string()), (payload) => {
      const frame = encodeFrame(tracing, payload, context, true);
      expect(decodeFrame(frame, true)).toEqual({ payload, carrier: { traceparent } });
    }),
  );
});

test('without an envelope, text and other JSON values go as they would without tracing', () => {
  for (const payload of [[1, { a: 1 }], null, 7, true]) {
    expect(encodeFrame(tracing, payload, context, false)).toBe(JSON.stringify(payload));
    expect(decodeFrame(JSON.stringify(payload), true)).toEqual({ payload, carrier: {} });
  }
  expect(encodeFrame(tracing, 'PING', context, false)).toBe('PING');
  expect(decodeFrame('PING', true)).toEqual({ payload: 'PING', carrier: {} });
});

test('bytes are the same bytes, in and out', () => {
  for (const bytes of [
    Buffer.from('{"a":1}'),
    new ArrayBuffer(2),
    new DataView(new ArrayBuffer(1)),
    new Blob(['x']),
  ]) {
    expect(encodeFrame(tracing, bytes, context, true)).toBe(bytes);
    expect(decodeFrame(bytes, true)).toEqual({ payload: bytes, carrier: {} });
  }
});

test('nothing of ours goes to a peer that is not ours, whatever the payload', () => {
  fc.assert(
    fc.property(fc.oneof(json, fc.string()), fc.boolean(), (payload, inEnvelope) => {
      const plain = typeof payload === 'string' ? payload : JSON.stringify(payload);
      expect(encodeFrame(tracing, payload, undefined, inEnvelope)).toBe(plain);
    }),
  );
});

test('with tracing disabled a frame is as without it', () => {
  const disabled = testTracing({ enabled: false });
  for (const payload of ['text', [1], { data: 1 }]) {
    const plain = typeof payload === 'string' ? payload : JSON.stringify(payload);
    expect(encodeFrame(disabled, payload, context, true)).toBe(plain);
  }
});

test('an object with a field `data` is an envelope only with our field and nothing else', () => {
  const headers = { [TRACE_HEADERS_FIELD]: { traceparent } };
  const decoded = (value: object, inEnvelope: boolean) =>
    decodeFrame(JSON.stringify(value), inEnvelope).payload;
  expect(decoded({ data: 1 }, true)).toEqual({ data: 1 });
  expect(decoded({ data: 1, ...headers }, false)).toEqual({ data: 1 });
  expect(decoded({ data: 1, type: 'x', ...headers }, true)).toEqual({ data: 1, type: 'x' });
  expect(decoded({ data: 1, ...headers }, true)).toBe(1);
});

test('whatever text comes, decoding it does not throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), fc.boolean(), (text, inEnvelope) => {
      expect(() => decodeFrame(text, inEnvelope)).not.toThrow();
    }),
  );
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  expect(() => decodeFrame(deep, true)).not.toThrow();
});
