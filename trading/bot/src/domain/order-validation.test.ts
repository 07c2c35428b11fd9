import { notional } from '@throughline/instruments';
import { compareDecimals, parseDecimal } from '@throughline/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BTC } from '../testing/instruments.ts';
import type { Order } from './order.ts';
import { errorTypeOf, type OrderErrorType } from './order-error.ts';
import { type Holdings, validateOrder } from './order-validation.ts';

const order: Order = {
  id: 'o1',
  symbol: 'BTCUSDT',
  side: 'buy',
  lots: 1_000n,
  priceTicks: 6_000_000n,
};

/** The order is worth 600 USDT. */
const holdings: Holdings = {
  free: new Map([
    ['USDT', parseDecimal('600')],
    ['BTC', parseDecimal('0.01')],
  ]),
  positionLots: 0n,
  positionMax: parseDecimal('600'),
};

function refusal(
  changes: Partial<Order>,
  held: Partial<Holdings> = {},
): OrderErrorType | undefined {
  try {
    validateOrder({ ...order, ...changes }, BTC, { ...holdings, ...held });
    return undefined;
  } catch (error) {
    return errorTypeOf(error);
  }
}

test('what the account can pay, and may hold, passes to the last lot', () => {
  expect(refusal({})).toBeUndefined();
  expect(refusal({ side: 'sell' })).toBeUndefined();
});

test('each filter of the exchange is looked at', () => {
  expect(refusal({ priceTicks: 0n })).toBe('filter');
  expect(refusal({ priceTicks: 100_000_001n, lots: 1n })).toBe('filter');
  expect(refusal({ lots: 0n })).toBe('filter');
  expect(refusal({ lots: 900_000_001n })).toBe('filter');
  // 8 lots are worth 4.80 USDT, 9 of them 5.40.
  expect(refusal({ lots: 8n })).toBe('filter');
  expect(refusal({ lots: 9n })).toBeUndefined();
});

test('a buyer needs the quote asset, a seller the base asset', () => {
  expect(refusal({ lots: 1_001n })).toBe('insufficient_balance');
  expect(refusal({ side: 'sell', lots: 1_001n })).toBe('insufficient_balance');
  expect(refusal({}, { free: new Map() })).toBe('insufficient_balance');
});

test('a position is limited either way, and may always become smaller', () => {
  expect(refusal({}, { positionLots: 1n })).toBe('max_position');
  expect(refusal({ side: 'sell' }, { positionLots: -1n })).toBe('max_position');
  expect(refusal({ side: 'sell' }, { positionLots: 5_000n })).toBeUndefined();
  expect(refusal({ side: 'buy' }, { positionLots: -5_000n })).toBeUndefined();
});

test('what passes can be paid, and leaves no position over the limit that was not there', () => {
  const lots = fc.bigInt({ min: 0n, max: 10_000n });
  const ticks = fc.bigInt({ min: 0n, max: 10_000_000n });
  const position = fc.bigInt({ min: -10_000n, max: 10_000n });
  const side = fc.constantFrom('buy', 'sell');
  fc.assert(
    fc.property(lots, ticks, position, side, (quantity, priceTicks, positionLots, direction) => {
      const given = { lots: quantity, priceTicks, side: direction };
      if (refusal(given, { positionLots }) !== undefined) return;
      const worth = notional(BTC, priceTicks, quantity);
      if (direction === 'buy') {
        expect(compareDecimals(worth, parseDecimal('600'))).toBeLessThanOrEqual(0);
      } else {
        expect(quantity).toBeLessThanOrEqual(1_000n);
      }
      const after = direction === 'buy' ? positionLots + quantity : positionLots - quantity;
      const size = after < 0n ? -after : after;
      const before = positionLots < 0n ? -positionLots : positionLots;
      const isWithin = compareDecimals(notional(BTC, priceTicks, size), holdings.positionMax) <= 0;
      expect(isWithin || size <= before).toBe(true);
    }),
  );
});
