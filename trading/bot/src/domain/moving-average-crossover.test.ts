import { expect, test } from 'vitest';
import { closedAt } from '../testing/candles.ts';
import { movingAverageCrossover } from './moving-average-crossover.ts';

const strategy = movingAverageCrossover({ fast: 2, slow: 4 });

test('the candle that lifts the fast average above the slow one is a reason to buy', () => {
  expect(strategy.evaluate(closedAt([100, 100, 100, 100, 101]))?.direction).toBe('buy');
});

test('the candle that pulls the fast average below the slow one is a reason to sell', () => {
  expect(strategy.evaluate(closedAt([100, 100, 100, 100, 99]))?.direction).toBe('sell');
});

test('averages that stay as they were are no reason', () => {
  expect(strategy.evaluate(closedAt([100, 101, 102, 103, 104]))).toBeUndefined();
  expect(strategy.evaluate(closedAt([100, 100, 100, 100, 100]))).toBeUndefined();
});

test('confidence grows with the distance of the averages, from 50 to 100', () => {
  const confidence = (close: number) =>
    strategy.evaluate(closedAt([1_000_000, 1_000_000, 1_000_000, 1_000_000, close]))?.confidence;
  // The fast average is a quarter of the change above the slow one: 0, 10 and 250 bps of the price.
  expect(confidence(1_000_001)).toBe(50);
  expect(confidence(1_004_020)).toBe(75);
  expect(confidence(1_100_000)).toBe(100);
});

test('one candle more than the slow average is needed', () => {
  expect(strategy.candlesMin).toBe(5);
});
