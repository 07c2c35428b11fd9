import { TraceFlags } from '@opentelemetry/api';
import { ORDER_SPAN } from '@throughline/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type FlowOrder, FlowService, type FlowWatch } from '../testing/order-flow.ts';
import { testTracing } from '../testing/tracing.ts';
import { keyRandomness, samplingThreshold } from './randomness.ts';

const RATIO = 0.3;

/** Spans of what a client asks for later, or in vain: nobody does in this flow. */
const OF_REQUESTS: ReadonlySet<string> = new Set([
  ORDER_SPAN.clientOrderRefused,
  ORDER_SPAN.clientOrderCancelReceived,
  ORDER_SPAN.clientOrderReplaceReceived,
  ORDER_SPAN.clientOrderExpiry,
  ORDER_SPAN.orderAmendProcessing,
  ORDER_SPAN.exchangeOrderCancel,
]);

const isSampled = ({ userId, orderId }: FlowOrder): boolean =>
  keyRandomness([userId, orderId]) >= samplingThreshold(RATIO);

/**
 * Four services with a tracing each, as apart as processes are. A span keeps few links, so the
 * others go to supplements: they must count as well.
 */
function startServices(watch: FlowWatch) {
  const options = { samplingRate: RATIO, limits: { linkCountMax: 3 } };
  const start = (serviceName: string) =>
    new FlowService(testTracing({ serviceName, ...options }), watch);
  return {
    gateway: start('gateway'),
    manager: start('order-manager'),
    algorithm: start('algorithm'),
    exchangeClient: start('exchange-client'),
  };
}

/** A batch: its orders' users, the exchange orders it becomes, and who gets something of a fill. */
const batchArbitrary = fc.record({
  users: fc.array(fc.constantFrom('u1', 'u2', 'desk'), { minLength: 1, maxLength: 8 }),
  parts: fc.integer({ min: 1, max: 3 }),
  fills: fc.array(fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), { maxLength: 3 }),
  client: fc.constantFrom(undefined, '00', '01'),
});

test('of every order all spans are recorded or none, and what orders share if one of them is', () => {
  const wrong: string[] = [];
  const seen = new Set<string>();
  const { gateway, manager, algorithm, exchangeClient } = startServices((span, name, orders) => {
    seen.add(name);
    const isExpected = orders.some(isSampled);
    const isFlagged = (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
    if (isFlagged !== isExpected) wrong.push(`${name} of ${orders.length}`);
  });
  let orderCount = 0;
  fc.assert(
    fc.property(fc.array(batchArbitrary, { maxLength: 4 }), (batches) => {
      for (const { users, parts, fills, client } of batches) {
        const carrier = client && {
          traceparent: `00-${'c'.repeat(32)}-${'d'.repeat(16)}-${client}`,
        };
        const members = users.map((userId) => {
          orderCount += 1;
          return gateway.receiveOrder({ userId, orderId: `o${orderCount}` }, carrier);
        });
        const batch = manager.batch(`b${orderCount}`, members);
        for (const message of algorithm.split(batch, parts)) {
          const part = exchangeClient.sendOut(message);
          for (const fill of fills) {
            const allocated = part.orders.filter((_, index) => fill[index]);
            algorithm.match(exchangeClient.receiveFill(part), allocated);
          }
        }
      }
      expect(wrong.splice(0)).toEqual([]);
    }),
  );
  const whole = Object.values(ORDER_SPAN).filter((name) => !OF_REQUESTS.has(name));
  expect([...seen].sort()).toEqual(whole.sort());
});

test('the share of orders that is sampled is the rate', () => {
  const count = 20_000;
  let sampled = 0;
  const { gateway } = startServices((span) => {
    sampled += span.spanContext().traceFlags & TraceFlags.SAMPLED;
  });
  for (let index = 0; index < count; index += 1) {
    gateway.receiveOrder({ userId: `u${index % 100}`, orderId: `${index}` });
  }
  expect(sampled / count).toBeCloseTo(RATIO, 1.7);
});
