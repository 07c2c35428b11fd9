import { expect, test } from 'vitest';
import { fullWidthNs } from './bar-scale.ts';

test('the longest order fills the width', () => {
  expect(fullWidthNs([10n, 30n, 20n])).toBe(30n);
});

test('a few that took far longer are cut, so that the others can be seen', () => {
  expect(fullWidthNs([10n, 11n, 12n, 5_000n])).toBe(48n);
});

test('there may be none, or none that took any time', () => {
  expect(fullWidthNs([])).toBe(0n);
  expect(fullWidthNs([0n, 0n, 7n])).toBe(7n);
});
