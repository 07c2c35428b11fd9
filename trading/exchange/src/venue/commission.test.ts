import { expect, test } from 'vitest';
import { Commission } from './commission.ts';

test('makers and takers have rates of their own, rounded down', () => {
  const commission = new Commission({ makerBps: 2, takerBps: 7.5 });
  expect(commission.unitsOf(10_000n, true)).toBe(2n);
  expect(commission.unitsOf(10_000n, false)).toBe(7n);
  expect(commission.unitsOf(4_999n, true)).toBe(0n);
});

test('a rate that is not usable is refused by name', () => {
  for (const takerBps of [-1, 0.001, 1_001, Number.NaN]) {
    expect(() => new Commission({ makerBps: 0, takerBps })).toThrow(/takerBps/);
  }
});
