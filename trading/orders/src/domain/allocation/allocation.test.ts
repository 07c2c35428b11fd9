import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allottees } from '../../testing/allottees.ts';
import { ALLOCATION_METHODS, type AllocationMethod, allocationRule } from './allocation.ts';

/** Each rule, with several least shares where it has one. */
const RULES = ALLOCATION_METHODS.flatMap((method: AllocationMethod) =>
  [1n, 2n, 7n, 1_000n].map((lotsMin) => ({
    name: `${method} (${lotsMin})`,
    allocate: allocationRule({ method, lotsMin }),
  })),
);

test.each(RULES)('$name: any run of fills sums exactly, exceeds nobody, and ends with all full', ({
  allocate,
}) => {
  const lots = fc.bigInt({ min: 1n, max: 10n ** 15n });
  const small = fc.bigInt({ min: 1n, max: 30n });
  fc.assert(
    fc.property(
      fc.array(fc.oneof(small, lots), { minLength: 1, maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 1000 }), { maxLength: 30 }),
      (orders, permilles) => {
        const leaves = [...orders];
        for (const permille of [...permilles, 1000]) {
          const total = leaves.reduce((sum, one) => sum + one, 0n);
          const fill = (total * BigInt(permille)) / 1000n;
          if (fill === 0n) continue;
          const allocated = allocate(fill, allottees(...leaves));
          expect(allocated.reduce((sum, one) => sum + one, 0n)).toBe(fill);
          for (const [index, share] of allocated.entries()) {
            // Never negative: nothing that was allocated is taken back.
            expect(share >= 0n).toBe(true);
            leaves[index] = (leaves[index] ?? 0n) - share;
            expect((leaves[index] ?? -1n) >= 0n).toBe(true);
          }
        }
        expect(leaves.every((one) => one === 0n)).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});

test.each(RULES)('$name: the place in the list does not matter', ({ allocate }) => {
  const member = fc.record({
    leavesLots: fc.bigInt({ min: 0n, max: 200n }),
    arrivalNs: fc.bigInt({ min: 0n, max: 3n }),
    rank: fc.nat(),
  });
  fc.assert(
    fc.property(
      fc.array(member, { minLength: 1, maxLength: 12 }),
      fc.bigInt({ min: 1n, max: 2_400n }),
      (drawn, lots) => {
        const members = drawn.map((one, index) => ({ ...one, id: `o${index}` }));
        const total = members.reduce((sum, one) => sum + one.leavesLots, 0n);
        fc.pre(total > 0n);
        const fill = (lots % total) + 1n;
        const shuffled = members.toSorted((a, b) => a.rank - b.rank);
        const byId = (list: typeof members) => {
          const allocated = allocate(fill, list);
          return new Map(list.map(({ id }, index) => [id, allocated[index]]));
        };
        expect(new Map([...byId(shuffled)].toSorted())).toEqual(
          new Map([...byId(members)].toSorted()),
        );
      },
    ),
    { numRuns: 500 },
  );
});

test.each(RULES)('$name: an empty fill and one beyond what is left are refused', ({ allocate }) => {
  for (const lots of [0n, -1n, 15n]) {
    expect(() => allocate(lots, allottees(6n, 6n, 2n))).toThrow(
      expect.objectContaining({ code: 'TL_ALLOCATION_INVALID' }),
    );
  }
});
