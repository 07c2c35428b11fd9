import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { ATTR, LINK_TYPE } from '@throughline/model';
import { expect, test } from 'vitest';
import { toLink } from '../causality/link.ts';
import { withBusinessIds } from '../propagation/business-ids.ts';
import { readable, testTracing } from '../testing/tracing.ts';
import { consume, startConsumer } from './consumer.ts';
import { packMessage } from './message.ts';

/** A message sent inside a span, with a user's baggage. */
function sendOne(tracing: ReturnType<typeof testTracing>) {
  const base = withBusinessIds(ROOT_CONTEXT, { [ATTR.userId]: 'u1', session: 'private' });
  const sender = tracing.tracer.startSpan('client_order_received', {}, base);
  const { traceContextCarrier } = packMessage(tracing, {}, trace.setSpan(base, sender));
  return { sender: sender.spanContext(), carrier: traceContextCarrier };
}

test("the consumer's span is the child of the message's context, not of the ambient one", () => {
  const tracing = testTracing();
  const { sender, carrier } = sendOne(tracing);
  tracing.tracer.startActiveSpan('ambient', () => {
    const consumer = startConsumer(tracing, 'order_manager_processing', {
      system: 'worker',
      destination: 'orders',
      carrier,
      attributes: { [ATTR.clientOrderId]: 'o1' },
    });
    expect(readable(consumer.span)).toMatchObject({
      name: 'order_manager_processing',
      kind: SpanKind.CONSUMER,
      parentSpanContext: { traceId: sender.traceId, spanId: sender.spanId },
    });
    expect(readable(consumer.span).attributes).toEqual({
      [ATTR.messagingSystem]: 'worker',
      [ATTR.messagingDestinationName]: 'orders',
      [ATTR.messagingOperationName]: 'process',
      [ATTR.messagingOperationType]: 'process',
      [ATTR.clientOrderId]: 'o1',
      [ATTR.userId]: 'u1',
    });
  });
});

test('allowed baggage goes on with the context, and more can be added', () => {
  const tracing = testTracing();
  const consumer = startConsumer(tracing, 'x', {
    system: 'worker',
    carrier: sendOne(tracing).carrier,
    businessIds: { [ATTR.batchId]: 'b1' },
  });
  const baggage = propagation.getBaggage(consumer.context);
  expect(baggage?.getAllEntries()).toEqual([
    [ATTR.userId, { value: 'u1' }],
    [ATTR.batchId, { value: 'b1' }],
  ]);
});

test('messages with, without and with malformed context are counted, and none is an error', () => {
  const tracing = testTracing();
  const { carrier } = sendOne(tracing);
  const received: unknown[] = [];
  for (const given of [carrier, {}, {}, { traceparent: '00-zz' }]) {
    const { span } = startConsumer(tracing, 'x', { system: 'worker', carrier: given });
    const isRoot = readable(span).parentSpanContext === undefined;
    expect(isRoot).toBe(given !== carrier);
    expect(readable(span).attributes[ATTR.correlation]).toBeUndefined();
    received.push(readable(span).attributes[ATTR.contextReceived]);
  }
  expect(received).toEqual([undefined, 'missing', 'missing', 'malformed']);
  expect(tracing.stats().messages).toEqual({ withContext: 1, withoutContext: 2, malformed: 1 });
});

test('a parent from the registry replaces that of the message, which may be linked', () => {
  const tracing = testTracing();
  const registry = tracing.createRegistry();
  const send = tracing.tracer.startSpan('exchange_order_send', { root: true }).spanContext();
  registry.set('e1', send);
  const { sender, carrier } = sendOne(tracing);
  const link = toLink(tracing, { carrier, type: LINK_TYPE.receivedBy });
  const options = { system: 'channel', carrier, links: link ? [link] : [] };
  const found = startConsumer(tracing, 'exchange_fill_received', {
    ...options,
    parent: registry.get('e1'),
  });
  expect(readable(found.span).parentSpanContext?.spanId).toBe(send.spanId);
  expect(readable(found.span).attributes[ATTR.userId]).toBe('u1');
  expect(readable(found.span).links).toMatchObject([
    { context: { spanId: sender.spanId }, attributes: { [ATTR.linkType]: 'received_by' } },
  ]);
  const missed = startConsumer(tracing, 'exchange_fill_received', {
    ...options,
    parent: registry.get('gone'),
  });
  expect(readable(missed.span).parentSpanContext).toBeUndefined();
  expect(readable(missed.span).attributes[ATTR.correlation]).toBe('missed');
});

test('a function runs with the context active, and its span ends with it', async () => {
  const tracing = testTracing();
  const options = { system: 'worker', carrier: sendOne(tracing).carrier };
  const { span, user } = consume(tracing, 'x', options, (started) => ({
    span: readable(started.span),
    user: propagation.getBaggage(context.active())?.getEntry(ATTR.userId)?.value,
  }));
  expect(user).toBe('u1');
  expect(span.ended).toBe(true);
  const later = await consume(tracing, 'x', options, async (started) => {
    await Promise.resolve();
    expect(readable(started.span).ended).toBe(false);
    expect(trace.getActiveSpan()).toBe(started.span);
    return readable(started.span);
  });
  expect(later.ended).toBe(true);
  let failed = later;
  expect(() =>
    consume(tracing, 'x', options, (started) => {
      failed = readable(started.span);
      throw new TypeError('bad order');
    }),
  ).toThrow('bad order');
  expect(failed.status.code).toBe(SpanStatusCode.ERROR);
  expect(failed.attributes[ATTR.errorType]).toBe('TypeError');
});

test('disabled, the function runs just the same', () => {
  const tracing = testTracing({ enabled: false });
  expect(consume(tracing, 'x', { system: 'worker', carrier: {} }, () => 7)).toBe(7);
});

test('at a public endpoint the context that came is linked, and nothing of it goes on', () => {
  const tracing = testTracing();
  const { sender, carrier } = sendOne(tracing);
  const options = { system: 'websocket', publicEndpoint: true, businessIds: { symbol: 'BTC' } };
  const consumer = startConsumer(tracing, 'client_order_received', {
    ...options,
    carrier: { ...carrier, tracestate: 'client=1' },
  });
  const { parentSpanContext, links, attributes } = readable(consumer.span);
  expect(parentSpanContext).toBeUndefined();
  expect(attributes[ATTR.userId]).toBeUndefined();
  expect(attributes.symbol).toBe('BTC');
  expect(attributes[ATTR.contextReceived]).toBe('untrusted');
  expect(links).toEqual([
    {
      context: { traceId: sender.traceId, spanId: sender.spanId, traceFlags: 0, isRemote: true },
      attributes: { [ATTR.linkType]: LINK_TYPE.clientContext },
    },
  ]);
  expect(propagation.getBaggage(consumer.context)?.getEntry(ATTR.userId)).toBeUndefined();
  const without = startConsumer(tracing, 'client_order_received', { ...options, carrier: {} });
  expect(readable(without.span).links).toEqual([]);
  expect(tracing.stats().messages).toMatchObject({ withContext: 1, withoutContext: 1 });
});
