import { propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { ATTR } from '@throughline/model';
import { expect, test } from 'vitest';
import { readable, testTracing } from '../testing/tracing.ts';
import { packMessage } from './message.ts';
import { startProducer } from './producer.ts';

test('a send is a producer span whose context goes into its message', () => {
  const tracing = testTracing();
  const parent = tracing.tracer.startSpan('algorithm_processing', {}, ROOT_CONTEXT);
  const send = startProducer(tracing, 'exchange_order_send', {
    context: trace.setSpan(ROOT_CONTEXT, parent),
    system: 'channel',
    businessIds: { [ATTR.exchangeOrderId]: 'e1' },
  });
  expect(readable(send.span)).toMatchObject({
    kind: SpanKind.PRODUCER,
    parentSpanContext: { spanId: parent.spanContext().spanId },
    attributes: {
      [ATTR.exchangeOrderId]: 'e1',
      [ATTR.messagingSystem]: 'channel',
      [ATTR.messagingOperationName]: 'send',
    },
  });
  const event = Object.freeze({ id: 'e1' });
  const message = packMessage(tracing, event, send.context);
  expect(message.event).toBe(event);
  expect(message.traceContextCarrier).toEqual({
    traceparent: `00-${send.span.spanContext().traceId}-${send.span.spanContext().spanId}-03`,
    baggage: 'exchange.order_id=e1',
  });
});

test('without an explicit context the active one is the parent', () => {
  const tracing = testTracing();
  tracing.tracer.startActiveSpan('outer', (outer) => {
    const send = startProducer(tracing, 'send', { system: 'channel', kind: SpanKind.CLIENT });
    expect(readable(send.span).parentSpanContext?.spanId).toBe(outer.spanContext().spanId);
    expect(readable(send.span).kind).toBe(SpanKind.CLIENT);
  });
  expect(propagation.getBaggage(ROOT_CONTEXT)).toBeUndefined();
});

test('its end may be called without it', () => {
  const tracing = testTracing();
  const { span, end } = startProducer(tracing, 'send', { system: 'channel' });
  end();
  expect(span.isRecording()).toBe(false);
});
