import { coverageResponseSchema, NS_PER_S, nowNs } from '@throughline/model';
import type { CoverageOptions, TraceStore } from '@throughline/store';
import fastify from 'fastify';
import { expect, test } from 'vitest';
import { answerErrors } from './answers.ts';
import { coverageRoutes } from './coverage.ts';

const MIN_NS = 60n * NS_PER_S;

/** The routes over a store that has one hop and notes what it is asked. */
function coverageApi() {
  const asked: CoverageOptions[] = [];
  const hop = {
    ...{ producer: 'gateway', system: 'nats', destination: 'orders', consumer: 'manager' },
    ...{ consumed: 10, missing: 1, malformed: 0, missed: 0, orphaned: 0, linksDropped: 0 },
    exampleTraceId: '0af7651916cd43dd8448eb211c80319c',
  };
  const store: Pick<TraceStore, 'coverage'> = {
    coverage: async (options) => {
      asked.push(options);
      return { hops: [hop], truncated: false };
    },
  };
  const app = fastify();
  answerErrors(app);
  coverageRoutes(app, store as TraceStore);
  return { app, asked };
}

test('by default it is of the last fifteen minutes, and spans may be a minute late', async () => {
  const { app, asked } = coverageApi();
  const before = nowNs();
  const answer = await app.inject({ url: '/api/coverage' });
  const { start, end, total, hops } = coverageResponseSchema.parse(JSON.parse(answer.body));
  expect(end).toBeGreaterThanOrEqual(before);
  expect(end - start).toBe(15n * MIN_NS);
  expect(asked).toMatchObject([{ startNs: start, endNs: end }]);
  expect((asked[0]?.orphansBeforeNs ?? 0n) - end).toBeGreaterThanOrEqual(-MIN_NS);
  expect(asked[0]?.orphansBeforeNs).toBeLessThanOrEqual(nowNs() - MIN_NS);
  expect(total).toMatchObject({ consumed: 10, usable: 9, coverage: 0.9 });
  expect(hops).toMatchObject([{ producer: 'gateway', transport: 'nats', coverage: 0.9 }]);
});

test('a range that is empty, too long or no time at all is refused', async () => {
  const { app, asked } = coverageApi();
  for (const query of ['start=20&end=10', 'start=10&end=10', 'start=1&end=86402', 'start=x']) {
    const answer = await app.inject({ url: `/api/coverage?${query}` });
    expect([query, answer.statusCode]).toEqual([query, 400]);
    expect(answer.json().error.code).toBe('TL_BAD_REQUEST');
  }
  expect((await app.inject({ url: '/api/coverage?start=1&end=86401' })).statusCode).toBe(200);
  expect(asked).toHaveLength(1);
});
