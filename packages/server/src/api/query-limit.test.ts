import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { QueryLimit } from './query-limit.ts';

const OVERLOADED = expect.objectContaining({ code: 'TL_OVERLOADED' });

/** Work that ends when it is told to. */
function held() {
  const { promise, resolve } = Promise.withResolvers<string>();
  return { work: () => promise, end: () => resolve('done') };
}

test('no more work runs at once than may, the next waits for one to end', async () => {
  const limit = new QueryLimit({ runningMax: 2, waitingMax: 10 });
  let running = 0;
  let most = 0;
  const work = async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
  };
  await Promise.all(Array.from({ length: 12 }, () => limit.run(work)));
  expect([most, running]).toEqual([2, 0]);
});

test('who finds the queue full is refused at once, who waits too long after that', async () => {
  const limit = new QueryLimit({ runningMax: 1, waitingMax: 1, waitMaxMs: 1 });
  const first = held();
  const answer = limit.run(first.work);
  const waits = limit.run(async () => 'too late');
  await expect(limit.run(async () => 'third')).rejects.toEqual(OVERLOADED);
  await expect(waits).rejects.toEqual(OVERLOADED);
  first.end();
  expect(await answer).toBe('done');
  expect(await limit.run(async () => 'next')).toBe('next');
});

test('work that fails gives its place back', async () => {
  const limit = new QueryLimit({ runningMax: 1, waitingMax: 0 });
  await expect(limit.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await limit.run(async () => 'next')).toBe('next');
});

test('every route of the scope is bound, no other one', async () => {
  const app = Fastify();
  const limit = new QueryLimit({ runningMax: 1, waitingMax: 0 });
  app.get('/free', async () => 'free');
  app.register(async (scope) => {
    limit.bound(scope);
    scope.get('/a', async () => 'a');
    scope.get('/b', async (_request, reply) => reply.send('b'));
  });
  expect((await app.inject('/a')).body).toBe('a');
  const first = held();
  const running = limit.run(first.work);
  for (const [url, status] of Object.entries({ '/a': 429, '/b': 429, '/free': 200 })) {
    expect([url, (await app.inject(url)).statusCode]).toEqual([url, status]);
  }
  first.end();
  await running;
  expect((await app.inject('/b')).body).toBe('b');
});
