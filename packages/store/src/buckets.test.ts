import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Buckets, periodOf } from './buckets.ts';

const DAY_MS = 86_400_000;
/** A midnight. */
const MIDNIGHT_S = 1_699_920_000;

test.each([
  [7 * DAY_MS, 86_400],
  [30 * DAY_MS, 86_400],
  [12 * 3_600_000, 3_600],
  [3_600_000, 300],
  [60_000, 60],
  [365 * DAY_MS, 7 * 86_400],
  [Number.POSITIVE_INFINITY, 86_400],
])('an age of %d ms is kept in buckets of %d s', (ageMs, periodS) => {
  expect(periodOf([ageMs])).toBe(periodS);
});

test('whatever the ages, there are a few hundred periods, and no more than one a minute', () => {
  const age = fc.integer({ min: 60_000, max: 3_650 * DAY_MS });
  fc.assert(
    fc.property(fc.array(age, { minLength: 1, maxLength: 4 }), (agesMs) => {
      const periodS = periodOf(agesMs);
      expect(periodS).toBeGreaterThanOrEqual(60);
      expect(Math.max(...agesMs) / 1_000 / periodS).toBeLessThanOrEqual(256);
    }),
  );
});

test('a bucket ends with its day', () => {
  let nowS = MIDNIGHT_S + 5_000;
  const buckets = new Buckets({ periodS: 86_400, clock: () => nowS * 1_000 + 999 });
  expect(buckets.current()).toBe(MIDNIGHT_S);
  nowS = MIDNIGHT_S + 86_399;
  expect(buckets.current()).toBe(MIDNIGHT_S);
  nowS += 1;
  expect(buckets.current()).toBe(MIDNIGHT_S + 86_400);
});

test('a full bucket ends at once, a new one only after a minute', () => {
  let nowS = MIDNIGHT_S + 100;
  const buckets = new Buckets({ periodS: 86_400, clock: () => nowS * 1_000 });
  buckets.begin();
  expect(buckets.current()).toBe(MIDNIGHT_S + 100);
  nowS += 59;
  buckets.begin();
  expect(buckets.current()).toBe(MIDNIGHT_S + 100);
  nowS += 1;
  buckets.begin();
  expect(buckets.current()).toBe(MIDNIGHT_S + 160);
});

test('after a restart the newest bucket of the day goes on, one of another time does not', () => {
  const open = () => new Buckets({ periodS: 86_400, clock: () => (MIDNIGHT_S + 5_000) * 1_000 });
  const resumed = (bucketS: number) => {
    const buckets = open();
    buckets.resume(bucketS);
    return buckets.current();
  };
  expect(resumed(MIDNIGHT_S + 4_000)).toBe(MIDNIGHT_S + 4_000);
  expect(resumed(MIDNIGHT_S - 1)).toBe(MIDNIGHT_S);
  expect(resumed(MIDNIGHT_S + 500_000)).toBe(MIDNIGHT_S);
});

test('buckets never go back, whatever the clock does', () => {
  const step = fc.record({
    seconds: fc.integer({ min: -90_000, max: 90_000 }),
    begin: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      let nowS = MIDNIGHT_S;
      const buckets = new Buckets({ periodS: 3_600, clock: () => nowS * 1_000 });
      let lastS = 0;
      for (const { seconds, begin } of steps) {
        nowS += seconds;
        if (begin) buckets.begin();
        expect(buckets.current()).toBeGreaterThanOrEqual(lastS);
        lastS = buckets.current();
      }
    }),
  );
});
