import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Allottee, allocateProRata } from './allocation.ts';

function members(leaves: readonly bigint[]): Allottee[] {
  return leaves.map((leavesLots, index) => ({
    id: `u${index}/o${index}`,
    leavesLots,
    arrivalNs: BigInt(index),
  }));
}

test('leftover lots go to the largest remainders, ties by arrival', () => {
  expect(allocateProRata(10n, members([6n, 6n, 2n]))).toEqual([4n, 4n, 2n]);
  expect(allocateProRata(1n, members([5n, 5n]))).toEqual([1n, 0n]);
});

test('ties of the same arrival go by id', () => {
  const tied = [
    { id: 'b', leavesLots: 5n, arrivalNs: 1n },
    { id: 'a', leavesLots: 5n, arrivalNs: 1n },
  ];
  expect(allocateProRata(1n, tied)).toEqual([0n, 1n]);
});

test('members with nothing left get nothing', () => {
  expect(allocateProRata(3n, members([0n, 3n, 0n]))).toEqual([0n, 3n, 0n]);
});

test('nothing is taken back when 6, 6, 2 get ten lots and then one more', () => {
  const first = allocateProRata(10n, members([6n, 6n, 2n]));
  const left = [6n, 6n, 2n].map((lots, index) => lots - (first[index] ?? 0n));
  expect(allocateProRata(1n, members(left))).toEqual([1n, 0n, 0n]);
});

test('an empty fill and one beyond what is left are refused', () => {
  for (const lots of [0n, -1n, 15n]) {
    expect(() => allocateProRata(lots, members([6n, 6n, 2n]))).toThrow(
      expect.objectContaining({ code: 'TL_ALLOCATION_INVALID' }),
    );
  }
});

test('any run of fills sums exactly, exceeds nobody, and ends with all full', () => {
  const lots = fc.bigInt({ min: 1n, max: 10n ** 15n });
  fc.assert(
    fc.property(
      fc.array(lots, { minLength: 1, maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 1000 }), { maxLength: 30 }),
      (orders, permilles) => {
        const leaves = [...orders];
        const fillOf = (permille: number, total: bigint) => (total * BigInt(permille)) / 1000n;
        for (const permille of [...permilles, 1000]) {
          const total = leaves.reduce((sum, one) => sum + one, 0n);
          const fill = fillOf(permille, total);
          if (fill === 0n) continue;
          const allocated = allocateProRata(fill, members(leaves));
          expect(allocated.reduce((sum, one) => sum + one, 0n)).toBe(fill);
          for (const [index, share] of allocated.entries()) {
            expect(share >= 0n).toBe(true);
            leaves[index] = (leaves[index] ?? 0n) - share;
            expect((leaves[index] ?? -1n) >= 0n).toBe(true);
          }
        }
        expect(leaves.every((one) => one === 0n)).toBe(true);
      },
    ),
    { numRuns: 3000 },
  );
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
        for (const [index, share] of allocateProRata(fill, members(leaves)).entries()) {
          const exact = fill * (leaves[index] ?? 0n);
          const distance = share * total - exact;
          expect(distance < total && distance > -total).toBe(true);
        }
      },
    ),
    { numRuns: 3000 },
  );
});
