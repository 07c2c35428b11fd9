import { expect, test } from 'vitest';
import { SkewBounds } from './skew-bounds.ts';

test('bounds add up along any chain of clocks', () => {
  const bounds = new SkewBounds(3);
  expect(bounds.most(0, 2)).toBeUndefined();
  expect(bounds.tighten(0, 1, 5n)).toBe(true);
  expect(bounds.tighten(1, 2, -7n)).toBe(true);
  expect(bounds.most(0, 2)).toBe(-2n);
  expect(bounds.least(0, 2)).toBeUndefined();
  expect(bounds.tighten(2, 0, 3n)).toBe(true);
  expect(bounds.least(0, 2)).toBe(-3n);
  expect(bounds.least(0, 1)).toBe(4n);
});

test('what cannot be true beside the others is refused and changes nothing', () => {
  const bounds = new SkewBounds(2);
  bounds.tighten(0, 1, 5n);
  expect(bounds.tighten(1, 0, -6n)).toBe(false);
  expect(bounds.least(0, 1)).toBeUndefined();
  expect(bounds.tighten(1, 0, -5n)).toBe(true);
  expect(bounds.fix(0, 1, 4n)).toBe(false);
  expect(bounds.fix(0, 1, 5n)).toBe(true);
});

test('what is fixed for one clock narrows the others, and a copy has its own', () => {
  const bounds = new SkewBounds(3);
  bounds.tighten(1, 2, 4n);
  const copy = bounds.copy();
  expect(copy.fix(0, 1, 10n)).toBe(true);
  expect(copy.most(0, 2)).toBe(14n);
  expect(bounds.most(0, 2)).toBeUndefined();
});
