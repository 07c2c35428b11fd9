/**
 * Libraries traced without a line in the service, against a real PostgreSQL and Redis:
 * `vitest run --project system test/instrumentation`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { startPostgres } from '../scripts/provision/postgres.ts';
import { startRedis } from '../scripts/provision/redis.ts';
import { freePort } from '../scripts/provision/server-process.ts';
import { type CollectedSpan, type Collector, startCollector } from './support/orders-collector.ts';
import { ROOT } from './support/process.ts';

const DEADLINE_MS = 60_000;
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const CALLER_SPAN = 'b7ad6b7169203331';
const REGISTER = ['--import', '@throughline/sdk/register'];
const SERVICE = 'test/support/instrumented-service.ts';

let postgres: Awaited<ReturnType<typeof startPostgres>>;
let redis: Awaited<ReturnType<typeof startRedis>>;
let collector: Collector;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
});

afterAll(() => Promise.all([postgres.stop(), redis.stop()]));

beforeEach(async () => {
  collector = await startCollector();
});

afterEach(() => collector.close());

interface Service {
  readonly url: string;
  readonly child: ChildProcess;
  /** What it wrote on standard error. */
  errors(): string;
}

async function startService(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Service> {
  const child = spawn(process.execPath, [...args], {
    cwd: ROOT,
    env: {
      ...process.env,
      POSTGRES_URL: postgres.url,
      REDIS_URL: redis.url,
      OTEL_SERVICE_NAME: 'instrumented',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '20',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let errors = '';
  child.stderr?.on('data', (data) => {
    errors += data;
  });
  const ready = once(createInterface({ input: child.stdout }), 'line');
  const failed = once(child, 'close').then(() => Promise.reject(new Error(errors)));
  const [line] = await Promise.race([ready, failed]);
  failed.catch(() => undefined);
  return { url: JSON.parse(line).url, child, errors: () => errors };
}

/** Asks as another service would, whose trace is going on. */
async function ask(service: Service, path: string): Promise<{ status: number; body: unknown }> {
  const headers = {
    traceparent: `00-${TRACE_ID}-${CALLER_SPAN}-01`,
    baggage: 'user.id=u1,session=private',
  };
  const response = await fetch(`${service.url}${path}`, { headers });
  return { status: response.status, body: await response.json() };
}

/** The spans of the request's trace, once as many arrived, and each with those above it. */
async function spansOfTrace(count: number): Promise<CollectedSpan[]> {
  const deadlineMs = performance.now() + DEADLINE_MS;
  const found = () => collector.spans.filter(({ traceId }) => traceId === TRACE_ID);
  const isWhole = () => {
    const ids = new Set([CALLER_SPAN, ...found().map(({ spanId }) => spanId)]);
    return found().every(({ parentSpanId = '' }) => ids.has(parentSpanId));
  };
  while ((found().length < count || !isWhole()) && performance.now() < deadlineMs) await sleep(20);
  return found();
}

/** The spans from one of this name up to the outermost, each with its parent. */
function pathOf(spans: readonly CollectedSpan[], name: string): string[] {
  const path: string[] = [];
  for (let at = spans.find((span) => span.name === name); at; ) {
    path.unshift(`${at.kind} ${at.name}`);
    const { parentSpanId } = at;
    at = spans.find(({ spanId }) => spanId === parentSpanId);
  }
  return path;
}

const HANDLER = 'internal handler - fastify -> @fastify/otel';

test.each([
  'http',
  'undici',
  'fetch',
])('a request that goes on by %s is one trace, down to query and command', async (via) => {
  const service = await startService([...REGISTER, SERVICE]);
  expect(await ask(service, `/front?via=${via}`)).toEqual({ status: 200, body: { quantity: 42 } });
  const spans = await spansOfTrace(12);
  const front = ['server GET /front', 'internal request', HANDLER];
  const order = ['client GET', 'server GET /order', 'internal request', HANDLER];
  for (const name of ['pg.query:SELECT postgres', 'redis-SET', 'redis-GET']) {
    expect(pathOf(spans, name)).toEqual([...front, ...order, `client ${name}`]);
  }
  expect(spans.find(({ name }) => name === 'GET /front')?.parentSpanId).toBe(CALLER_SPAN);
  // Baggage goes along, and only what the allow-list has.
  for (const { attributes } of spans) {
    expect(attributes['user.id']).toBe('u1');
    expect(JSON.stringify(attributes)).not.toContain('private');
  }
  // The sdk's own requests are none of the service's.
  await sleep(200);
  expect(JSON.stringify(collector.spans, bigints)).not.toContain('/v1/traces');
  expect(service.errors()).toBe('');
});

const bigints = (_key: string, value: unknown) =>
  typeof value === 'bigint' ? String(value) : value;

test('the sdk’s own metrics are served beside the service, and asking for them is no span', async () => {
  const port = String(await freePort());
  const environment = { OTEL_EXPORTER_PROMETHEUS_PORT: port };
  const service = await startService([...REGISTER, SERVICE], environment);
  const scrape = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  await scrape();
  await ask(service, '/order');
  await spansOfTrace(8);
  const exported = /^throughline_sdk_spans_exported_total (\d+)$/m;
  while (Number(exported.exec(await scrape())?.[1]) < 8) await sleep(20);
  expect(JSON.stringify(collector.spans, bigints)).not.toContain('/metrics');
});

test('a query that fails is an error on its span and on those above', async () => {
  const service = await startService([...REGISTER, SERVICE]);
  expect((await ask(service, '/fail')).status).toBe(500);
  const spans = await spansOfTrace(6);
  const failed = spans.filter(({ isError }) => isError).map(({ name }) => name);
  expect(failed).toContain('pg.query:SELECT postgres');
  expect(failed).toContain('GET /fail');
});

test('a service that starts tracing by a call before its imports is traced the same', async () => {
  const service = await startService(['test/support/instrumented-by-call.ts']);
  await ask(service, '/front?via=http');
  const spans = await spansOfTrace(12);
  expect(pathOf(spans, 'redis-SET')).toHaveLength(8);
});

test('switched off, the service answers the same and there is no span', async () => {
  const service = await startService([...REGISTER, SERVICE], { OTEL_TRACING_ENABLED: 'false' });
  for (const via of ['http', 'undici', 'fetch']) {
    expect(await ask(service, `/front?via=${via}`)).toEqual({
      status: 200,
      body: { quantity: 42 },
    });
  }
  await sleep(300);
  expect(collector.spans).toEqual([]);
  expect(service.errors()).toBe('');
});

test('a library that is left out makes no span, and the others hang together', async () => {
  const environment = { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'pg,fastify' };
  const service = await startService([...REGISTER, SERVICE], environment);
  await ask(service, '/front?via=undici');
  const spans = await spansOfTrace(5);
  expect(pathOf(spans, 'redis-SET')).toEqual([
    'server GET',
    'client GET',
    'server GET',
    'client redis-SET',
  ]);
  expect(spans).toHaveLength(5);
});

/** Loads CommonJS for `import` as compilers of TypeScript do: then `require` is not what is hooked. */
const LOADER = `data:text/javascript,${encodeURIComponent(`
  import { readFileSync } from 'node:fs';
  export async function load(url, context, next) {
    const loaded = await next(url, context);
    if (loaded.format !== 'commonjs' || !url.startsWith('file:')) return loaded;
    return { ...loaded, source: loaded.source ?? readFileSync(new URL(url)) };
  }
`)}`;
const WITH_LOADER = `data:text/javascript,${encodeURIComponent(`
  import { register } from 'node:module';
  register(${JSON.stringify(LOADER)});
`)}`;

test('behind another loader, what ES modules import is traced all the same', async () => {
  const service = await startService(['--import', WITH_LOADER, ...REGISTER, SERVICE]);
  await ask(service, '/order');
  const spans = await spansOfTrace(6);
  expect(pathOf(spans, 'pg.query:SELECT postgres')).toHaveLength(4);
  expect(pathOf(spans, 'redis-SET')).toHaveLength(4);
});

/** Makes the package look as if it were not installed. */
const WITHOUT_PG = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== '@opentelemetry/instrumentation-pg') return next(specifier, context);
      throw Object.assign(new Error('Cannot find module ' + specifier), { code: 'MODULE_NOT_FOUND' });
    },
  });
`)}`;

test('an instrumentation that is not installed is told where it was named', async () => {
  const args = ['--import', WITHOUT_PG, ...REGISTER, SERVICE];
  const all = await startService(args);
  await ask(all, '/order');
  expect(pathOf(await spansOfTrace(5), 'redis-SET')).toHaveLength(4);
  expect(all.errors()).toBe('');
  const named = await startService(args, { OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'pg,redis' });
  expect(named.errors()).toBe(
    'tracing: pg is not instrumented: Cannot find module @opentelemetry/instrumentation-pg\n',
  );
});

test('a service that is told to end sends what it has first, and ends as it would', async () => {
  const environment = { OTEL_BSP_SCHEDULE_DELAY: '60000' };
  const traced = await startService([...REGISTER, SERVICE], environment);
  await ask(traced, '/order');
  traced.child.kill('SIGTERM');
  expect(await once(traced.child, 'exit')).toEqual([null, 'SIGTERM']);
  expect((await spansOfTrace(8)).length).toBeGreaterThanOrEqual(8);
});

test.each<NodeJS.Signals>([
  'SIGINT',
  'SIGTERM',
])('a service that ends by itself on %s is let, and sends what it has first', async (signal) => {
  const environment = { OTEL_BSP_SCHEDULE_DELAY: '60000', END_BY: signal };
  const traced = await startService([...REGISTER, SERVICE], environment);
  await ask(traced, '/order');
  traced.child.kill(signal);
  expect(await once(traced.child, 'exit')).toEqual([0, null]);
  expect((await spansOfTrace(8)).length).toBeGreaterThanOrEqual(8);
});
