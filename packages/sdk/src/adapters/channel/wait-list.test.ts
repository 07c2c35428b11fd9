import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WaitList } from './wait-list.ts';

test('it behaves like an array from which anyone may be removed', () => {
  const steps = fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constant('add' as const) },
      { weight: 2, arbitrary: fc.constant('take' as const) },
      { weight: 2, arbitrary: fc.nat(30) },
    ),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, (given) => {
      const list = new WaitList<number>();
      const leaves: (() => void)[] = [];
      let expected: number[] = [];
      for (const step of given) {
        if (step === 'add') {
          const item = leaves.length;
          leaves.push(list.add(item));
          expected.push(item);
        } else if (step === 'take') {
          expect(list.take()).toBe(expected.shift());
        } else {
          leaves[step]?.();
          expected = expected.filter((item) => item !== step);
        }
      }
      while (expected.length > 0) expect(list.take()).toBe(expected.shift());
      expect(list.take()).toBeUndefined();
    }),
  );
});
