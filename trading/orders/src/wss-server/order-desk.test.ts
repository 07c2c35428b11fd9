import { INVALID_SPAN_CONTEXT } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import type { ClientOrder } from '../domain/client-order.ts';
import { newOrderState, type OrderStatus } from '../domain/order-state.ts';
import { OrderDesk } from './order-desk.ts';

const LIMITS = { userOrdersMax: 2, ordersMax: 3, endedOrdersMax: 2 };
const desk = () => new OrderDesk(LIMITS);

function ids(userId: string, clientOrderId: string): ClientOrder {
  return {
    userId,
    clientOrderId,
    symbol: 'BTCUSDT',
    side: 'buy',
    type: 'market',
    timeInForce: 'ioc',
    lots: 1n,
    priceTicks: undefined,
  };
}

function admit(one: OrderDesk, userId: string, clientOrderId: string): void {
  const order = ids(userId, clientOrderId);
  one.check(order);
  const begin = INVALID_SPAN_CONTEXT;
  one.add({ order, begin, chainCumLots: 0n, origClientOrderId: undefined });
}

function update(one: OrderDesk, userId: string, clientOrderId: string, status: OrderStatus) {
  return one.update(ids(userId, clientOrderId), { ...newOrderState(1n), status });
}

test('an order is open until its terminal status, which is remembered', () => {
  const one = desk();
  admit(one, 'u1', 'o1');
  expect(update(one, 'u1', 'o1', 'partially_filled')?.state.status).toBe('partially_filled');
  expect(update(one, 'u1', 'o1', 'replaced')).toBeDefined();
  expect(update(one, 'u1', 'o1', 'filled')).toBeUndefined();
  expect(one.statusOf(ids('u1', 'o1'))).toBe('replaced');
  expect(one.stats()).toMatchObject({
    ordersOpen: 0,
    ordersAccepted: 1,
    byStatus: { replaced: 1 },
  });
});

test('an order id is used once within its user, also after the order has ended', () => {
  const one = desk();
  const duplicate = expect.objectContaining({ code: 'TL_ORDER_DUPLICATE' });
  admit(one, 'u1', 'o1');
  admit(one, 'u2', 'o1');
  expect(() => admit(one, 'u1', 'o1')).toThrow(duplicate);
  update(one, 'u1', 'o1', 'canceled');
  expect(() => admit(one, 'u1', 'o1')).toThrow(duplicate);
});

test('open orders are bounded by user and in all', () => {
  const one = desk();
  const overloaded = expect.objectContaining({ code: 'TL_OVERLOADED', reason: 'overloaded' });
  admit(one, 'u1', 'o1');
  admit(one, 'u1', 'o2');
  expect(() => admit(one, 'u1', 'o3')).toThrow(overloaded);
  admit(one, 'u2', 'o1');
  expect(() => admit(one, 'u3', 'o1')).toThrow(overloaded);
  update(one, 'u1', 'o1', 'rejected');
  admit(one, 'u3', 'o1');
  expect(one.stats().ordersOpen).toBe(3);
});

test('only the latest ended orders are remembered', () => {
  const one = desk();
  for (const id of ['o1', 'o2', 'o3']) {
    admit(one, 'u1', id);
    update(one, 'u1', id, 'filled');
  }
  expect(one.statusOf(ids('u1', 'o1'))).toBeUndefined();
  admit(one, 'u1', 'o1');
  expect(() => admit(one, 'u1', 'o3')).toThrow(/has used/);
});
