import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addDecimals,
  compareDecimals,
  formatDecimal,
  isDecimal,
  parseDecimal,
  subtractDecimals,
} from './decimal.ts';
import { ThroughlineError } from './errors.ts';

const decimals = fc.record({
  units: fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
  scale: fc.integer({ min: 0, max: 12 }),
});

test('tenths sum exactly, unlike doubles', () => {
  const sum = addDecimals(parseDecimal('0.1'), parseDecimal('0.2'));
  expect(formatDecimal(sum)).toBe('0.3');
});

test('exponents, blanks, points without digits and endless digits are refused', () => {
  for (const text of ['', '.', '1.', '.5', '1e3', ' 1', '+1', 'NaN', '0x1', '1'.repeat(41)]) {
    expect(isDecimal(text)).toBe(false);
    expect(() => parseDecimal(text)).toThrow(ThroughlineError);
  }
});

test('the text of a value is its shortest', () => {
  expect(formatDecimal(parseDecimal('-0.500'))).toBe('-0.5');
  expect(formatDecimal(parseDecimal('100'))).toBe('100');
  expect(formatDecimal({ units: 5n, scale: 3 })).toBe('0.005');
});

test('subtraction undoes addition, whatever the scales', () => {
  fc.assert(
    fc.property(decimals, decimals, (left, right) => {
      const back = subtractDecimals(addDecimals(left, right), right);
      expect(compareDecimals(back, left)).toBe(0);
      expect(formatDecimal(parseDecimal(formatDecimal(left)))).toBe(formatDecimal(left));
    }),
  );
});
