import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Random } from './random.ts';

test('one seed gives one sequence, another seed another', () => {
  const draw = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 20 }, () => random.next());
  };
  expect(draw(5)).toEqual(draw(5));
  expect(draw(5)).not.toEqual(draw(6));
});

test('integers stay within their bounds and reach both of them', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = new Random(seed);
      const drawn = new Set(Array.from({ length: 200 }, () => random.integer(-1, 2)));
      expect([...drawn].sort((left, right) => left - right)).toEqual([-1, 0, 1, 2]);
    }),
    { numRuns: 30 },
  );
});

test('a fork is not moved by further draws', () => {
  const one = new Random(1);
  const other = new Random(1);
  const fork = one.fork();
  one.next();
  expect(fork.next()).toBe(other.fork().next());
});
