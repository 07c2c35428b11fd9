import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { ATTR } from '@throughline/model';
import { expect, test } from 'vitest';
import { readable, testTracing } from '../testing/tracing.ts';
import { startedSpan } from '../tracing/started-span.ts';
import { startSettle } from './settle.ts';

test('a settlement is a client span below the processing of its message', () => {
  const tracing = testTracing();
  const process = startedSpan(tracing.tracer.startSpan('process', {}, ROOT_CONTEXT), ROOT_CONTEXT);
  tracing.tracer.startActiveSpan('ambient', () => {
    const settle = startSettle(tracing, {
      system: 'nats',
      destination: 'orders.new',
      operation: 'nak',
      context: process.context,
      attributes: { [ATTR.messagingNatsStream]: 'ORDERS' },
    });
    expect(readable(settle.span)).toMatchObject({
      name: 'nak orders.new',
      kind: SpanKind.CLIENT,
      parentSpanContext: { spanId: process.span.spanContext().spanId },
    });
    expect(readable(settle.span).attributes).toEqual({
      [ATTR.messagingSystem]: 'nats',
      [ATTR.messagingOperationName]: 'nak',
      [ATTR.messagingOperationType]: 'settle',
      [ATTR.messagingDestinationName]: 'orders.new',
      [ATTR.messagingNatsStream]: 'ORDERS',
    });
  });
});

test('without a destination the operation alone is its name', () => {
  const options = { system: 'kafka', operation: 'commit', context: ROOT_CONTEXT };
  const { span } = startSettle(testTracing(), options);
  expect(readable(span).name).toBe('commit');
  expect(readable(span).attributes).not.toHaveProperty(ATTR.messagingDestinationName);
});
