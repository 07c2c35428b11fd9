import { afterEach, expect, test } from 'vitest';
import { type HealthServer, startHealthServer } from './health-server.ts';
import { Readiness } from './readiness.ts';
import { ServiceMetrics } from './service-metrics.ts';

const readiness = new Readiness();
const metrics = new ServiceMetrics();
let server: HealthServer | undefined;
afterEach(() => {
  server?.close();
});

async function get(path: string): Promise<{ status: number; text: string }> {
  server ??= await startHealthServer({ port: 0, readiness, metrics: () => metrics.text() });
  const response = await fetch(`${server.url}${path}`);
  return { status: response.status, text: await response.text() };
}

test('it is alive from the start, and ready when every part is', async () => {
  readiness.set('nats', false);
  readiness.set('exchange', true);
  expect(await get('/healthz')).toEqual({ status: 200, text: '{"status":"ok"}' });
  expect(await get('/readyz')).toEqual({
    status: 503,
    text: '{"status":"not ready","missing":["nats"]}',
  });
  readiness.set('nats', true);
  expect(await get('/readyz')).toEqual({ status: 200, text: '{"status":"ready"}' });
  metrics.counter('ticks_total', 'Ticks.', ['symbol']).inc({ symbol: 'BTCUSDT' }, 2);
  metrics.gauge('book_levels', 'Levels.').set(5);
  const { status, text } = await get('/metrics');
  expect(status).toBe(200);
  expect(text).toContain('ticks_total{symbol="BTCUSDT"} 2');
  expect(text).toContain('book_levels 5');
  expect((await get('/other')).status).toBe(404);
});

test('a port in use is said with its number', async () => {
  const first = await startHealthServer({ port: 0, readiness, metrics: () => metrics.text() });
  const port = Number(new URL(first.url).port);
  const second = startHealthServer({ port, readiness, metrics: () => metrics.text() });
  await expect(second).rejects.toMatchObject({ code: 'TL_PORT_IN_USE' });
  first.close();
});
