import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
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
import { ExportQueue } from './export-queue.ts';
import { OtlpSink } from './otlp-sink.ts';

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

test.each([301, 400, 401, 404, 413, 500])('HTTP %i is not tried again', async (status) => {
  const { receiver, tracing, stats, lines } = await exportTen(() => ({ status }));
  expect(receiver.requests).toHaveLength(1);
  expect(stats).toMatchObject({ exported: 0, dropped: { exportFailed: 10 }, queued: 0 });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(`HTTP ${status}`);
  await close(receiver, tracing);
});

test('a line in the log says where spans should have gone, without the credentials in its address', async () => {
  const receiver = await startOtlpReceiver(() => ({ status: 401 }));
  const { port } = new URL(receiver.url);
  const lines: string[] = [];
  const tracing = testTracing({
    relay: undefined,
    endpoint: `http://user:hunter2@127.0.0.1:${port}/base?key=hunter3`,
    log: (line) => lines.push(line),
  });
  tracing.tracer.startSpan('x').end();
  await tracing.flush(5_000);
  expect(lines).toEqual([expect.stringContaining(`http://127.0.0.1:${port}/base/v1/traces: `)]);
  expect(lines.join()).not.toMatch(/user|hunter/);
  // They are still used.
  const [request] = receiver.requests;
  expect(request?.url).toBe('/base/v1/traces?key=hunter3');
  expect(request?.headers.authorization).toBe(`Basic ${btoa('user:hunter2')}`);
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

test('a request that is not answered is made again after the timeout', async () => {
  const { receiver, tracing, stats } = await exportTen((request) =>
    request === 0 ? 'hang' : { status: 200 },
  );
  expect(receiver.requests).toHaveLength(2);
  expect(stats).toMatchObject({ exported: 10, queued: 0 });
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

/** A server that does with a request's socket what it likes, on a free port or a given one. */
async function startServer(
  onRequest: (response: ServerResponse, socket: Socket) => void,
  port = 0,
) {
  const server = createServer((request, response) => {
    request.resume().on('end', () => onRequest(response, request.socket));
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: ownPort } = server.address() as AddressInfo;
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${ownPort}`, port: ownPort, stop };
}

/** Not an answer, but no error either. */
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n';

test('a connection that is reset, closed or talks no HTTP is another attempt', async () => {
  let requests = 0;
  const server = await startServer((response, socket) => {
    requests += 1;
    if (requests === 1) socket.resetAndDestroy();
    else if (requests === 2) socket.end();
    else if (requests === 3) socket.end('no HTTP at all\r\n\r\n');
    else if (requests === 4) socket.end(SWITCH);
    else response.end();
  });
  const tracing = testTracing({ relay: undefined, endpoint: server.url });
  tracing.tracer.startSpan('x').end();
  expect(await tracing.flush(60_000)).toBe(true);
  expect(requests).toBe(5);
  expect(tracing.stats()).toMatchObject({ exported: 1, queued: 0 });
  await tracing.shutdown(0);
  await server.stop();
});

test('an answer that is cut off after its status is not asked for again', async () => {
  let requests = 0;
  const server = await startServer((response, socket) => {
    requests += 1;
    response.writeHead(200, { 'content-length': 9 }).write('x', () => socket.destroy());
  });
  const tracing = testTracing({ relay: undefined, endpoint: server.url });
  tracing.tracer.startSpan('x').end();
  expect(await tracing.flush(60_000)).toBe(true);
  expect(requests).toBe(1);
  expect(tracing.stats()).toMatchObject({ exported: 1, queued: 0 });
  await tracing.shutdown(0);
  await server.stop();
});

test('an answer that never ends counts by its status, at the timeout', async () => {
  const server = await startServer((response) => {
    const timer = setInterval(() => response.write(Buffer.alloc(65_536)), 5);
    response.on('close', () => clearInterval(timer));
  });
  const tracing = testTracing({ relay: undefined, endpoint: server.url, exportTimeoutMs: 200 });
  tracing.tracer.startSpan('x').end();
  expect(await tracing.flush(60_000)).toBe(true);
  expect(tracing.stats()).toMatchObject({ exported: 1, queued: 0 });
  await tracing.shutdown(0);
  await server.stop();
});

test('spans wait for a server that is not there yet', async () => {
  const gone = await startServer(() => undefined);
  await gone.stop();
  const lines: string[] = [];
  const tracing = testTracing({
    relay: undefined,
    endpoint: gone.url,
    batchSpansMax: 10,
    log: (line) => lines.push(line),
  });
  for (let index = 0; index < 100; index += 1) tracing.tracer.startSpan('x').end();
  expect(await tracing.flush(500)).toBe(false);
  expect(tracing.stats()).toMatchObject({ ended: 100, exported: 0, queued: 100 });
  expect(lines).toEqual([expect.stringContaining('spans wait to be sent: ECONNREFUSED')]);
  const back = await startServer((response) => response.end(), gone.port);
  expect(await tracing.flush(60_000)).toBe(true);
  expect(tracing.stats()).toMatchObject({ exported: 100, queued: 0 });
  expect(lines).toHaveLength(1);
  await tracing.shutdown(0);
  await back.stop();
});

test('a header that HTTP does not allow costs spans and one line, never an exception', async () => {
  const lines: string[] = [];
  const sink = new OtlpSink({
    url: 'http://127.0.0.1:1/v1/traces',
    headers: { authorization: 'two\nlines' },
    compression: 'none',
    tls: undefined,
    timeoutMs: 1_000,
    inFlightMax: 1,
  });
  const queue = new ExportQueue(sink, {
    queueSpansMax: 10,
    queueBytesMax: 1_000,
    inFlightMax: 1,
    retryMsMax: 1_000,
    subject: 'test',
    log: (line) => lines.push(line),
  });
  queue.reserve(1, 1);
  queue.push({ bytes: new Uint8Array(1), spans: 1 });
  expect(await queue.flush(5_000)).toBe(true);
  expect(queue.stats()).toMatchObject({ queued: 0, dropped: { exportFailed: 1 } });
  expect(lines).toEqual([expect.stringContaining('ERR_INVALID_CHAR')]);
  await queue.shutdown(0);
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
