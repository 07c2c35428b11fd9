import { expect, test } from 'vitest';
import { EmaCross } from './ema-cross.ts';
import { MacdCross } from './macd-cross.ts';
import { decideByMean } from './mean-reversion.ts';
import { RsiReversal } from './rsi-reversal.ts';
import { confidenceOf, type Decision, type Strategy } from './strategy.ts';

/** What the strategy decided, by the number of the candle, from 0 on. */
function decisions(strategy: Strategy, closes: readonly number[]): [number, Decision][] {
  return closes.flatMap((close, index) => {
    const decision = strategy.update(close);
    return decision ? [[index, decision] as [number, Decision]] : [];
  });
}

function range(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.abs(to - from) / Math.abs(step) }, (_, i) => from + i * step);
}

/** Down for 30 candles, up for 30, down for 30. */
const ZIGZAG = [...range(130, 100, -1), ...range(100, 130, 1), ...range(130, 100, -1)];

/** Moving averages as they are defined, for the place of the cross. */
function averages(closes: readonly number[], period: number): number[] {
  const weight = 2 / (period + 1);
  const result: number[] = [];
  for (const close of closes) {
    const last = result.at(-1);
    result.push(last === undefined ? close : close * weight + last * (1 - weight));
  }
  return result;
}

test('the moving averages cross at the candle where they do by definition', () => {
  const fast = averages(ZIGZAG, 3);
  const slow = averages(ZIGZAG, 8);
  const isAbove = ZIGZAG.map((_, index) => Number(fast[index]) > Number(slow[index]));
  const crosses = isAbove.flatMap((above, index) =>
    index >= 8 && above !== isAbove[index - 1] ? [[index, above ? 'buy' : 'sell']] : [],
  );
  const found = decisions(new EmaCross({ fast: 3, slow: 8 }), ZIGZAG);
  expect(found.map(([index, { direction }]) => [index, direction])).toEqual(crosses);
  expect(crosses.map(([index]) => index)).toEqual([34, 64]);
});

test('a market that only rises gives no cross', () => {
  expect(decisions(new EmaCross(), range(100, 200, 1))).toEqual([]);
});

test('the strength index speaks once when it leaves the middle, not while it stays out', () => {
  const found = decisions(new RsiReversal({ period: 5 }), ZIGZAG);
  expect(found.map(([, { direction }]) => direction)).toEqual(['buy', 'sell', 'buy']);
  for (const [, { confidence }] of found) expect(confidence).toBeGreaterThanOrEqual(70);
  expect(found.map(([index]) => index)[0]).toBeLessThan(30);
});

test('the MACD crosses its signal line after the market turned, in its direction', () => {
  const strategy = new MacdCross({ short: 3, long: 8, signal: 4 });
  const found = decisions(strategy, ZIGZAG);
  const afterTurns = found.filter(([index]) => index > 30);
  expect(afterTurns[0]).toMatchObject([expect.any(Number), { direction: 'buy' }]);
  const sell = afterTurns.find(([, { direction }]) => direction === 'sell');
  expect(sell?.[0]).toBeGreaterThan(50);
});

test('no strategy decides before it has seen its periods', () => {
  const closes = range(100, 110, 1).flatMap((close) => [close, close - 3]);
  for (const strategy of [new EmaCross(), new MacdCross()]) {
    expect(decisions(strategy, closes)).toEqual([]);
  }
});

test('a price far off the mean of its batch is expected to come back', () => {
  const calm = Array.from({ length: 20 }, (_, index) => 100 + (index % 2));
  expect(decideByMean(calm)).toBeUndefined();
  expect(decideByMean([...calm, 95])).toMatchObject({ direction: 'buy' });
  expect(decideByMean([...calm, 106])).toMatchObject({ direction: 'sell' });
  expect(decideByMean([100, 90])).toBeUndefined();
  expect(decideByMean(Array.from({ length: 20 }, () => 100))).toBeUndefined();
});

test('confidence is a whole number from 50 to 100', () => {
  expect([0, 1, 2.7, 4, 50].map(confidenceOf)).toEqual([50, 63, 84, 100, 100]);
});
