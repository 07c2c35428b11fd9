import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { ATTR } from '@throughline/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withBusinessIds } from '../../propagation/business-ids.ts';
import {
  extractFromPayload,
  injectIntoPayload,
  TRACE_HEADERS_FIELD,
} from '../../propagation/payload.ts';
import { readable, testTracing } from '../../testing/tracing.ts';
import { clientContextLink, startWebSocketConsumer } from './consumer.ts';
import { sendTraced, startWebSocketProducer } from './producer.ts';

test('a context goes over the wire in the field of the payload, and comes off it again', () => {
  const tracing = testTracing();
  const base = withBusinessIds(ROOT_CONTEXT, { [ATTR.userId]: 'u1' });
  const send = startWebSocketProducer(tracing, 'send', { context: base, destination: 'updates' });
  const sent: string[] = [];
  const payload = Object.freeze({ type: 'order.update', status: 'filled' });
  sendTraced(tracing, { send: (text) => sent.push(text) }, payload, send.context);
  const received = JSON.parse(sent[0] ?? '');
  expect(Object.keys(received[TRACE_HEADERS_FIELD])).toEqual(['traceparent', 'baggage']);
  const extracted = extractFromPayload(received);
  expect(extracted.payload).toEqual(payload);
  const consumer = startWebSocketConsumer(tracing, 'process', { carrier: extracted.carrier });
  expect(readable(consumer.span).parentSpanContext?.spanId).toBe(send.span.spanContext().spanId);
  expect(readable(consumer.span).attributes).toMatchObject({
    [ATTR.userId]: 'u1',
    [ATTR.messagingSystem]: 'websocket',
  });
});

test.each([
  ['text', 'hello'],
  ['bytes', Buffer.from([1, 2])],
  ['an array', [1, { a: 1 }]],
  ['null', null],
  ['a number', 7],
  ['an instance', new Map()],
])('%s is left alone', (_, payload) => {
  const tracing = testTracing();
  tracing.tracer.startActiveSpan('x', () => {
    expect(injectIntoPayload(tracing, payload)).toBe(payload);
  });
  expect(extractFromPayload(payload)).toEqual({ payload, carrier: {} });
  expect(extractFromPayload(payload).payload).toBe(payload);
});

test('without a context, or with tracing disabled, the payload is untouched', () => {
  const payload = { type: 'ping' };
  expect(injectIntoPayload(testTracing(), payload, ROOT_CONTEXT)).toBe(payload);
  const { tracer } = testTracing();
  tracer.startActiveSpan('x', () => {
    expect(injectIntoPayload(testTracing({ enabled: false }), payload)).toBe(payload);
  });
});

test('the field is taken off whatever it holds, and only text counts in it', () => {
  for (const headers of ['text', 7, null, [], [['traceparent', 'x']]]) {
    expect(extractFromPayload({ a: 1, [TRACE_HEADERS_FIELD]: headers })).toEqual({
      payload: { a: 1 },
      carrier: {},
    });
  }
  const headers = { traceparent: 'x', tracestate: 7, baggage: { a: 1 } };
  expect(extractFromPayload({ [TRACE_HEADERS_FIELD]: headers }).carrier).toEqual({
    traceparent: 'x',
  });
});

test("a client's context becomes a link and nothing more", () => {
  const tracing = testTracing();
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const payload = { [TRACE_HEADERS_FIELD]: { traceparent, baggage: 'user.id=admin' } };
  const link = clientContextLink(tracing, payload);
  expect(link).toMatchObject({
    context: { traceId: '0af7651916cd43dd8448eb211c80319c', isRemote: true },
    attributes: { [ATTR.linkType]: 'client_context' },
  });
  const span = tracing.tracer.startSpan('x', { links: link ? [link] : [] }, ROOT_CONTEXT);
  expect(readable(span).parentSpanContext).toBeUndefined();
  expect(readable(span).attributes).toEqual({});
  expect(trace.getSpan(ROOT_CONTEXT)).toBeUndefined();
});

test('nothing that a client sends makes it throw', () => {
  const tracing = testTracing();
  fc.assert(
    fc.property(fc.anything(), fc.jsonValue(), (headers, payload) => {
      expect(clientContextLink(tracing, payload)).toBeUndefined();
      expect(clientContextLink(tracing, { [TRACE_HEADERS_FIELD]: headers })).toBeUndefined();
    }),
  );
});
