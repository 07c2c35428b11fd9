import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Clock } from './clock.ts';

const ns = ([seconds, nanos]: [number, number]) => BigInt(seconds) * 1_000_000_000n + BigInt(nanos);

test('it shows the wall clock, with its fraction of a millisecond', () => {
  const before = BigInt(Date.now()) * 1_000_000n;
  const now = ns(new Clock().now());
  const after = BigInt(Date.now()) * 1_000_000n;
  expect(now - before).toBeGreaterThan(-2_000_000n);
  expect(now - after).toBeLessThan(1_000_000_000n);
});

test('it is the origin plus the monotonic time, to the nanosecond', () => {
  let ms = 0;
  const clock = new Clock(
    () => 1_700_000_000_999.5 + ms,
    () => ms,
    1_700_000_000_999.5,
  );
  expect(clock.now()).toEqual([1_700_000_000, 999_500_000]);
  ms = 0.5;
  expect(clock.now()).toEqual([1_700_000_001, 0]);
  ms = 1.000_25;
  expect(clock.now()).toEqual([1_700_000_001, 500_250]);
});

test('it never goes back while the wall clock does not jump', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 5, noNaN: true })), (steps) => {
      let ms = 0;
      const origin = 1_700_000_000_123.456;
      const clock = new Clock(
        () => Math.floor(origin + ms),
        () => ms,
        origin,
      );
      let last = ns(clock.now());
      for (const step of steps) {
        ms += step;
        const [seconds, nanos] = clock.now();
        expect(nanos).toBeGreaterThanOrEqual(0);
        expect(nanos).toBeLessThan(1e9);
        expect(ns([seconds, nanos])).toBeGreaterThanOrEqual(last);
        last = ns([seconds, nanos]);
      }
    }),
  );
});

test('it follows a jump of the wall clock within a second', () => {
  let wallMs = 1_700_000_000_000;
  let ms = 0;
  const clock = new Clock(
    () => wallMs,
    () => ms,
    1_700_000_000_000,
  );
  clock.now();
  ms += 1_000;
  wallMs += 3_601_000;
  expect(clock.now()).toEqual([1_700_003_601, 0]);
});

test('threads that see a jump a millisecond apart, or the wall clock late, still agree', () => {
  let jumpMs = 0;
  let ms = 0;
  const origin = 1_700_000_000_000.25;
  const clocks = [0, 0.9, 2.7].map(
    (lateMs) =>
      new Clock(
        () => Math.floor(origin + ms + jumpMs - lateMs),
        () => ms,
        origin,
      ),
  );
  for (const jump of [0, 3_600_000]) {
    jumpMs = jump;
    ms += 1_500;
    const [first, ...others] = clocks.map((clock) => clock.now());
    for (const other of others) expect(other).toEqual(first);
  }
});
