import fc from 'fast-check';
import { expect, test } from 'vitest';
import { INSTRUMENTS } from '../instruments.ts';
import { Market } from '../venue/market.ts';
import type { RecordedData } from './recording.ts';
import { ReplayedBook } from './replayed-book.ts';

function createBook() {
  const [instrument] = INSTRUMENTS;
  if (!instrument) throw new RangeError('there is an instrument');
  let id = 1;
  const nextId = () => id++;
  const market = new Market(instrument, nextId, () => 0);
  return { market, book: new ReplayedBook(market, nextId) };
}

type Levels = [price: string, quantity: string][];

function depth(bids: Levels, asks: Levels): RecordedData {
  return { e: 'depthUpdate', s: 'BTCUSDT', b: bids, a: asks };
}

function trade(price: string, quantity: string, isBuyerMaker: boolean): RecordedData {
  return { e: 'trade', s: 'BTCUSDT', p: price, q: quantity, m: isBuyerMaker };
}

test('a depth frame sets the lots at its prices, zero takes them away', () => {
  const { market, book } = createBook();
  book.apply(
    depth(
      [
        ['100.00', '1'],
        ['99.00', '2'],
      ],
      [['101.00', '3']],
    ),
  );
  book.apply(
    depth(
      [
        ['99.00', '0'],
        ['100.00', '0.5'],
      ],
      [],
    ),
  );
  expect(market.depth('BUY', 10)).toEqual([{ priceTicks: 10_000n, lots: 50_000n }]);
  expect(market.depth('SELL', 10)).toEqual([{ priceTicks: 10_100n, lots: 300_000n }]);
});

test('recorded liquidity never trades with itself: what is crossed was stale', () => {
  const { market, book } = createBook();
  book.apply(
    depth(
      [['100.00', '1']],
      [
        ['101.00', '1'],
        ['102.00', '1'],
      ],
    ),
  );
  book.apply(depth([['101.50', '1']], []));
  expect(market.recentTrades(10)).toEqual([]);
  expect(market.best()).toMatchObject({ bidTicks: 10_150n, askTicks: 10_200n });
});

test('without clients, the trades are the recorded ones, lot for lot', () => {
  const amount = fc.integer({ min: 1, max: 500 }).map((lots) => (lots / 100).toFixed(5));
  const price = fc.integer({ min: 9_990, max: 10_010 }).map((ticks) => (ticks / 100).toFixed(2));
  const level = fc.tuple(price, fc.oneof(amount, fc.constant('0.00000')));
  const frame = fc.oneof(
    fc.record({ bids: fc.array(level), asks: fc.array(level) }),
    fc.record({ price, amount, isBuyerMaker: fc.boolean() }),
  );
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 30 }), (frames) => {
      const { market, book } = createBook();
      const recorded: unknown[] = [];
      for (const next of frames) {
        if ('bids' in next) {
          book.apply(depth(next.bids, next.asks));
        } else {
          book.apply(trade(next.price, next.amount, next.isBuyerMaker));
          recorded.push({
            priceTicks: BigInt(Math.round(Number(next.price) * 100)),
            lots: BigInt(Math.round(Number(next.amount) * 1e5)),
            takerSide: next.isBuyerMaker ? 'SELL' : 'BUY',
          });
        }
      }
      const trades = market.recentTrades(1_000);
      expect(
        trades.map(({ priceTicks, lots, takerSide }) => ({ priceTicks, lots, takerSide })),
      ).toEqual(recorded);
      expect(book.dropped).toBe(0);
    }),
  );
});

test('a recorded trade fills the client order at its price, and trades its lots in all', () => {
  const { market, book } = createBook();
  book.apply(depth([['100.00', '1']], [['101.00', '1']]));
  const client = { orderId: 1_000_000, side: 'BUY', lots: 30_000n, priceTicks: 10_000n } as const;
  market.submit({ ...client, timeInForce: 'GTC' });
  book.apply(depth([['100.00', '2']], []));
  book.apply(trade('100.00', '0.5', true));
  expect(market.engine.resting(client.orderId)).toBeUndefined();
  const lots = market.recentTrades(10).map((one) => one.lots);
  expect(lots).toEqual([30_000n, 20_000n]);
});

test('recorded liquidity that comes through a client order trades with it', () => {
  const { market, book } = createBook();
  book.apply(depth([['99.00', '1']], [['101.00', '1']]));
  const client = { orderId: 1_000_000, side: 'BUY', lots: 30_000n, priceTicks: 10_000n } as const;
  market.submit({ ...client, timeInForce: 'GTC' });
  book.apply(depth([], [['99.50', '0.2']]));
  expect(market.engine.resting(client.orderId)?.leavesLots).toBe(10_000n);
  expect(market.recentTrades(1)).toMatchObject([{ priceTicks: 10_000n, lots: 20_000n }]);
});

test('a client takes recorded lots away until the next frame of that price', () => {
  const { market, book } = createBook();
  book.apply(
    depth(
      [],
      [
        ['101.00', '1'],
        ['102.00', '1'],
      ],
    ),
  );
  market.submit({ orderId: 1_000_000, side: 'BUY', lots: 150_000n, timeInForce: 'IOC' });
  expect(market.best()).toMatchObject({ askTicks: 10_200n, askLots: 50_000n });
  book.apply(depth([], [['101.00', '1.5']]));
  expect(market.best()).toMatchObject({ askTicks: 10_100n, askLots: 150_000n });
});

test('what does not fit the instrument is dropped and counted, the rest is kept', () => {
  const { market, book } = createBook();
  book.apply(
    depth(
      [
        ['100.001', '1'],
        ['100.00', '1'],
        ['x', '1'],
        ['-1.00', '1'],
      ],
      [],
    ),
  );
  book.apply(trade('100.00', '0', true));
  book.apply(depth([], [['101.00', '1.000009']]));
  expect(market.best().askLots).toBe(100_000n);
  expect(book.dropped).toBe(4);
  expect(market.depth('BUY', 10)).toHaveLength(1);
  book.clear();
  expect(market.engine.restingCount).toBe(0);
});
