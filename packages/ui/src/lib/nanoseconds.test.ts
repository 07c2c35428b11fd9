import { expect, test } from 'vitest';
import { compareNs, maxNs, minNs } from './nanoseconds.ts';

test('times beyond the precision of a double are still told apart', () => {
  const now = 1_764_000_000_000_000_001n;
  expect(compareNs(now, now + 1n)).toBe(-1);
  expect(minNs(now + 1n, now)).toBe(now);
  expect(maxNs(now, now + 1n, now - 1n)).toBe(now + 1n);
});
