import { expect, test } from 'vitest';
import { RateLimit } from './rate-limit.ts';

test('each user has so many messages a second', () => {
  const limit = new RateLimit(2);
  expect([1_000, 1_400, 1_999].map((ms) => limit.admits('u1', ms))).toEqual([true, true, false]);
  expect(limit.admits('u2', 1_999)).toBe(true);
  expect(limit.admits('u1', 2_000)).toBe(true);
});
