import { propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { ATTR } from '@throughline/model';
import { expect, test } from 'vitest';
import { withBusinessIds } from '../propagation/business-ids.ts';
import { readable, testTracing } from '../testing/tracing.ts';
import { startFanOut } from './fan-out.ts';

test('each part is a producer span of its own under the same parent, with its own baggage', () => {
  const tracing = testTracing();
  const base = withBusinessIds(ROOT_CONTEXT, { [ATTR.batchId]: 'b1' });
  const parent = tracing.tracer.startSpan('algorithm_processing', {}, base);
  const sends = startFanOut(tracing, 'exchange_order_send', {
    context: trace.setSpan(base, parent),
    system: 'channel',
    destination: 'exchange-orders',
    parts: ['e1', 'e2'].map((id) => ({ businessIds: { [ATTR.exchangeOrderId]: id } })),
  });
  expect(sends.map(({ span }) => readable(span))).toMatchObject(
    ['e1', 'e2'].map((id) => ({
      name: 'exchange_order_send',
      kind: SpanKind.PRODUCER,
      parentSpanContext: { spanId: parent.spanContext().spanId },
      attributes: {
        [ATTR.batchId]: 'b1',
        [ATTR.exchangeOrderId]: id,
        [ATTR.messagingSystem]: 'channel',
        [ATTR.messagingDestinationName]: 'exchange-orders',
        [ATTR.messagingOperationType]: 'send',
      },
    })),
  );
  expect(
    sends.map(
      ({ context }) => propagation.getBaggage(context)?.getEntry(ATTR.exchangeOrderId)?.value,
    ),
  ).toEqual(['e1', 'e2']);
});
