import { expect, test } from 'vitest';
import { BTCUSDT } from '../testing/instruments.ts';
import { averagePrice, ended, filled, leavesLots, newOrderState } from './order-state.ts';

test('fills add up until the order is filled', () => {
  const partly = filled(newOrderState(10n), 4n, 100n);
  expect(partly).toMatchObject({ status: 'partially_filled', cumLots: 4n });
  expect(leavesLots(partly)).toBe(6n);
  const full = filled(partly, 6n, 110n);
  expect(full).toMatchObject({ status: 'filled', cumLots: 10n, cumTickLots: 1060n });
  expect(leavesLots(full)).toBe(0n);
});

test('an order that ends has no leaves, keeps what was filled, and never ends twice', () => {
  const canceled = ended(filled(newOrderState(10n), 4n, 100n), 'canceled');
  expect(canceled).toMatchObject({ status: 'canceled', cumLots: 4n });
  expect(leavesLots(canceled)).toBe(0n);
  expect(ended(canceled, 'expired')).toBe(canceled);
});

test('a fill beyond the leaves, or after the end, is refused', () => {
  const refused = expect.objectContaining({ code: 'TL_ALLOCATION_INVALID' });
  expect(() => filled(newOrderState(10n), 11n, 1n)).toThrow(refused);
  expect(() => filled(newOrderState(10n), 0n, 1n)).toThrow(refused);
  expect(() => filled(ended(newOrderState(10n), 'canceled'), 1n, 1n)).toThrow(refused);
});

test('the average price is exact where it can be and else rounded', () => {
  expect(averagePrice(BTCUSDT, newOrderState(10n))).toBeUndefined();
  const half = filled(filled(newOrderState(10n), 1n, 100n), 1n, 101n);
  expect(averagePrice(BTCUSDT, half)).toBe('1.005');
  const third = filled(half, 1n, 101n);
  expect(averagePrice(BTCUSDT, third)).toBe('1.00666667');
});
