import fc from 'fast-check';
import { expect, test } from 'vitest';
import { closedAt } from '../testing/candles.ts';
import { relativeStrengthIndex, rsiMeanReversion } from './rsi-mean-reversion.ts';

const strategy = rsiMeanReversion({ period: 4, oversold: 30, overbought: 70 });

test('the index is the share of the gains in all changes', () => {
  // Gains 3 and 3, losses 1 and 1: 6 of 8.
  expect(relativeStrengthIndex(closedAt([10, 13, 12, 15, 14]), 4)).toBe(75);
  expect(relativeStrengthIndex(closedAt([1, 2, 3, 4, 5]), 4)).toBe(100);
  expect(relativeStrengthIndex(closedAt([5, 4, 3, 2, 1]), 4)).toBe(0);
  expect(relativeStrengthIndex(closedAt([5, 5, 5, 5, 5]), 4)).toBe(50);
});

test('only the period counts', () => {
  expect(relativeStrengthIndex(closedAt([99, 1, 50, 1, 2, 3, 4, 5]), 4)).toBe(100);
});

test('what fell is bought, what rose is sold, what stands is left alone', () => {
  expect(strategy.evaluate(closedAt([5, 4, 3, 2, 1]))).toEqual({
    direction: 'buy',
    confidence: 100,
  });
  // 25 points: a sixth of the way below the threshold of 30.
  expect(strategy.evaluate(closedAt([14, 15, 12, 13, 10]))).toEqual({
    direction: 'buy',
    confidence: 58,
  });
  expect(strategy.evaluate(closedAt([10, 13, 12, 15, 14]))).toEqual({
    direction: 'sell',
    confidence: 58,
  });
  expect(strategy.evaluate(closedAt([5, 5, 5, 5, 5]))).toBeUndefined();
});

test('confidence is a whole number from 50 to 100, whatever the market does', () => {
  const closes = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 5, maxLength: 5 });
  const percent = fc.integer({ min: 0, max: 100 });
  fc.assert(
    fc.property(closes, percent, percent, (given, one, other) => {
      const [oversold, overbought] = [Math.min(one, other), Math.max(one, other)];
      const finding = rsiMeanReversion({ period: 4, oversold, overbought }).evaluate(
        closedAt(given),
      );
      if (!finding) return;
      expect(Number.isInteger(finding.confidence)).toBe(true);
      expect(finding.confidence).toBeGreaterThanOrEqual(50);
      expect(finding.confidence).toBeLessThanOrEqual(100);
    }),
  );
});
