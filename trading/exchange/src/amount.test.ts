import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatAmount, parseAmount } from './amount.ts';

test('amounts survive the wire', () => {
  fc.assert(
    fc.property(fc.bigInt(-(10n ** 25n), 10n ** 25n), (units) => {
      expect(parseAmount(formatAmount(units))).toBe(units);
    }),
  );
});

test('amounts have eight decimals', () => {
  expect(formatAmount(1n)).toBe('0.00000001');
  expect(formatAmount(-6168599000000n)).toBe('-61685.99000000');
  expect(parseAmount('0.1')).toBe(10_000_000n);
  expect(parseAmount('1.000000000000')).toBe(100_000_000n);
});

test('what is no amount, or finer than an amount can be, is refused', () => {
  for (const text of ['', 'abc', '1e5', '1.', '.5', '0.000000001', '0x10', ' 1']) {
    expect(parseAmount(text)).toBeUndefined();
  }
});
