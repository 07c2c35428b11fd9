import { createInstrument } from '@throughline/instruments';
import { expect, test } from 'vitest';
import { parseClientOrder } from '../domain/client-order.ts';
import { OrderMix, type Quote } from './order-mix.ts';

const quotes: Quote[] = [
  { symbol: 'BTCUSDT', stepSize: '0.00001', bidTicks: 6_168_500n, askTicks: 6_168_700n },
  { symbol: 'SOLUSDT', stepSize: '0.001', bidTicks: 15_498n, askTicks: 15_501n },
].map(({ symbol, stepSize, ...best }) => ({
  ...best,
  instrument: createInstrument(symbol, {
    tickSize: '0.01',
    priceMin: '0.01',
    priceMax: '1000000',
    stepSize,
    quantityMin: stepSize,
    quantityMax: '90000',
    notionalMin: '5',
  }),
}));
const instruments = new Map(quotes.map(({ instrument }) => [instrument.symbol, instrument]));

function take(seed: number, count: number) {
  const mix = new OrderMix(seed);
  return Array.from({ length: count }, () => mix.burst(quotes)).flat();
}

test('the same seed gives the same orders, another one others', () => {
  expect(take(1, 50)).toEqual(take(1, 50));
  expect(take(1, 50)).not.toEqual(take(2, 50));
});

test('a burst is of one symbol and side, and holds one to eight orders', () => {
  const mix = new OrderMix(5);
  const bursts = Array.from({ length: 200 }, () => mix.burst(quotes));
  for (const burst of bursts) {
    expect(new Set(burst.map(({ symbol, side }) => `${symbol} ${side}`)).size).toBe(1);
  }
  const sizes = new Set(bursts.map((burst) => burst.length));
  expect([...sizes].toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test('so many orders as asked for have a plan, and can rest', () => {
  const shares = { cancel: 0.2, replace: 0.1, expire: 0.05 };
  const mix = new OrderMix(6, shares);
  const orders = Array.from({ length: 400 }, () => mix.burst(quotes)).flat();
  for (const [plan, share] of Object.entries(shares)) {
    const planned = orders.filter((order) => order.plan === plan);
    expect(Math.abs(planned.length / orders.length - share)).toBeLessThan(0.03);
    expect(new Set(planned.map(({ order_type }) => order_type))).toEqual(new Set(['limit']));
  }
});

test('every order is one that the gateway takes', () => {
  for (const terms of take(3, 500)) {
    const ids = { type: 'order.new', user_id: 'u', client_order_id: 'o' };
    expect(() => parseClientOrder({ ...ids, ...terms }, instruments, Date.now())).not.toThrow();
  }
});

test('most limit orders trade at once, and many share their limit', () => {
  const limits = take(4, 300).filter((terms) => terms.order_type === 'limit');
  const btc = limits.filter(({ symbol, side }) => symbol === 'BTCUSDT' && side === 'buy');
  const crossing = btc.filter(({ price }) => Number(price) >= 61_687);
  expect(crossing.length / btc.length).toBeGreaterThan(0.7);
  expect(new Set(crossing.map(({ price }) => price)).size).toBeLessThan(4);
});
