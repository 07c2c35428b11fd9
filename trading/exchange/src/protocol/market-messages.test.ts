import { expect, test } from 'vitest';
import { INSTRUMENTS } from '../instruments.ts';
import type { MarketTrade } from '../venue/market.ts';
import { aggregateTrades } from './market-messages.ts';

function tradeOf(tradeId: number, taker: number, priceTicks: bigint, lots: bigint): MarketTrade {
  return {
    tradeId,
    priceTicks,
    lots,
    takerSide: 'BUY',
    buyOrderId: taker,
    sellOrderId: tradeId,
    timeMs: 1,
  };
}

test('trades of one taker at one price are aggregated, others are not', () => {
  const [instrument] = INSTRUMENTS;
  if (!instrument) throw new RangeError('there is an instrument');
  const aggregates = aggregateTrades(instrument, [
    tradeOf(1, 50, 100n, 10n),
    tradeOf(2, 50, 100n, 5n),
    tradeOf(3, 50, 101n, 1n),
    tradeOf(4, 51, 101n, 2n),
  ]);
  expect(aggregates.map(({ a, f, l, p, q }) => [a, f, l, p, q])).toEqual([
    [1, 1, 2, '1.00000000', '0.00015000'],
    [3, 3, 3, '1.01000000', '0.00001000'],
    [4, 4, 4, '1.01000000', '0.00002000'],
  ]);
});
