import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  averagePrice,
  createInstrument,
  exchangeOrderLotsMin,
  formatPrice,
  formatQuantity,
  lotsOf,
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

test('an average is rounded down to eight decimals, and there is none of nothing', () => {
  const paid = notional(btc, 6_100_000n, 2n);
  expect(averagePrice(btc, paid, 3n)).toBe('40666.66666666');
  expect(averagePrice(btc, paid, 0n)).toBeUndefined();
});

test('of an amount what is less than a lot is left out', () => {
  expect(lotsOf(btc, { units: 1_999n, scale: 8 })).toBe(1n);
});
