import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ExpiryQueue } from './expiry-queue.ts';

test('what is due comes out in the order of its time, once', () => {
  const queue = new ExpiryQueue();
  queue.add('late', 30);
  queue.add('early', 10);
  queue.add('middle', 20);
  expect(queue.nextMs).toBe(10);
  expect(queue.due(9)).toEqual([]);
  expect(queue.due(20)).toEqual(['early', 'middle']);
  expect(queue.nextMs).toBe(30);
  expect(queue.due(30)).toEqual(['late']);
  expect(queue.nextMs).toBeUndefined();
});

test('whatever is added and removed, due is what a sorted list says', () => {
  const step = fc.record({
    action: fc.constantFrom('add', 'add', 'remove', 'due'),
    key: fc.nat({ max: 50 }),
    ms: fc.nat({ max: 100 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const queue = new ExpiryQueue();
      const truth = new Map<string, number>();
      for (const { action, key: number, ms } of steps) {
        const key = `k${number}`;
        if (action === 'add' && !truth.has(key)) {
          queue.add(key, ms);
          truth.set(key, ms);
        } else if (action === 'remove') {
          queue.remove(key);
          truth.delete(key);
        } else if (action === 'due') {
          const expected = [...truth].filter(([, dueMs]) => dueMs <= ms).map(([one]) => one);
          expect(queue.due(ms).toSorted()).toEqual(expected.toSorted());
          for (const one of expected) truth.delete(one);
        }
        expect(queue.size).toBe(truth.size);
        expect(queue.nextMs).toBe(truth.size === 0 ? undefined : Math.min(...truth.values()));
      }
    }),
    { numRuns: 300 },
  );
});
