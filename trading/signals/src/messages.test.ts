import { expect, test } from 'vitest';
import { candlesRequestSchema, signalSchema, tickSchema } from './messages.ts';

const TRADE = {
  event_type: 'trade',
  symbol: 'BTCUSDT',
  time_ms: 1,
  price: '61686.01',
  quantity: '0.5',
};

const SIGNAL = {
  signal_id: 's1',
  strategy: 'rsi',
  symbol: 'BTCUSDT',
  direction: 'sell',
  confidence: 71,
  entry_price: '61686.01',
  time_ms: 1,
};

test('what a schema does not know is dropped: an older service works beside a newer one', () => {
  const context = { _otel_trace_headers: { traceparent: 'x' } };
  expect(tickSchema.parse({ ...TRADE, ...context, venue: 'b' })).toEqual(TRADE);
  expect(signalSchema.parse({ ...SIGNAL, ...context })).toEqual(SIGNAL);
});

test.each([
  [{ ...TRADE, price: 61_686.01 }],
  [{ ...TRADE, price: '6e4' }],
  [{ ...TRADE, symbol: 'btc/usdt' }],
  [{ ...TRADE, event_type: 'depth' }],
  [undefined],
])('%j is no tick', (message) => {
  expect(tickSchema.safeParse(message).success).toBe(false);
});

test.each([
  [{ ...SIGNAL, confidence: 101 }],
  [{ ...SIGNAL, direction: 'hold' }],
  [{ ...SIGNAL, signal_id: '' }],
])('%j is no signal', (message) => {
  expect(signalSchema.safeParse(message).success).toBe(false);
});

test('a request for candles need not say how many', () => {
  expect(candlesRequestSchema.parse({ symbol: 'BTCUSDT' })).toEqual({
    symbol: 'BTCUSDT',
    limit: 100,
  });
});
