import { expect, test } from 'vitest';
import { untilDone } from './retry.ts';

test('work that fails is done again until it succeeds', async () => {
  const failures: unknown[] = [];
  let attempts = 0;
  const work = async () => {
    attempts += 1;
    if (attempts < 3) throw new Error(`${attempts}`);
  };
  const isDone = await untilDone(work, new AbortController().signal, (error) =>
    failures.push(error),
  );
  expect({ isDone, attempts, failures: failures.map(String) }).toEqual({
    isDone: true,
    attempts: 3,
    failures: ['Error: 1', 'Error: 2'],
  });
});

test('a stop ends the waiting, and the work is said not to be done', async () => {
  const stop = new AbortController();
  const fails = () => Promise.reject(new Error('away'));
  expect(await untilDone(fails, stop.signal, () => stop.abort())).toBe(false);
  expect(
    await untilDone(
      async () => undefined,
      stop.signal,
      () => undefined,
    ),
  ).toBe(false);
});
