import { once } from 'node:events';
import { createServer } from 'node:net';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import {
  type Answer,
  type OtlpReceiver,
  startOtlpReceiver,
  testTracing,
} from '../testing/tracing.ts';
import type { TracingOptions } from '../tracing/config.ts';
import type { Tracing } from '../tracing/tracing.ts';

/** An `ExportTraceServiceResponse` whose partial success rejects two spans. */
const TWO_REJECTED = Uint8Array.of(0x0a, 0x02, 0x08, 0x02);

/** Ten spans through a real server, then the statistics; the sums must hold after each step. */
async function exportTen(answer: (request: number) => Answer, options: TracingOptions = {}) {
  const receiver = await startOtlpReceiver(answer);
  const lines: string[] = [];
  const tracing = testTracing({
    relay: undefined,
    endpoint: receiver.url,
    exportTimeoutMs: 300,
    log: (line) => lines.push(line),
    ...options,
  });
  for (let index = 0; index < 10; index += 1) tracing.tracer.startSpan(`span ${index}`).end();
  expectExactCounts(tracing);
  const isFlushed = await tracing.flush(5_000);
  expectExactCounts(tracing);
  return { receiver, tracing, lines, isFlushed, stats: tracing.stats() };
}

function expectExactCounts(tracing: Tracing): void {
  const { ended, relayed, exported, dropped, queued } = tracing.stats();
  const lost = Object.values(dropped).reduce((sum, spans) => sum + spans, 0);
  expect(exported + lost + queued).toBe(ended + relayed);
}

async function close(receiver: OtlpReceiver, tracing: Tracing): Promise<void> {
  await tracing.shutdown(0);
  await receiver.close();
}

test.each([
  'none',
  'gzip',
] as const)('spans arrive as OTLP protobuf (compression %s)', async (compression) => {
  const headers = { authorization: 'Bearer abc' };
  const { receiver, tracing, stats, isFlushed, lines } = await exportTen(() => ({ status: 200 }), {
    compression,
    headers,
  });
  expect(isFlushed).toBe(true);
  expect(receiver.received).toEqual(Array.from({ length: 10 }, (_, index) => `span ${index}`));
  expect(stats).toMatchObject({ exported: 10, queued: 0 });
  expect(receiver.requests[0]?.url).toBe('/v1/traces');
  expect(receiver.requests[0]?.headers).toMatchObject({
    'content-type': 'application/x-protobuf',
    authorization: 'Bearer abc',
  });
  expect(lines).toEqual([]);
  await close(receiver, tracing);
});

test.each([400, 401, 404, 500])('HTTP %i is not tried again', async (status) => {
  const { receiver, tracing, stats, lines } = await exportTen(() => ({ status }));
  expect(receiver.requests).toHaveLength(1);
  expect(stats).toMatchObject({ exported: 0, dropped: { exportFailed: 10 }, queued: 0 });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(`HTTP ${status}`);
  await close(receiver, tracing);
});

test.each([429, 502, 503, 504])('HTTP %i is tried again, when the server says', async (status) => {
  const { receiver, tracing, stats } = await exportTen(
    (request) => (request < 2 ? { status, headers: { 'retry-after': '0' } } : { status: 200 }),
    { exportTimeoutMs: 5_000 },
  );
  expect(receiver.requests).toHaveLength(3);
  expect(receiver.received).toHaveLength(10);
  expect(stats).toMatchObject({ exported: 10, queued: 0 });
  await close(receiver, tracing);
});

test('a wait that would outlast the timeout is not begun', async () => {
  const { receiver, tracing, stats } = await exportTen(() => ({
    status: 503,
    headers: { 'retry-after': '3600' },
  }));
  expect(receiver.requests).toHaveLength(1);
  expect(stats.dropped.exportFailed).toBe(10);
  await close(receiver, tracing);
});

test('a server that does not answer costs the batch at the timeout, and nothing more', async () => {
  const { receiver, tracing, stats, lines } = await exportTen(() => 'hang');
  expect(stats).toMatchObject({ exported: 0, dropped: { exportFailed: 10 }, queued: 0 });
  expect(lines[0]).toContain('timed out');
  await close(receiver, tracing);
});

test('spans that a partial success rejects are dropped, not exported', async () => {
  const { receiver, tracing, stats, lines } = await exportTen(() => ({
    status: 200,
    body: TWO_REJECTED,
  }));
  expect(stats).toMatchObject({ exported: 8, dropped: { rejected: 2 }, queued: 0 });
  expect(lines[0]).toContain('rejects');
  await close(receiver, tracing);
});

test('an answer that is no OTLP is a success all the same', async () => {
  const { receiver, tracing, stats } = await exportTen(() => ({
    status: 200,
    body: Buffer.from('<html>ok</html>'),
  }));
  expect(stats).toMatchObject({ exported: 10, queued: 0 });
  await close(receiver, tracing);
});

test('a server that is not there costs spans and one line, never an exception', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  const lines: string[] = [];
  const tracing = testTracing({
    relay: undefined,
    endpoint: `http://127.0.0.1:${port}`,
    exportTimeoutMs: 50,
    batchSpansMax: 10,
    log: (line) => lines.push(line),
  });
  for (let index = 0; index < 100; index += 1) tracing.tracer.startSpan('lost').end();
  expect(await tracing.flush(5_000)).toBe(true);
  expect(tracing.stats()).toMatchObject({ ended: 100, dropped: { exportFailed: 100 }, queued: 0 });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('ECONNREFUSED');
});

test('a shutdown waits no longer than its deadline and counts what it gives up', async () => {
  const receiver = await startOtlpReceiver(() => 'hang');
  const tracing = testTracing({
    relay: undefined,
    endpoint: receiver.url,
    exportTimeoutMs: 600_000,
  });
  tracing.tracer.startSpan('x').end();
  expect(await tracing.shutdown(50)).toBe(false);
  tracing.tracer.startSpan('late').end();
  expect(tracing.stats()).toMatchObject({ ended: 2, dropped: { shutdown: 2 }, queued: 0 });
  expect(await tracing.shutdown(50)).toBe(true);
  await receiver.close();
});

test('an export under way does not keep a thread alive', async () => {
  const receiver = await startOtlpReceiver(() => 'hang');
  const sdk = new URL('../index.ts', import.meta.url).href;
  const code = `
    import { startTracing } from ${JSON.stringify(sdk)};
    const endpoint = ${JSON.stringify(receiver.url)};
    const tracing = startTracing({ endpoint, exportTimeoutMs: 600_000, log() {} });
    tracing.tracer.startSpan('x').end();
    await tracing.flush(200);`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`));
  const [exitCode] = await once(worker, 'exit');
  expect(exitCode).toBe(0);
  expect(receiver.requests).toHaveLength(1);
  await receiver.close();
});
