import { startTracing } from '@throughline/sdk';
import { expect, test } from 'vitest';
import type { ClientOrder, Side } from '../domain/client-order.ts';
import type { BatchesEnded, OrderBatch } from '../events.ts';
import { OrderManager } from './order-manager.ts';

function manager(membersMax: number, lingerNs: bigint) {
  const sent: (OrderBatch | BatchesEnded)[] = [];
  const tracing = startTracing({ enabled: false, serviceName: 'order-manager' });
  const send = (event: OrderBatch | BatchesEnded) => sent.push(event);
  const service = new OrderManager(tracing, { runId: 'r', membersMax, lingerNs, send });
  return { service, sent };
}

function received(clientOrderId: string, side: Side = 'buy') {
  const order: ClientOrder = {
    userId: 'u1',
    clientOrderId,
    symbol: 'BTCUSDT',
    side,
    type: 'market',
    timeInForce: 'ioc',
    lots: 1n,
    priceTicks: undefined,
  };
  const traceContextCarrier = { traceparent: clientOrderId };
  return { event: { type: 'order_received', order } as const, traceContextCarrier };
}

test('a batch carries the context of each of its orders, and has an id of its own', () => {
  const { service, sent } = manager(2, 1_000_000_000n);
  for (const id of ['o1', 'o2', 'o3', 'o4']) service.receive(received(id));
  expect(sent).toMatchObject([
    { type: 'batch', batchId: 'b-r-1', members: [{ carrier: { traceparent: 'o1' } }, {}] },
    { type: 'batch', batchId: 'b-r-2', members: [{}, { carrier: { traceparent: 'o4' } }] },
  ]);
});

test('it says when the next batch is due, and sends it then', () => {
  const waiting = manager(8, 1_000_000_000n);
  expect(waiting.service.runDue()).toBe(Number.POSITIVE_INFINITY);
  waiting.service.receive(received('o1'));
  const dueMs = waiting.service.runDue();
  expect(dueMs).toBeGreaterThan(0);
  expect(dueMs).toBeLessThanOrEqual(1_000);
  const hasty = manager(8, 0n);
  hasty.service.receive(received('o1'));
  hasty.service.runDue();
  expect(hasty.sent).toMatchObject([{ type: 'batch', side: 'buy' }]);
});

test('closing sends what waits, then says that nothing follows', () => {
  const { service, sent } = manager(8, 1_000_000_000n);
  service.receive(received('o1'));
  service.receive(received('o2', 'sell'));
  service.close();
  expect(sent.map(({ type }) => type)).toEqual(['batch', 'batch', 'batches_ended']);
});
