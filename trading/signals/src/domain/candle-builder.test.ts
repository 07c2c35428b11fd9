import { expect, test } from 'vitest';
import { CandleBuilder } from './candle-builder.ts';

function trade(timeMs: number, price: string, quantity = '0.1') {
  return { event_type: 'trade' as const, symbol: 'BTCUSDT', time_ms: timeMs, price, quantity };
}

test('the first trade after an interval closes its candle', () => {
  const builder = new CandleBuilder(1_000);
  expect(builder.add(trade(5_000, '100'))).toBeUndefined();
  expect(builder.add(trade(5_400, '103.5', '0.25'))).toBeUndefined();
  expect(builder.add(trade(5_999, '99.9'))).toBeUndefined();
  expect(builder.add(trade(6_000, '101'))).toEqual({
    symbol: 'BTCUSDT',
    start_ms: 5_000,
    open: '100',
    high: '103.5',
    low: '99.9',
    close: '99.9',
    volume: '0.45',
    trades: 3,
  });
});

test('prices are compared as decimals, not as text', () => {
  const builder = new CandleBuilder(1_000);
  builder.add(trade(0, '9.5'));
  builder.add(trade(1, '10.00'));
  builder.add(trade(2, '9.50'));
  expect(builder.add(trade(1_000, '1'))).toMatchObject({ high: '10.00', low: '9.5' });
});

test('a trade that comes after its candle was closed changes none', () => {
  const builder = new CandleBuilder(1_000);
  builder.add(trade(1_000, '100'));
  builder.add(trade(2_000, '101'));
  expect(builder.add(trade(1_500, '500'))).toBeUndefined();
  expect(builder.add(trade(3_000, '102'))).toMatchObject({ start_ms: 2_000, high: '101' });
});
