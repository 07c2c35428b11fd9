import fc from 'fast-check';
import { expect, test } from 'vitest';
import { candlesOf, type Trade } from './candle.ts';

const trade = (timeMs: number, price: number, lots = 1): Trade => ({
  timeMs,
  priceTicks: BigInt(price),
  lots: BigInt(lots),
});

test('trades of one interval are one candle, and the interval of the last trade is left out', () => {
  const trades = [
    trade(1_000, 10, 2),
    trade(1_400, 14, 3),
    trade(1_999, 9, 1),
    trade(2_000, 11),
    trade(3_000, 12),
  ];
  expect(candlesOf(trades, 1_000, 10)).toEqual([
    { startMs: 1_000, openTicks: 10n, highTicks: 14n, lowTicks: 9n, closeTicks: 9n, lots: 6n },
    { startMs: 2_000, openTicks: 11n, highTicks: 11n, lowTicks: 11n, closeTicks: 11n, lots: 1n },
  ]);
});

test('an interval without trades stands at the last price', () => {
  const candles = candlesOf([trade(1_000, 10), trade(3_500, 12), trade(5_000, 13)], 1_000, 10);
  expect(candles.map(({ closeTicks, lots }) => [closeTicks, lots])).toEqual([
    [10n, 1n],
    [10n, 0n],
    [12n, 1n],
    [12n, 0n],
  ]);
});

test('of a long time only the newest candles are made, from the price that was there', () => {
  const candles = candlesOf([trade(0, 7), trade(10_000, 8)], 1_000, 3);
  expect(candles.map(({ startMs, closeTicks }) => [startMs, closeTicks])).toEqual([
    [7_000, 7n],
    [8_000, 7n],
    [9_000, 7n],
  ]);
  expect(candlesOf([], 1_000, 3)).toEqual([]);
});

test('candles have no gaps and lose no lots', () => {
  const steps = fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 99 })), { minLength: 1 });
  fc.assert(
    fc.property(steps, (given) => {
      let timeMs = 50_000;
      const trades = given.map(([step, price]) => {
        timeMs += step;
        return trade(timeMs, price, price);
      });
      const candles = candlesOf(trades, 100, 1_000);
      for (const [index, { startMs }] of candles.entries()) {
        expect(startMs).toBe((candles[0]?.startMs ?? 0) + index * 100);
      }
      const endMs = timeMs - (timeMs % 100);
      const before = trades.filter((one) => one.timeMs < endMs);
      const sum = (list: readonly { lots: bigint }[]) => list.reduce((s, { lots }) => s + lots, 0n);
      expect(sum(candles)).toBe(sum(before));
    }),
  );
});
