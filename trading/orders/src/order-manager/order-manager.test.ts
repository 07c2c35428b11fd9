import { parseDecimal } from '@throughline/model';
import { startTracing } from '@throughline/sdk';
import { expect, test } from 'vitest';
import type { ClientOrder, Side } from '../domain/client-order.ts';
import { BTCUSDT, SOLUSDT } from '../testing/instruments.ts';
import { OrderManager, type OrderManagerOptions } from './order-manager.ts';

function manager(membersMax: number, lingerNs: bigint, userOrdersMax = 100) {
  const sent: Parameters<OrderManagerOptions['send']>[0][] = [];
  const told: string[] = [];
  const tracing = startTracing({ enabled: false, serviceName: 'order-manager' });
  const service = new OrderManager(tracing, {
    runId: 'r',
    membersMax,
    lingerNs,
    instruments: new Map([['BTCUSDT', BTCUSDT]]),
    risk: { notionalMax: parseDecimal('1000000'), userOrdersMax },
    send: (event) => sent.push(event),
    tell: ({ allotment: { order, state }, reason }) =>
      told.push(`${order.clientOrderId} ${state.status} ${reason?.code}`),
  });
  return { service, sent, told };
}

function endRequested(clientOrderId: string) {
  const reason = { code: 'client_canceled', text: 'the client canceled it' } as const;
  const request = { end: 'canceled', reason } as const;
  const event = { userId: 'u1', clientOrderId, symbol: 'BTCUSDT', request };
  return { event: { type: 'end_requested', ...event } as const, traceContextCarrier: {} };
}

function received(clientOrderId: string, side: Side = 'buy', fields: Partial<ClientOrder> = {}) {
  const order: ClientOrder = {
    userId: 'u1',
    clientOrderId,
    symbol: 'BTCUSDT',
    side,
    type: 'market',
    timeInForce: 'ioc',
    lots: 1n,
    priceTicks: undefined,
    ...fields,
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

test('an order that is to end leaves the batch that it waits in, or the request goes on', () => {
  const { service, sent, told } = manager(2, 1_000_000_000n);
  service.receive(received('o1'));
  service.receive(endRequested('o1'));
  expect(told).toEqual(['o1 canceled client_canceled']);
  service.receive(received('o2'));
  service.receive(received('o3'));
  service.receive(endRequested('o2'));
  expect(sent).toMatchObject([
    { type: 'batch', members: [{ order: { clientOrderId: 'o2' } }, {}] },
    { type: 'end_requested', clientOrderId: 'o2' },
  ]);
});

test('an order beyond our own limits is rejected, and one that has ended does not count', () => {
  const { service, sent, told } = manager(8, 1_000_000_000n, 1);
  service.receive(received('o1'));
  service.receive(received('o2'));
  expect(told).toEqual(['o2 rejected risk_open_orders']);
  const ids = { userId: 'u1', clientOrderId: 'o1', symbol: 'BTCUSDT', lastTicks: undefined };
  service.receive({ event: { type: 'order_ended', ...ids }, traceContextCarrier: {} });
  service.receive(received('o3'));
  expect(told).toHaveLength(1);
  expect(sent).toEqual([]);
});

test('a fill-or-kill order is a batch of its own', () => {
  const { service, sent } = manager(8, 1_000_000_000n);
  const fok = { type: 'limit', timeInForce: 'fok', priceTicks: 100n } as const;
  service.receive(received('o1'));
  service.receive(received('o2', 'buy', fok));
  expect(sent).toMatchObject([{ type: 'batch', members: [{ order: { clientOrderId: 'o2' } }] }]);
});

test('what a venue trades that joins later can be ordered, and algorithm knows it before the batch', () => {
  const { service, sent, told } = manager(1, 1_000_000_000n);
  const venue = { name: 'south', weight: 1n, symbols: new Set(['SOLUSDT']) };
  const instruments = new Map([['SOLUSDT', SOLUSDT]]);
  const event = { type: 'venue_joined', venue, instruments } as const;
  service.receive({ event, traceContextCarrier: {} });
  service.receive(received('o1', 'buy', { symbol: 'SOLUSDT', type: 'limit', priceTicks: 15_000n }));
  expect(sent.map(({ type }) => type)).toEqual(['venue_joined', 'batch']);
  expect(told).toEqual([]);
});
