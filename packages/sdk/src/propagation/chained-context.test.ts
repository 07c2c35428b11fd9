import { type Context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MESSAGE_ROOT } from './chained-context.ts';

const keys = ['a', 'b', 'c', 'd'].map((name) => createContextKey(name));
const step = fc.record({
  key: fc.constantFrom(...keys),
  value: fc.option(fc.nat(), { nil: undefined }),
  deletes: fc.boolean(),
  /** Which of the contexts made so far it is made from. */
  from: fc.nat(),
});

test('it holds what OpenTelemetry’s context would, however long and branched its history', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const pairs: [Context, Context][] = [[MESSAGE_ROOT, ROOT_CONTEXT]];
      for (const { key, value, deletes, from } of steps) {
        // Mostly the last one, so that chains get long.
        const made = from % 3 === 0 ? pairs[from % pairs.length] : pairs.at(-1);
        const next = made?.map((context) =>
          deletes ? context.deleteValue(key) : context.setValue(key, value),
        );
        pairs.push(next as [Context, Context]);
      }
      for (const [ours, stock] of pairs) {
        expect(keys.map((key) => ours.getValue(key))).toEqual(
          keys.map((key) => stock.getValue(key)),
        );
      }
    }),
  );
});
