import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fifo } from './fifo.ts';

test('it behaves like an array that is pushed and shifted, over many compactions', () => {
  const steps = fc.array(fc.integer({ min: -3_000, max: 3_000 }), { maxLength: 12 });
  fc.assert(
    fc.property(steps, (counts) => {
      const fifo = new Fifo<number>();
      let put = 0;
      let taken = 0;
      for (const count of counts) {
        for (let index = 0; index < count; index += 1) fifo.put(put++);
        for (let index = 0; index > count; index -= 1) {
          expect(fifo.take()).toBe(taken < put ? taken++ : undefined);
        }
        expect(fifo.size).toBe(put - taken);
      }
    }),
    { numRuns: 50 },
  );
});
