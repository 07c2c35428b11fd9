import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Side } from '../engine/order-book.ts';
import { createInstrument } from '../instruments.ts';
import { type DepthChange, Market } from './market.ts';

const INSTRUMENT = createInstrument('AAA', 'BBB', {
  tickSize: '0.01',
  stepSize: '0.001',
  priceMax: '1000',
  quantityMin: '0.001',
  quantityMax: '1000',
  notionalMin: '1',
  startPrice: '100',
});

function createMarket(): Market {
  let tradeId = 1;
  return new Market(
    INSTRUMENT,
    () => tradeId++,
    () => 0,
  );
}

function submit(market: Market, orderId: number, side: Side, priceTicks: bigint, lots = 1n): void {
  market.submit({ orderId, side, lots, priceTicks, timeInForce: 'GTC' });
}

/** What a client does with depth changes: later lots replace earlier ones, zero removes. */
function follow(changes: readonly DepthChange[], side: 'bids' | 'asks') {
  const levels = new Map<bigint, bigint>();
  for (const change of changes) {
    for (const { priceTicks, lots } of change[side]) {
      if (lots === 0n) levels.delete(priceTicks);
      else levels.set(priceTicks, lots);
    }
  }
  return [...levels].sort(([left], [right]) => Number(left - right));
}

test('a client that follows the depth changes has the book, and no update id is missing', () => {
  const step = fc.record({
    side: fc.constantFrom('BUY' as const, 'SELL' as const),
    priceTicks: fc.bigInt(90n, 110n),
    lots: fc.bigInt(1n, 9n),
    cancels: fc.nat(60),
    isTaken: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const market = createMarket();
      const changes: DepthChange[] = [];
      const take = () => {
        const change = market.takeDepthChange();
        if (change) changes.push(change);
      };
      steps.forEach(({ side, priceTicks, lots, cancels, isTaken }, orderId) => {
        submit(market, orderId, side, priceTicks, lots);
        if (market.engine.resting(cancels)) market.cancel(cancels);
        if (isTaken) take();
      });
      take();
      let expected = 1;
      for (const { firstUpdateId, lastUpdateId } of changes) {
        expect(firstUpdateId).toBe(expected);
        expected = lastUpdateId + 1;
      }
      expect(market.lastUpdateId).toBe(expected - 1);
      const book = (side: Side) =>
        market
          .depth(side, 1_000)
          .map(({ priceTicks, lots }) => [priceTicks, lots])
          .sort(([left = 0n], [right = 0n]) => Number(left - right));
      expect(follow(changes, 'bids')).toEqual(book('BUY'));
      expect(follow(changes, 'asks')).toEqual(book('SELL'));
    }),
  );
});

test('best prices are told only when they change', () => {
  const market = createMarket();
  let told = 0;
  market.listen((_, { best }) => {
    if (best) told += 1;
  });
  submit(market, 1, 'BUY', 100n);
  submit(market, 2, 'BUY', 99n);
  submit(market, 3, 'SELL', 101n);
  expect(told).toBe(2);
  submit(market, 4, 'SELL', 101n);
  expect(told).toBe(3);
  expect(market.best()).toEqual({ bidTicks: 100n, bidLots: 1n, askTicks: 101n, askLots: 2n });
});

test('recent trades name buyer and seller, newest last', () => {
  const market = createMarket();
  submit(market, 1, 'BUY', 100n, 2n);
  submit(market, 2, 'SELL', 100n);
  submit(market, 3, 'SELL', 99n);
  expect(market.recentTrades(10)).toMatchObject([
    { buyOrderId: 1, sellOrderId: 2, takerSide: 'SELL', priceTicks: 100n },
    { buyOrderId: 1, sellOrderId: 3, takerSide: 'SELL', priceTicks: 100n },
  ]);
  expect(market.recentTrades(1)).toHaveLength(1);
});

test('a depth snapshot goes from the best level outwards', () => {
  const market = createMarket();
  for (const [orderId, ticks] of [95n, 99n, 97n].entries()) submit(market, orderId, 'BUY', ticks);
  expect(market.depth('BUY', 2).map(({ priceTicks }) => priceTicks)).toEqual([99n, 97n]);
});
