import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  createInstrument,
  exchangeOrderLotsMin,
  formatPrice,
  formatQuantity,
  notional,
  parsePrice,
  parseQuantity,
} from './instrument.ts';

const btc = createInstrument('BTCUSDT', {
  tickSize: '0.01000000',
  priceMin: '0.01000000',
  priceMax: '1000000.00000000',
  stepSize: '0.00001000',
  quantityMin: '0.00001000',
  quantityMax: '9000.00000000',
  notionalMin: '5.00000000',
});

test('decimals become whole ticks and lots, and what lies between is refused', () => {
  expect(parsePrice(btc, '61000.00')).toBe(6_100_000n);
  expect(parsePrice(btc, '61000.005')).toBeUndefined();
  expect(parseQuantity(btc, '0.5')).toBe(50_000n);
  expect(parseQuantity(btc, '0.000001')).toBeUndefined();
  expect(parseQuantity(btc, '1e3')).toBeUndefined();
});

test('quantities and prices survive the way out and in again', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n }), (value) => {
      expect(parseQuantity(btc, formatQuantity(btc, value))).toBe(value);
      expect(parsePrice(btc, formatPrice(btc, value))).toBe(value);
    }),
  );
});

test('the smallest exchange order is worth the least notional, and one lot less is not', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: btc.ticksMax }), (ticks) => {
      const lots = exchangeOrderLotsMin(btc, ticks);
      const worth = (count: bigint) => notional(btc, ticks, count).units;
      const least = 5n * 10n ** BigInt(notional(btc, ticks, 1n).scale);
      expect(worth(lots) >= least).toBe(true);
      if (lots > btc.lotsMin) expect(worth(lots - 1n) < least).toBe(true);
    }),
  );
});
