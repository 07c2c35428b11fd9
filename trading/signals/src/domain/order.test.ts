import { expect, test } from 'vitest';
import { formatAmount, parseAmount } from './amount.ts';
import { clientOrderIdOf, type Instrument, orderFor } from './order.ts';

function units(text: string): bigint {
  return parseAmount(text) ?? 0n;
}

const INSTRUMENT: Instrument = {
  symbol: 'BTCUSDT',
  tickUnits: units('0.01'),
  stepUnits: units('0.00001'),
  quantityUnitsMin: units('0.00001'),
  notionalUnitsMin: units('5'),
};

function signal(direction: 'buy' | 'sell') {
  return {
    signal_id: 'ema_cross-BTCUSDT-1-buy',
    strategy: 'ema_cross',
    symbol: 'BTCUSDT',
    direction,
    confidence: 80,
    entry_price: '61686.01',
    time_ms: 1,
  };
}

function orderOf(direction: 'buy' | 'sell', notional = '100') {
  const sizing = { notionalUnits: units(notional), slippageBps: 20n };
  return orderFor(signal(direction), units('61686.01'), INSTRUMENT, sizing);
}

test('the limit is a bit worse than the entry price, on a tick; the quantity is in whole lots', () => {
  const buy = orderOf('buy');
  expect(formatAmount(buy.priceUnits)).toBe('61809.38');
  expect(formatAmount(buy.quantityUnits)).toBe('0.00161');
  expect(formatAmount(orderOf('sell').priceUnits)).toBe('61562.63');
});

test('what the exchange would not take is refused here', () => {
  expect(() => orderOf('buy', '4.9')).toThrow(expect.objectContaining({ type: 'order_too_small' }));
});

test('a signal always has the same order id, another signal another, and it fits', () => {
  const id = clientOrderIdOf('ema_cross-BTCUSDT-1-buy');
  expect(orderOf('buy').clientOrderId).toBe(id);
  expect(id).toMatch(/^[a-zA-Z0-9-_]{1,36}$/);
  expect(clientOrderIdOf('ema_cross-BTCUSDT-2-buy')).not.toBe(id);
});

test('amounts are exact to eight decimals', () => {
  expect(parseAmount('0.123456789')).toBe(12_345_678n);
  expect(parseAmount('1e5')).toBeUndefined();
  expect(formatAmount(parseAmount('61686.01000000') ?? 0n)).toBe('61686.01');
});
