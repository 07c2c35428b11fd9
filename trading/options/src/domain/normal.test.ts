import { expect, test } from 'vitest';
import { normalCdf, normalDensity } from './normal.ts';

/** Computed with mpmath 1.3 at 60 digits, as erfc(-x / sqrt(2)) / 2. */
const VALUES: readonly (readonly [x: number, probability: number])[] = [
  [-37.5, 4.605353009581955e-308],
  [-30, 4.906713927148187e-198],
  [-20.1, 3.6896808637213897e-90],
  [-12.3, 4.5287069561587846e-35],
  [-8.0, 6.220960574271784e-16],
  [-5.7, 5.990371401063528e-9],
  [-5.66, 7.568649751997714e-9],
  [-5.65, 8.022391850663497e-9],
  [-3.3, 0.0004834241423837775],
  [-1.1, 0.13566606094638267],
  [-0.67, 0.2514288950953101],
  [-0.66, 0.25462691467133614],
  [-0.3, 0.3820885778110474],
  [-1e-8, 0.4999999960105772],
  [0.5, 0.6914624612740131],
  [0.663, 0.7463347229613835],
  [1.96, 0.9750021048517795],
  [4.2, 0.9999866542509841],
];

test.each(VALUES)('the probability below %f is right to 1e-15, in the tail as well', (x, value) => {
  expect(Math.abs(normalCdf(x) / value - 1)).toBeLessThan(1e-15);
});

test('both sides of zero sum to one', () => {
  for (let x = 0; x < 40; x += 0.01) {
    expect(Math.abs(normalCdf(x) + normalCdf(-x) - 1)).toBeLessThanOrEqual(Number.EPSILON);
  }
});

test('it never decreases, not where one approximation meets the next either', () => {
  const steps = Array.from({ length: 90_001 }, (_, index) => -45 + index / 1_000);
  for (const [index, x] of steps.entries()) {
    const before = normalCdf(steps[index - 1] ?? x);
    expect(normalCdf(x)).toBeGreaterThanOrEqual(before * (1 - 4 * Number.EPSILON));
  }
});

test('infinities and what is no number have their limits', () => {
  expect(normalCdf(Number.POSITIVE_INFINITY)).toBe(1);
  expect(normalCdf(Number.NEGATIVE_INFINITY)).toBe(0);
  expect(normalCdf(Number.NaN)).toBeNaN();
  expect(normalDensity(Number.POSITIVE_INFINITY)).toBe(0);
  expect(normalDensity(0)).toBeCloseTo(1 / Math.sqrt(2 * Math.PI), 15);
});
