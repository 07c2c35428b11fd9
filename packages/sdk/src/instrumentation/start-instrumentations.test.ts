import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { trace } from '@opentelemetry/api';
import { expect, onTestFinished, test } from 'vitest';
import { startTracing } from '../tracing/start-tracing.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { InstrumentationName } from './names.ts';

async function startTarget(): Promise<string> {
  const server = createServer((_request, response) => response.end('ok'));
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Asks by Node's own module. @returns once the answer has been read */
function ask(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, (response) => response.resume().on('close', resolve)).on('error', reject);
  });
}

function start(instrumentations: InstrumentationName[], logged: string[] = []): Tracing {
  const log = (line: string) => logged.push(line);
  const tracing = startTracing({ exporter: 'none', instrumentations, log });
  onTestFinished(async () => {
    await tracing.shutdown(0);
    trace.disable();
  });
  return tracing;
}

test('a library is traced from the start of its tracing to its shutdown, again and again', async () => {
  const url = await startTarget();
  await ask(url);
  for (let round = 0; round < 3; round += 1) {
    const tracing = start(['http']);
    await ask(url);
    // The client's span and the server's, which is this process as well.
    expect(tracing.stats().started).toBe(2);
    await tracing.shutdown(0);
    await ask(url);
    expect(tracing.stats().started).toBe(2);
  }
});

test('fetch is traced by undici’s channels', async () => {
  const url = await startTarget();
  const tracing = start(['undici']);
  await (await fetch(url)).text();
  expect(tracing.stats().started).toBe(1);
});

test('a name that is none is told, and the others are traced', async () => {
  const url = await startTarget();
  const logged: string[] = [];
  const tracing = start(['express', 'http'] as InstrumentationName[], logged);
  await ask(url);
  expect(tracing.stats().started).toBe(2);
  expect(logged).toHaveLength(1);
  expect(logged[0]).toContain('express');
});
