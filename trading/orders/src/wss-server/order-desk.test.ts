import { expect, test } from 'vitest';
import type { ClientOrder } from '../domain/client-order.ts';
import { OrderDesk } from './order-desk.ts';

function order(userId: string, clientOrderId: string): ClientOrder {
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

const LIMITS = { userOrdersMax: 2, ordersMax: 3, endedOrdersMax: 2 };

test('news of an order go to the client that sent it, until the order has ended', () => {
  const desk = new OrderDesk<string>(LIMITS);
  desk.admit(order('u1', 'o1'), 'first client');
  expect(desk.update(order('u1', 'o1'), 'partially_filled')).toBe('first client');
  expect(desk.update(order('u1', 'o1'), 'filled')).toBe('first client');
  expect(desk.update(order('u1', 'o1'), 'filled')).toBeUndefined();
  expect(desk.stats()).toMatchObject({ ordersOpen: 0, ordersAccepted: 1, byStatus: { filled: 1 } });
});

test('an order id is used once within its user, also after the order has ended', () => {
  const desk = new OrderDesk<string>(LIMITS);
  const duplicate = expect.objectContaining({ code: 'TL_ORDER_DUPLICATE' });
  desk.admit(order('u1', 'o1'), 'a');
  desk.admit(order('u2', 'o1'), 'a');
  expect(() => desk.admit(order('u1', 'o1'), 'b')).toThrow(duplicate);
  desk.update(order('u1', 'o1'), 'canceled');
  expect(() => desk.admit(order('u1', 'o1'), 'b')).toThrow(duplicate);
});

test('open orders are bounded by user and in all', () => {
  const desk = new OrderDesk<string>(LIMITS);
  const overloaded = expect.objectContaining({ code: 'TL_OVERLOADED' });
  desk.admit(order('u1', 'o1'), 'a');
  desk.admit(order('u1', 'o2'), 'a');
  expect(() => desk.admit(order('u1', 'o3'), 'a')).toThrow(overloaded);
  desk.admit(order('u2', 'o1'), 'a');
  expect(() => desk.admit(order('u3', 'o1'), 'a')).toThrow(overloaded);
  desk.update(order('u1', 'o1'), 'rejected');
  desk.admit(order('u3', 'o1'), 'a');
  expect(desk.stats().ordersOpen).toBe(3);
});

test('only the latest ended orders are remembered', () => {
  const desk = new OrderDesk<string>(LIMITS);
  for (const id of ['o1', 'o2', 'o3']) {
    desk.admit(order('u1', id), 'a');
    desk.update(order('u1', id), 'filled');
  }
  desk.admit(order('u1', 'o1'), 'a');
  expect(() => desk.admit(order('u1', 'o3'), 'a')).toThrow(/has used/);
});
