import { expect, test } from 'vitest';
import { BoundedSet } from './bounded-set.ts';

test('a full set forgets the value that was added first', () => {
  const set = new BoundedSet<string>(2);
  for (const value of ['a', 'b', 'b', 'c']) set.add(value);
  expect(['a', 'b', 'c'].map((value) => set.has(value))).toEqual([false, true, true]);
});
