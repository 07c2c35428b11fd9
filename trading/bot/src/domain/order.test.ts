import { averagePrice, formatPrice, formatQuantity, notional } from '@throughline/instruments';
import { compareDecimals, parseDecimal } from '@throughline/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BTC } from '../testing/instruments.ts';
import { isFinal, sizeOrder } from './order.ts';

const quote = { bidTicks: 6_000_000n, askTicks: 6_000_100n };
const sizing = { notional: parseDecimal('1000'), slippageBps: 10 };

test('a buyer’s limit is past the best ask, a seller’s past the best bid', () => {
  const buy = sizeOrder(BTC, { direction: 'buy', confidence: 100 }, quote, sizing);
  expect(formatPrice(BTC, buy.priceTicks)).toBe('60061');
  expect(formatQuantity(BTC, buy.lots)).toBe('0.01664');
  const sell = sizeOrder(BTC, { direction: 'sell', confidence: 50 }, quote, sizing);
  expect(formatPrice(BTC, sell.priceTicks)).toBe('59940');
  expect(formatQuantity(BTC, sell.lots)).toBe('0.00834');
});

test('below zero the limit stands back, and the order rests', () => {
  const resting = { ...sizing, slippageBps: -100 };
  const buy = sizeOrder(BTC, { direction: 'buy', confidence: 100 }, quote, resting);
  expect(buy.priceTicks).toBe(5_940_099n);
});

test('an order is worth what it may be at most, and one lot more would be too much', () => {
  const prices = fc.bigInt({ min: 2n, max: 100_000_000n });
  const amounts = fc.bigInt({ min: 1n, max: 10n ** 12n });
  const confidences = fc.integer({ min: 0, max: 100 });
  fc.assert(
    fc.property(prices, amounts, confidences, (ticks, cents, confidence) => {
      const limit = { units: cents * BigInt(confidence), scale: 4 };
      const { lots, priceTicks } = sizeOrder(
        BTC,
        { direction: 'buy', confidence },
        { bidTicks: ticks - 1n, askTicks: ticks },
        { notional: { units: cents, scale: 2 }, slippageBps: 0 },
      );
      expect(compareDecimals(notional(BTC, priceTicks, lots), limit)).toBeLessThanOrEqual(0);
      expect(compareDecimals(notional(BTC, priceTicks, lots + 1n), limit)).toBeGreaterThan(0);
    }),
  );
});

test('the average price is exact to eight decimals', () => {
  expect(averagePrice(BTC, parseDecimal('600.01'), 1_000n)).toBe('60001');
  expect(averagePrice(BTC, parseDecimal('0.1'), 3_000n)).toBe('3.33333333');
  expect(averagePrice(BTC, parseDecimal('0'), 0n)).toBeUndefined();
});

test('an order that may still be at the exchange is not final', () => {
  const open = ['pending_new', 'unknown', 'new', 'partially_filled'] as const;
  const final = ['filled', 'canceled', 'rejected', 'expired'] as const;
  expect(open.some(isFinal)).toBe(false);
  expect(final.every(isFinal)).toBe(true);
});
