import { expect, test } from 'vitest';
import { tickOfFrame } from './market-event.ts';

function frame(data: object): string {
  return JSON.stringify({ stream: 'btcusdt@x', data });
}

test('a trade has the time of the exchange, a quote that of its arrival', () => {
  const trade = { e: 'trade', E: 9, s: 'BTCUSDT', t: 1, p: '61686.01', q: '0.5', T: 7, m: true };
  expect(tickOfFrame(frame(trade), 100)).toEqual({
    event_type: 'trade',
    symbol: 'BTCUSDT',
    time_ms: 7,
    price: '61686.01',
    quantity: '0.5',
  });
  const quote = { u: 5, s: 'BTCUSDT', b: '61685.99', B: '1', a: '61686.00', A: '2' };
  expect(tickOfFrame(frame(quote), 100)).toEqual({
    event_type: 'quote',
    symbol: 'BTCUSDT',
    time_ms: 100,
    bid_price: '61685.99',
    ask_price: '61686.00',
  });
});

test.each([
  'not json',
  '{"result":null,"id":1}',
  frame({ e: 'depthUpdate', s: 'BTCUSDT', b: [], a: [] }),
  frame({ e: 'trade', s: 'BTCUSDT', p: '1e5', q: '1', T: 7 }),
  frame({ e: 'trade', s: 'btc usdt', p: '1', q: '1', T: 7 }),
])('%s is no tick', (text) => {
  expect(tickOfFrame(text, 0)).toBeUndefined();
});
