import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { testTracing } from '../testing/tracing.ts';
import { startMetricsServer } from './metrics-server.ts';
import { metricsText } from './metrics-text.ts';

const tracing = testTracing();

/** A server on a free port, and what the log said of it. */
async function start(port = 0): Promise<{ url: string; logged: string[]; close: () => void }> {
  const logged: string[] = [];
  const endpoint = { host: '127.0.0.1', port };
  const close = startMetricsServer(tracing, endpoint, (line) => logged.push(line));
  onTestFinished(close);
  while (logged.length === 0) await sleep(5);
  return { url: String(/http:\S+/.exec(String(logged[0]))), logged, close };
}

test('it answers with the metrics, and with nothing else', async () => {
  const { url } = await start();
  const response = await fetch(url);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(await response.text()).toBe(metricsText(tracing));
  expect((await fetch(`${url}?name=x`)).status).toBe(200);
  expect((await fetch(url, { method: 'POST' })).status).toBe(404);
  expect((await fetch(new URL('/', url))).status).toBe(404);
});

test('a port in use is told and counted, and stops nothing', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await new Promise((resolve) => other.once('listening', resolve));
  const before = metricsText(tracing);
  const { logged } = await start((other.address() as AddressInfo).port);
  expect(logged[0]).toMatch(/^tracing: no metrics at 127\.0\.0\.1:\d+: .*EADDRINUSE/);
  const failures = /port_failures_total (\d+)/;
  expect(Number(failures.exec(metricsText(tracing))?.[1])).toBe(
    Number(failures.exec(before)?.[1]) + 1,
  );
});

test('closed, it answers no more', async () => {
  const { url, close } = await start();
  await fetch(url);
  close();
  await expect(fetch(url)).rejects.toThrow();
});
