import type { Hop } from '@throughline/model';
import { expect, test } from 'vitest';
import { adviceOf, hopText } from './coverage.ts';

const HOP: Hop = {
  ...{ producer: 'socket-client', transport: 'nats', destination: 'market.data' },
  ...{ consumer: 'data-manager', consumed: 100, usable: 100, coverage: 1 },
  ...{ missing: 0, malformed: 0, missed: 0, orphaned: 0, linksDropped: 0 },
  exampleTraceId: 'a'.repeat(32),
};

test('a hop reads as the way of its messages', () => {
  expect(hopText(HOP)).toBe('socket-client → market.data → data-manager');
  const { producer: _, ...unknown } = HOP;
  expect(hopText({ ...unknown, destination: '' })).toBe('unknown → an answer → data-manager');
});

test('a whole hop needs no advice, any other one for each way in which contexts get lost', () => {
  expect(adviceOf(HOP)).toEqual([]);
  const [missing, ...others] = adviceOf({ ...HOP, missing: 1, usable: 99 });
  expect(missing).toContain('1 message came without context');
  expect(missing).toContain('socket-client does not send through the nats adapter');
  expect(others).toEqual([]);
  const all = { missing: 1, malformed: 2, missed: 3, orphaned: 4, linksDropped: 5 };
  expect(adviceOf({ ...HOP, ...all })).toHaveLength(5);
});
