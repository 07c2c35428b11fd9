import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allottees } from '../../testing/allottees.ts';
import { allocateProRata } from './pro-rata.ts';

test('leftover lots go to the largest remainders, ties by arrival', () => {
  expect(allocateProRata(10n, allottees(6n, 6n, 2n))).toEqual([4n, 4n, 2n]);
  expect(allocateProRata(1n, allottees(5n, 5n))).toEqual([1n, 0n]);
});

test('ties of the same arrival go by id', () => {
  const tied = [
    { id: 'b', leavesLots: 5n, arrivalNs: 1n },
    { id: 'a', leavesLots: 5n, arrivalNs: 1n },
  ];
  expect(allocateProRata(1n, tied)).toEqual([0n, 1n]);
});

test('members with nothing left get nothing', () => {
  expect(allocateProRata(3n, allottees(0n, 3n, 0n))).toEqual([0n, 3n, 0n]);
});

test('nothing is taken back when 6, 6, 2 get ten lots and then one more', () => {
  const first = allocateProRata(10n, allottees(6n, 6n, 2n));
  const left = [6n, 6n, 2n].map((lots, index) => lots - (first[index] ?? 0n));
  expect(allocateProRata(1n, allottees(...left))).toEqual([1n, 0n, 0n]);
});

test('a share is within one lot of the exact proportion', () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt({ min: 0n, max: 10n ** 9n }), { minLength: 1, maxLength: 12 }),
      fc.bigInt({ min: 1n, max: 10n ** 9n }),
      (leaves, lots) => {
        const total = leaves.reduce((sum, one) => sum + one, 0n);
        fc.pre(total > 0n);
        const fill = (lots % total) + 1n;
        for (const [index, share] of allocateProRata(fill, allottees(...leaves)).entries()) {
          const exact = fill * (leaves[index] ?? 0n);
          const distance = share * total - exact;
          expect(distance < total && distance > -total).toBe(true);
        }
      },
    ),
    { numRuns: 3000 },
  );
});
