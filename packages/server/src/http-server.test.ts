import pino from 'pino';
import { afterEach, expect, test } from 'vitest';
import { defectOf, httpServer } from './http-server.ts';

const logger = pino({ level: 'silent' });
const apps: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

function server() {
  const app = httpServer({ logger, tls: undefined }, { bodyLimit: 10 });
  apps.push(app);
  return app;
}

test('every bound on what one client may take is set', () => {
  const { server: node, initialConfig } = server();
  expect(node.headersTimeout).toBe(10_000);
  expect(node.requestTimeout).toBe(30_000);
  expect(node.timeout).toBe(60_000);
  expect(node.maxRequestsPerSocket).toBe(10_000);
  expect(node.maxConnections).toBe(1_024);
  expect(node.keepAliveTimeout).toBeGreaterThan(0);
  expect(initialConfig.bodyLimit).toBe(10);
});

test('a header that is too large is refused', async () => {
  const app = server();
  app.get('/*', async () => 'page');
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  expect((await fetch(`${url}/${'x'.repeat(8_000)}`)).status).toBe(200);
  expect((await fetch(`${url}/${'x'.repeat(17_000)}`)).status).toBe(431);
});

test('what is wrong with a URL is said without showing it', () => {
  for (const code of ['FST_ERR_BAD_URL', 'FST_ERR_MAX_PARAM_LENGTH']) {
    expect(defectOf({ code, message: "'/?token=secret' is wrong" })).not.toContain('secret');
  }
  expect(defectOf({ code: 'FST_ERR_OTHER', message: 'wrong type' })).toBe('wrong type');
});
