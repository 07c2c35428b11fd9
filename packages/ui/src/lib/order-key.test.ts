import { expect, test } from 'vitest';
import { orderKeyOf, parseOrderKey } from './order-key.ts';

test('a key is split at its first slash', () => {
  expect(parseOrderKey('u1/o/1')).toEqual({ user: 'u1', order: 'o/1' });
});

test.each(['', '/', 'u1', 'u1/', '/o1'])('%j has no two parts', (key) => {
  expect(parseOrderKey(key)).toBeUndefined();
});

test('the attributes decide where a user id that contains a slash ends', () => {
  const attributes = { 'user.id': 'desk/7', 'client.order_id': 'o1' };
  expect(orderKeyOf({ key: 'desk/7/o1', attributes })).toEqual({ user: 'desk/7', order: 'o1' });
});

test('attributes that contradict the key are not believed', () => {
  const attributes = { 'user.id': 'x', 'client.order_id': 'y' };
  expect(orderKeyOf({ key: 'u1/o1', attributes })).toEqual({ user: 'u1', order: 'o1' });
});
