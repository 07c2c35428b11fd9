import { expect, test } from 'vitest';
import { percentile, statusText, verdictText } from './summary.ts';

test('percentiles are of nearest rank', () => {
  const durations = [50n, 10n, 40n, 20n, 30n];
  expect(percentile(durations, 0.5)).toBe(30n);
  expect(percentile(durations, 0.95)).toBe(50n);
  expect(percentile([], 0.5)).toBe(0n);
});

test('statuses come most frequent first', () => {
  expect(statusText({ canceled: 2, filled: 498 })).toBe('498 filled, 2 canceled');
  expect(statusText({})).toBe('none ended yet');
});

test('the verdict counts what is not whole', () => {
  expect(verdictText([1_000_000n], 0)).toContain('each whole and exact');
  expect(verdictText([1_000_000n], 3)).toContain('3 not whole');
});
