// `throughline status` against real servers, and what it says where there is none. Run alone: npx vitest run --project system test/status.test
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type StatusResponse, statusResponseSchema } from '@throughline/model';
import { expect, onTestFinished, test } from 'vitest';
import { healthyStatus } from '../packages/model/src/testing/status.ts';
import { type Ended, readStatus, runCli, startServe, temporaryFolder } from './support/serve.ts';

const DEADLINE_MS = 60_000;

function status(args: readonly string[], environment?: Record<string, string>): Promise<Ended> {
  return runCli(['status', ...args], DEADLINE_MS, environment);
}

/** Exit code 1, nothing but one line. */
async function refusal(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await status(args);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  return stderr;
}

/** Answers every request with this status, as a server of ours would. */
async function answering(given: StatusResponse): Promise<string> {
  const body = JSON.stringify(statusResponseSchema.encode(given));
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json').end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a running server is told of in a few lines, or as its API gives it', async () => {
  const { ui, otlpHttp } = await startServe(temporaryFolder());
  const headers = { 'content-type': 'application/json', 'user-agent': 'a-sender/1' };
  await fetch(`${otlpHttp}/v1/traces`, { method: 'POST', headers, body: '{"resourceSpans":1}' });
  const report = await status(['--url', ui]);
  expect([report.code, report.stderr]).toEqual([0, '']);
  expect(report.stdout).toContain(`at ${ui}, up `);
  expect(report.stdout).toMatch(/^Refusing everything: /m);
  expect(report.stdout).toMatch(/OTLP\/HTTP from 127\.0\.0\.1 \(a-sender\/1\): 1 time, 0 spans/);
  expect(report.stdout).toMatch(/^ +TL_OTLP_MALFORMED /m);
  expect(report.stdout).toMatch(/^Engine +ready, 0 restarts, ClickHouse \d/m);
  const json = await status(['--url', `${ui}/`, '--json']);
  expect([json.code, json.stderr]).toEqual([0, '']);
  const { ingest } = statusResponseSchema.parse(JSON.parse(json.stdout));
  expect(ingest).toEqual((await readStatus(ui)).ingest);
});

test('a server that asks for a token gets it from a flag or a variable', async () => {
  const { ui } = await startServe(temporaryFolder(), ['serve', '--read-token', 'read-4f6e2a']);
  const without = await refusal(['--url', ui]);
  expect(without).toContain('TL_UNAUTHORIZED');
  expect(without).toContain('THROUGHLINE_READ_TOKEN');
  expect(await refusal(['--url', ui, '--token', 'another'])).not.toContain('another');
  expect((await status(['--url', ui, '--token', 'read-4f6e2a'])).code).toBe(0);
  const environment = { THROUGHLINE_TOKEN: 'ingest', THROUGHLINE_READ_TOKEN: 'read-4f6e2a' };
  expect((await status(['--url', ui], environment)).code).toBe(0);
});

test('a server that is not ready ends it with 1 and the reason', async () => {
  const healthy = healthyStatus();
  const url = await answering({ ...healthy, engine: { ...healthy.engine, state: 'restarting' } });
  const { code, stdout, stderr } = await status(['--url', url]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^Engine restarting: /m);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stderr).toContain('not ready: engine restarting');
  expect(stderr).toContain('TL_SERVER_NOT_READY');
});

test('where no server of ours answers, one line says so and what to do', async () => {
  const missing = await refusal(['--url', 'http://127.0.0.1:1']);
  expect(missing).toContain('no server answers at http://127.0.0.1:1');
  expect(missing).toContain('throughline serve');
  const other = createServer((_, response) => response.end('<html>')).listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  onTestFinished(() => {
    other.close();
  });
  const { port } = other.address() as AddressInfo;
  expect(await refusal(['--url', `http://127.0.0.1:${port}`])).toContain('no Throughline server');
  for (const url of ['127.0.0.1:16686', 'file:///etc/passwd', 'http://me:secret@127.0.0.1']) {
    const line = await refusal(['--url', url]);
    expect(line).toContain('TL_CONFIG_INVALID');
    expect(line).not.toContain('secret');
  }
});

test('the token does not go where the server sends the question on to', async () => {
  let asked = 0;
  const thief = createServer((_, response) => {
    asked += 1;
    response.end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => thief.once('listening', resolve));
  const { port } = thief.address() as AddressInfo;
  const sender = createServer((_, response) => {
    response.writeHead(307, { location: `http://localhost:${port}/api/status` }).end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => sender.once('listening', resolve));
  onTestFinished(() => {
    thief.close();
    sender.close();
  });
  const url = `http://127.0.0.1:${(sender.address() as AddressInfo).port}`;
  expect(await refusal(['--url', url, '--token', 'read-4f6e2a'])).toContain('UNREACHABLE');
  expect(asked).toBe(0);
});
