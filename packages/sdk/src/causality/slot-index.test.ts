import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SlotIndex } from './slot-index.ts';

test('it finds what a map would, however keys come and go', () => {
  const slots = 8;
  const key = fc.constantFrom('a', 'b', 'ab', 'ba', '', 'order-1', 'order-2', '0', 'ü', '😀');
  fc.assert(
    fc.property(fc.array(key, { maxLength: 200, size: 'max' }), (keys) => {
      const index = new SlotIndex(slots);
      const model = new Map<string, number>();
      for (const each of keys) {
        const hash = index.hash(each);
        expect(index.find(each, hash)).toBe(model.get(each) ?? -1);
        const slot = model.get(each);
        const free = Array.from({ length: slots }, (_, number) => number).find(
          (number) => ![...model.values()].includes(number),
        );
        if (slot !== undefined) {
          index.remove(slot);
          model.delete(each);
        } else if (free !== undefined) {
          index.add(each, hash, free);
          model.set(each, free);
        }
      }
      for (const [each, slot] of model) expect(index.find(each, index.hash(each))).toBe(slot);
    }),
    { numRuns: 300 },
  );
});

test('keys whose hashes collide are told apart, also when one before them goes', () => {
  const index = new SlotIndex(4);
  for (const [slot, key] of ['a', 'b', 'c', 'd'].entries()) index.add(key, -1, slot);
  index.remove(1);
  expect(['a', 'b', 'c', 'd'].map((key) => index.find(key, -1))).toEqual([0, -1, 2, 3]);
  index.add('e', -1, 1);
  expect(['a', 'c', 'd', 'e'].map((key) => index.find(key, -1))).toEqual([0, 2, 3, 1]);
});
