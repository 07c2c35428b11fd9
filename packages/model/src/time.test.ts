import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ThroughlineError } from './errors.ts';
import {
  formatAge,
  formatDuration,
  formatTime,
  nanosecondsSchema,
  nowNs,
  parseTime,
} from './time.ts';

const INSTANT = 1_700_000_000_123_456_789n;

test('an integer time is recognised by its magnitude', () => {
  expect(parseTime('1700000000')).toBe(1_700_000_000_000_000_000n);
  expect(parseTime('1700000000123')).toBe(1_700_000_000_123_000_000n);
  expect(parseTime('1700000000123456')).toBe(1_700_000_000_123_456_000n);
  expect(parseTime('1700000000123456789')).toBe(INSTANT);
});

test('RFC 3339 keeps nanoseconds and honours the offset', () => {
  expect(parseTime('2023-11-14T22:13:20.123456789Z')).toBe(INSTANT);
  expect(parseTime('2023-11-14T23:13:20.5+01:00')).toBe(1_700_000_000_500_000_000n);
});

test('what is not a time is refused with a code and a hint', () => {
  for (const text of ['', 'yesterday', '2023-13-01T00:00:00Z', '12345678901234567890', '-5']) {
    expect(() => parseTime(text)).toThrow(ThroughlineError);
  }
});

test('every instant survives formatting and parsing', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 4_000_000_000_000_000_000n }), (ns) => {
      expect(parseTime(formatTime(ns))).toBe(ns);
      expect(nanosecondsSchema.decode(nanosecondsSchema.encode(ns))).toBe(ns);
    }),
  );
});

test('a duration is shown in the largest unit that fits', () => {
  expect(formatDuration(999n)).toBe('999 ns');
  expect(formatDuration(1_500n)).toBe('1.500 µs');
  expect(formatDuration(12_345_678n)).toBe('12.35 ms');
  expect(formatDuration(-250_000_000n)).toBe('-250.0 ms');
  expect(formatDuration(3_000_000_000n)).toBe('3.000 s');
});

test('now is a time of this century in nanoseconds', () => {
  const difference = Number(nowNs() / 1_000_000n) - Date.now();
  expect(Math.abs(difference)).toBeLessThan(60_000);
});

test.each([
  [-5_000_000_000n, '0 s'],
  [999_999_999n, '0 s'],
  [59_900_000_000n, '59 s'],
  [60_000_000_000n, '1 min'],
  [7_199_000_000_000n, '1 h'],
  [200_000_000_000_000n, '2 d'],
])('an age of %d ns is %s', (ns, text) => {
  expect(formatAge(ns)).toBe(text);
});
