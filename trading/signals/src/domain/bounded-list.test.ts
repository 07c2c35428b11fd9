import { expect, test } from 'vitest';
import { BoundedList } from './bounded-list.ts';

test('a full list lets its oldest entry go, and says so', () => {
  const list = new BoundedList<number>(3);
  expect([1, 2, 3, 4, 5].map((entry) => list.push(entry))).toEqual([
    false,
    false,
    false,
    true,
    true,
  ]);
  expect(list.last(2)).toEqual([4, 5]);
  expect(list.last(10)).toEqual([3, 4, 5]);
});

test('what was taken is no longer inside', () => {
  const list = new BoundedList<number>(3);
  list.push(1);
  list.push(2);
  expect(list.takeAll()).toEqual([1, 2]);
  expect(list.size).toBe(0);
});
