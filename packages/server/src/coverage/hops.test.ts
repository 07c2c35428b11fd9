import type { HopRow } from '@throughline/store';
import { expect, test } from 'vitest';
import { hopsOf, totalOf } from './hops.ts';

const NONE = { missing: 0, malformed: 0, missed: 0, orphaned: 0, linksDropped: 0 };

function row(change: Partial<HopRow>): HopRow {
  return {
    ...{ producer: 'client', system: 'nats', destination: 'market.data', consumer: 'manager' },
    ...{ consumed: 90, ...NONE, exampleTraceId: 'a'.repeat(32) },
    ...change,
  };
}

test('messages that do not say who sent them are those of the one service that sends there', () => {
  const lost = { producer: undefined, consumed: 10, missing: 8, orphaned: 2 };
  const exampleTraceId = 'b'.repeat(32);
  const rows = [row({}), row({ ...lost, exampleTraceId }), row({ consumer: 'strategies' })];
  const hop = {
    ...{ producer: 'client', transport: 'nats', destination: 'market.data', consumer: 'manager' },
    ...{
      ...NONE,
      consumed: 100,
      usable: 90,
      missing: 8,
      orphaned: 2,
      coverage: 0.9,
      exampleTraceId,
    },
  };
  const [worst, other, ...more] = hopsOf(rows);
  expect(worst).toEqual(hop);
  expect(other).toMatchObject({ consumer: 'strategies', usable: 90, coverage: 1 });
  expect(more).toEqual([]);
  expect(hopsOf(rows.toReversed())[0]).toEqual(hop);
});

test('where several services send, they stay apart, as messages of nobody known', () => {
  const lost = { producer: undefined, consumed: 4, malformed: 1, missed: 3 };
  const hops = hopsOf([row({}), row({ producer: 'replay' }), row(lost)]);
  expect(hops).toHaveLength(3);
  expect(hops[0]).toMatchObject({ consumed: 4, usable: 0, coverage: 0 });
  expect(hops[0]).not.toHaveProperty('producer');
});

test('the total is of all messages, and whole when there are none', () => {
  const hops = hopsOf([row({ linksDropped: 3 }), row({ consumer: 'x', consumed: 10, missing: 5 })]);
  expect(totalOf(hops)).toEqual({
    ...{ ...NONE, consumed: 100, usable: 95, missing: 5, linksDropped: 3, coverage: 0.95 },
  });
  expect(totalOf([])).toMatchObject({ consumed: 0, coverage: 1 });
});
