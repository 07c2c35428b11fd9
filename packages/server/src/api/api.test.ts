import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorResponseSchema, type Span, traceResponseSchema } from '@throughline/model';
import type { Store, TraceStore } from '@throughline/store';
import type { FastifyInstance } from 'fastify';
import pino from 'pino';
import { afterAll, expect, test } from 'vitest';
import { IngestCounters } from '../receive/counters.ts';
import { createApi } from './api.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

const SPAN: Span = {
  traceId: TRACE_ID,
  spanId: 'b7ad6b7169203331',
  name: 'client_order_received',
  kind: 'server',
  service: 'wss-server',
  host: 'h1',
  startNs: 1_700_000_000_000_001_234n,
  endNs: 1_700_000_000_000_005_678n,
  status: { code: 'error', message: 'too late' },
  attributes: { 'user.id': 'u1', 'client.order_id': 'o1', 'batch.users': ['a', 'b'], n: 3 },
  resource: { 'service.name': 'wss-server', 'host.name': 'h1' },
  scope: { name: 'throughline', version: '1' },
  events: [],
  links: [
    { traceId: TRACE_ID, spanId: 'aaaaaaaaaaaaaaaa', type: 'client_context', attributes: {} },
  ],
  dropped: { attributes: 0, events: 0, links: 0 },
};

/** A store of one span, with keys that are asked for by tests. */
function storeOf(reads: Partial<TraceStore> = {}): Store {
  const none = async () => [];
  const all: TraceStore = {
    spansOfTraces: async (ids) => ({
      spans: ids.includes(TRACE_ID) ? [SPAN] : [],
      truncated: false,
    }),
    spansAndCauses: async (_, ids, limit) => all.spansOfTraces(ids, limit),
    tracesLinkingTo: async () => ({ traceIds: [], truncated: false }),
    linksToTraces: async () => ({ links: [], truncated: false }),
    findBegins: none,
    listBegins: async () => ({ rows: [], total: 0, cursor: undefined }),
    beginsOfTraces: none,
    coverage: async () => ({ hops: [], truncated: false }),
    ...reads,
  };
  return {
    append: async () => {},
    reads: all,
    settled: async () => {},
    prune: async () => {},
    backup: () => Promise.reject(new Error('not here')),
    close: async () => {},
    status: async () => ({
      journal: { segments: 0, bytes: 0, bytesMax: 1, lagMs: 0 },
      store: {
        spansLoaded: 1,
        segmentsLoaded: 1,
        recordsQuarantined: 0,
        quarantine: [],
        warnings: [],
      },
      retention: { tables: [], diskBytes: 0, prunings: [], lifecyclesGivenUp: 0 },
      engine: { state: 'ready', restarts: 0, version: '1' },
    }),
  };
}

const uiDir = mkdtempSync(join(tmpdir(), 'throughline-ui-'));
writeFileSync(join(uiDir, 'index.html'), '<title>page</title>');
afterAll(() => rmSync(uiDir, { recursive: true, force: true }));

function api({ token, reads }: { token?: string; reads?: Partial<TraceStore> } = {}) {
  return createApi({
    token,
    publicHosts: [],
    tls: undefined,
    version: '1.2.3',
    uiDir,
    logger: pino({ level: 'silent' }),
    store: storeOf(reads),
    counters: new IngestCounters(),
    endpoints: { ui: 'http://127.0.0.1:1', otlpHttp: 'http://127.0.0.1:2' },
    warnings: [],
  });
}

function codeOf(body: string): string {
  return errorResponseSchema.parse(JSON.parse(body)).error.code;
}

test('a host that is not ours is refused, as is another origin', async () => {
  const app = api();
  const rebound = await app.inject({ url: '/api/status', headers: { host: 'evil.example' } });
  expect([rebound.statusCode, codeOf(rebound.body)]).toEqual([403, 'TL_FORBIDDEN_HOST']);
  const headers = { host: 'localhost:16686', origin: 'http://evil.example' };
  const foreign = await app.inject({ url: '/api/status', headers });
  expect(foreign.statusCode).toBe(403);
  const own = await app.inject({
    url: '/api/status',
    headers: { host: 'localhost:16686', origin: 'http://localhost:16686' },
  });
  expect(own.statusCode).toBe(200);
});

test('with a token every api route asks for it, and opening a page with it signs in', async () => {
  const app = api({ token: 'secret' });
  for (const url of ['/api/status', '/api/lifecycles', `/api/traces/${TRACE_ID}`, '/api/nothing']) {
    const answer = await app.inject({ url });
    expect([url, answer.statusCode, codeOf(answer.body)]).toEqual([url, 401, 'TL_UNAUTHORIZED']);
  }
  const wrong = { authorization: 'Bearer guess' };
  expect((await app.inject({ url: '/api/status', headers: wrong })).statusCode).toBe(401);
  const right = { authorization: 'Bearer secret' };
  expect((await app.inject({ url: '/api/status', headers: right })).statusCode).toBe(200);

  const signIn = await app.inject({ url: '/orders/u1/o1?token=secret&span=x' });
  expect([signIn.statusCode, signIn.headers.location]).toEqual([303, '/orders/u1/o1?span=x']);
  const [cookie] = String(signIn.headers['set-cookie']).split(';');
  expect(String(signIn.headers['set-cookie'])).toContain('HttpOnly');
  expect((await app.inject({ url: '/api/status', headers: { cookie } })).statusCode).toBe(200);
});

test('every route that there is asks for the token, but for the pages and health', async () => {
  const routes: { url: string; method: string }[] = [];
  const onApp = (message: unknown) => {
    const { fastify } = message as { fastify: FastifyInstance };
    fastify.addHook('onRoute', ({ url, method }) => {
      for (const one of [method].flat()) routes.push({ url, method: one });
    });
  };
  subscribe('fastify.initialization', onApp);
  const app = api({ token: 'secret' });
  unsubscribe('fastify.initialization', onApp);
  await app.ready();
  const open: string[] = [];
  for (const { url, method } of routes) {
    const path = url.replace(/:\w+|\*/g, 'x');
    const { statusCode } = await app.inject({ method: method as 'GET', url: path });
    if (statusCode !== 401) open.push(`${method} ${url}`);
  }
  expect(routes.length).toBeGreaterThan(10);
  expect(open.filter((route) => !route.startsWith('HEAD'))).toEqual([
    ...['GET /healthz', 'GET /readyz', 'GET /*'],
  ]);
});

test('a deep link gets the page, an unknown resource a coded error, both with the policy', async () => {
  const app = api();
  const page = await app.inject({ url: '/orders/u1/o1' });
  expect([page.statusCode, page.body]).toEqual([200, '<title>page</title>']);
  expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  for (const url of ['/api/nothing', '/assets/none.js', '/assets/../../etc/passwd%00.js']) {
    const answer = await app.inject({ url });
    expect([url, answer.statusCode === 404 || answer.body === page.body]).toEqual([url, true]);
  }
  expect(codeOf((await app.inject({ url: '/api/nothing' })).body)).toBe('TL_NOT_FOUND');
});

test('bad parameters are named', async () => {
  const app = api();
  for (const url of [
    '/api/lifecycles?limit=0',
    '/api/lifecycles?sort=up',
    '/api/lifecycles?start=soon',
    '/api/lifecycles/order/a/b/c',
    '/api/lifecycles/tick_to_trade/a/b',
    '/api/lifecycles/order/%zz',
    '/api/traces/xyz?format=throughline',
  ]) {
    const answer = await app.inject({ url });
    expect([url, answer.statusCode, codeOf(answer.body)]).toEqual([url, 400, 'TL_BAD_REQUEST']);
  }
});

test('an unknown definition, a missing order and an ambiguous key each have their code', async () => {
  const span = `${TRACE_ID}:${SPAN.spanId}` as const;
  const findBegins: TraceStore['findBegins'] = async (_definition, values) =>
    values.at(-1) === 'twice'
      ? ['u1', 'u2'].map((user) => ({ span, key: [user, 'twice'], beginNs: 1n }))
      : [];
  const app = api({ reads: { findBegins } });
  const answers = await Promise.all(
    ['/api/lifecycles/nope/x', '/api/lifecycles/order/u1/o1', '/api/lifecycles/order/twice'].map(
      (url) => app.inject({ url }),
    ),
  );
  expect(answers.map((answer) => codeOf(answer.body))).toEqual([
    'TL_LIFECYCLE_UNKNOWN',
    'TL_LIFECYCLE_NOT_FOUND',
    'TL_LIFECYCLE_AMBIGUOUS',
  ]);
});

test('lists and lifecycles are of the definition that is named, of which a wrong name tells all', async () => {
  const asked: (readonly string[])[] = [];
  const app = api({
    reads: {
      listBegins: async ({ name }) => {
        asked.push([name]);
        return { rows: [], total: 0, cursor: undefined };
      },
      findBegins: async ({ name }, values) => {
        asked.push([name, ...values]);
        return [];
      },
    },
  });
  const traceId = 'A'.repeat(32);
  await app.inject({ url: '/api/lifecycles?name=bot_order' });
  await app.inject({ url: `/api/lifecycles/option_quote/${traceId}` });
  expect(asked).toEqual([['bot_order'], ['option_quote', traceId.toLowerCase()]]);
  const answer = await app.inject({ url: '/api/lifecycles?name=ticks' });
  const { error } = errorResponseSchema.parse(JSON.parse(answer.body));
  expect([answer.statusCode, error.code]).toEqual([404, 'TL_LIFECYCLE_UNKNOWN']);
  expect(error.hint).toBe('There are: order, tick_to_trade, option_quote, bot_order.');
});

test('a key is decoded part by part, so that a slash may be in it', async () => {
  const asked: (readonly string[])[] = [];
  const app = api({
    reads: {
      findBegins: async (_definition, values) => {
        asked.push(values);
        return [];
      },
    },
  });
  await app.inject({ url: '/api/lifecycles/order/u%2F1/o%201?x=1' });
  expect(asked).toEqual([['u/1', 'o 1']]);
});

test('a trace comes in our form with exact times, or in the form of Jaeger in microseconds', async () => {
  const app = api();
  const ours = await app.inject({ url: `/api/traces/${TRACE_ID}?format=throughline` });
  const trace = traceResponseSchema.parse(JSON.parse(ours.body));
  expect(trace.spans[0]?.startNs).toBe(1_700_000_000_000_001_234n);
  expect(trace.lifecycles).toEqual([{ name: 'order', key: 'u1/o1' }]);

  const { data } = JSON.parse((await app.inject({ url: `/api/traces/${TRACE_ID}` })).body);
  expect(data[0].spans[0]).toMatchObject({
    traceID: TRACE_ID,
    operationName: 'client_order_received',
    startTime: 1_700_000_000_000_001,
    duration: 4,
    references: [{ refType: 'FOLLOWS_FROM', spanID: 'aaaaaaaaaaaaaaaa' }],
    processID: 'p1',
  });
  expect(data[0].spans[0].tags).toContainEqual({ key: 'error', type: 'bool', value: true });
  expect(data[0].processes.p1.serviceName).toBe('wss-server');
});

test('a trace is found by its id without leading zeros, as the clients of Jaeger write it', async () => {
  const asked: (readonly string[])[] = [];
  const spansOfTraces = async (traceIds: readonly string[]) => {
    asked.push(traceIds);
    return { spans: [SPAN], truncated: false };
  };
  const app = api({ reads: { spansOfTraces } });
  for (const form of ['', '?format=throughline', '?format=otlp']) {
    const answer = await app.inject({ url: `/api/traces/${TRACE_ID.slice(1)}${form}` });
    expect(answer.statusCode).toBe(200);
  }
  expect(asked).toEqual([[TRACE_ID], [TRACE_ID], [TRACE_ID]]);
});

test('a trace that is not there is a 404 in either form', async () => {
  const app = api();
  const url = `/api/traces/${'1'.repeat(32)}`;
  const ours = await app.inject({ url: `${url}?format=throughline` });
  expect([ours.statusCode, codeOf(ours.body)]).toEqual([404, 'TL_TRACE_NOT_FOUND']);
  const jaeger = await app.inject({ url });
  expect([jaeger.statusCode, JSON.parse(jaeger.body).errors[0].code]).toEqual([404, 404]);
});
