import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatBytes } from './size.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1 kB'],
  [1_234_567, '1.23 MB'],
  [999_499, '999 kB'],
  [999_500, '1 MB'],
  [10_000_000_000, '10 GB'],
  [1_234e12, '1230 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test('what is shown is within half a percent of what it is', () => {
  const units = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e15 }), (bytes) => {
      const [value = '', unit = 'B'] = formatBytes(bytes).split(' ');
      const shown = Number(value) * units[unit as keyof typeof units];
      expect(Math.abs(shown - bytes)).toBeLessThanOrEqual(bytes * 0.005);
    }),
  );
});
