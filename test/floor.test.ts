// What every service has, and the floor that runs all systems as processes, on a real nats-server.
// Run alone: npx vitest run --project system test/floor
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { accepts } from '../scripts/provision/server-process.ts';
import { findNatsServer, NatsServer } from '../trading/floor/src/nats-server.ts';
import { type CollectedSpan, type Collector, startCollector } from './support/orders-collector.ts';
import { type ReadyProcess, startProcess } from './support/process.ts';

interface ServiceReady {
  readonly health: string;
  readonly now: number;
}

interface FloorReady {
  readonly rows: readonly {
    readonly system: string;
    readonly service: string;
    readonly replica: string;
    readonly transport: string;
    readonly pid: number;
    readonly health?: string;
  }[];
  readonly notes: readonly string[];
  readonly exchangeRest: string;
  readonly services: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const SERVICE = 'test/support/floor-service.ts';
const DEADLINE_MS = 120_000;
/** Of each system without clients: a span that begins a trace, and one that ends it. */
const LIFECYCLES = [
  ['market_data_receive', 'process_market_data'],
  ['batch_analysis', 'order_confirmation'],
  ['fetch_instrument_data', 'db_write'],
  ['signal_generation.moving_average_crossover', 'order_confirmation'],
] as const;

/** What only this service tells of itself. */
const METRICS: Readonly<Record<string, readonly string[]>> = {
  exchange: ['exchange_orders_ended_total{status="filled"}', 'exchange_sockets_open'],
  orders: [
    'orders_clients 0',
    'orders_client_orders_ended_total{status="filled"} 0',
    'orders_exchange_connected{venue=',
    'throughline_sdk_spans_started_total{service="wss-server"}',
  ],
  bot: ['throughline_sdk_spans_started_total '],
};

const running: ReadyProcess<unknown>[] = [];
let collector: Collector | undefined;
beforeEach(() => {
  vi.stubEnv('OTEL_TRACES_EXPORTER', 'none');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(running.splice(0).map((one) => one.stop()));
  await collector?.close();
  collector = undefined;
});

async function start<Ready>(
  script: string,
  args: readonly string[],
): Promise<ReadyProcess<Ready> & { errors: string[] }> {
  const started = await startProcess<Ready>(script, args);
  running.push(started);
  const errors: string[] = [];
  started.child.stderr?.on('data', (data) => errors.push(`${data}`));
  return { ...started, errors };
}

async function get(url: string): Promise<{ status: number; text: string }> {
  const response = await fetch(url);
  return { status: response.status, text: await response.text() };
}

/** How many traces have spans of both names. */
function tracesWith(spans: readonly CollectedSpan[], first: string, last: string): number {
  const tracesOf = (name: string) =>
    new Set(spans.filter((span) => span.name === name).map(({ traceId }) => traceId));
  const ended = tracesOf(last);
  return [...tracesOf(first)].filter((traceId) => ended.has(traceId)).length;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('a service answers for its health, and ends at SIGTERM with what it has to do', async () => {
  const service = await start<ServiceReady>(SERVICE, []);
  const { health } = service.ready;
  expect(service.ready).toMatchObject({ ready: true, service: 'nothing' });
  expect((await get(`${health}/healthz`)).status).toBe(200);
  expect((await get(`${health}/readyz`)).status).toBe(200);
  const { text } = await get(`${health}/metrics`);
  expect(text).toContain('orders_total 3');
  expect(text).toContain('throughline_sdk_spans_started_total 1');
  expect(text).toContain('process_cpu_seconds_total');

  expect(await service.stop()).toBe(0);
  expect(service.errors.join('')).toContain('"msg":"stopped"');
});

test('a service ends with its parent when it is told to', async () => {
  const service = await start<ServiceReady>(SERVICE, ['--exit-with-parent']);
  service.child.stdin?.end();
  const [code] = await once(service.child, 'close');
  expect(code).toBe(0);
});

test('an error that nobody catches ends the service with code 1 and a line in the log', async () => {
  const service = await start<ServiceReady>(SERVICE, []);
  service.child.kill('SIGUSR2');
  const [code] = await once(service.child, 'close');
  expect(code).toBe(1);
  expect(service.errors.join('')).toContain('"message":"a defect"');
});

test('the floor says what runs where, every service is healthy, and each system trades', async () => {
  vi.unstubAllEnvs();
  collector = await startCollector();
  const args = ['--json', '--otlp', collector.url];
  const { ready, stop } = await start<FloorReady>('trading/floor.ts', args);
  const { rows } = ready;
  expect(new Set(rows.map(({ system }) => system))).toEqual(
    new Set(['-', 'orders', 'signals', 'options', 'bot']),
  );
  expect(rows.filter(({ system }) => system === 'signals')).toHaveLength(5);
  expect(ready.notes).toEqual(['options runs on channels, without kafka and postgres']);
  expect(ready.services.orders).toMatchObject({ wsUrl: expect.stringMatching(/^ws:/) });
  for (const { pid, health, service } of rows) {
    expect(isAlive(pid), service).toBe(true);
    if (health === undefined) {
      expect(service).toBe('nats-server');
      continue;
    }
    expect(await get(`${health}/healthz`), service).toMatchObject({ status: 200 });
    await expect
      .poll(() => get(`${health}/readyz`), { timeout: DEADLINE_MS, message: service })
      .toMatchObject({ status: 200 });
    const { text } = await get(`${health}/metrics`);
    expect(text, service).toContain('process_cpu_seconds_total');
    for (const line of METRICS[service] ?? []) expect(text, service).toContain(line);
  }
  for (const [first, last] of LIFECYCLES) {
    const isWhole = () => collector && tracesWith(collector.spans, first, last) > 0;
    await expect.poll(isWhole, { timeout: DEADLINE_MS, message: `${first} to ${last}` }).toBe(true);
  }
  // Each start of a service is an instance of its own.
  const { spans } = collector;
  const services = () => new Map(spans.map(({ instance, service }) => [instance, service]));
  await expect.poll(() => services().size).toBeGreaterThan(8);
  const names = [...services().values()];
  expect(names.sort()).toEqual([...new Set(names)].sort());

  expect(await stop()).toBe(0);
  for (const { pid, service } of rows) expect(isAlive(pid), service).toBe(false);
  expect(await accepts(Number(new URL(ready.exchangeRest).port))).toBe(false);
});

test('the broker of the floor comes back on its port after a restart, and leaves nothing', async () => {
  const program = findNatsServer(process.env.PATH ?? '');
  const server = new NatsServer(program ?? 'nats-server', {});
  try {
    const port = Number(new URL(await server.start()).port);
    const { pid } = server;
    await server.restart();
    expect(isAlive(pid)).toBe(false);
    expect(isAlive(server.pid)).toBe(true);
    expect(await accepts(port)).toBe(true);
    await server.stop();
    expect(await accepts(port)).toBe(false);
  } finally {
    await server.stop();
  }
});

test('one process that ends by itself ends the floor, with the last that it said', async () => {
  const args = ['--json', '--systems', 'orders'];
  const floor = await start<FloorReady>('trading/floor.ts', args);
  const exchange = floor.ready.rows.find(({ service }) => service === 'exchange');
  process.kill(exchange?.pid ?? 0, 'SIGKILL');
  const [code] = await once(floor.child, 'close');
  expect(code).toBe(1);
  expect(floor.errors.join('')).toContain('exchange ended with SIGKILL');
  for (const { pid, service } of floor.ready.rows) expect(isAlive(pid), service).toBe(false);
});

test('the clock of a service can be that of another host, for its spans too', async () => {
  vi.unstubAllEnvs();
  collector = await startCollector();
  const clock = new URL('../trading/service/src/faults/skewed-clock.ts?ms=-60000', import.meta.url);
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
  vi.stubEnv('NODE_OPTIONS', `--import=${clock.href}`);
  const beforeMs = Date.now();
  const service = await start<ServiceReady>(SERVICE, []);
  expect(service.ready.now).toBeLessThan(beforeMs);
  expect(await service.stop()).toBe(0);
  const [span] = collector.spans;
  expect(span?.name).toBe('work');
  expect(span?.startNs).toBeLessThan(BigInt(beforeMs) * 1_000_000n);
});
