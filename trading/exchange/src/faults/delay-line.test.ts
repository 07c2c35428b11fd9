import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DELAY_LINE_ENTRIES_MAX, DelayLine } from './delay-line.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('without delay, work runs at once', () => {
  const done: number[] = [];
  const line = new DelayLine(() => 0);
  line.push(() => done.push(1));
  expect(done).toEqual([1]);
});

test('nothing overtakes: a short delay behind a long one waits for it', () => {
  const delays = [10, 1, 0];
  const done: number[] = [];
  const line = new DelayLine(() => delays.shift() ?? 0);
  for (const name of [1, 2, 3]) line.push(() => done.push(name));
  vi.advanceTimersByTime(5);
  expect(done).toEqual([]);
  vi.advanceTimersByTime(6);
  expect(done).toEqual([1, 2, 3]);
});

test('each entry waits for its own delay', () => {
  const delays = [5, 20];
  const done: number[] = [];
  const line = new DelayLine(() => delays.shift() ?? 0);
  line.push(() => done.push(1));
  line.push(() => done.push(2));
  vi.advanceTimersByTime(6);
  expect(done).toEqual([1]);
  vi.advanceTimersByTime(15);
  expect(done).toEqual([1, 2]);
});

test('work that comes while the line is released keeps its place', () => {
  const done: number[] = [];
  const line = new DelayLine(() => 5);
  line.push(() => {
    done.push(1);
    line.push(() => done.push(3));
  });
  line.push(() => done.push(2));
  vi.advanceTimersByTime(20);
  expect(done).toEqual([1, 2, 3]);
});

test('a full line refuses, a closed one says what it dropped and runs nothing', () => {
  const line = new DelayLine(() => 1);
  let ran = 0;
  const run = () => {
    ran += 1;
  };
  for (let entry = 0; entry < DELAY_LINE_ENTRIES_MAX; entry++) line.push(run);
  expect(line.push(run)).toBe(false);
  expect(line.close()).toBe(DELAY_LINE_ENTRIES_MAX);
  vi.advanceTimersByTime(10);
  expect(ran).toBe(0);
});
