// Export over real connections: collectors that are slow, away, silent or rude, in processes of their own.
// Run alone: npx vitest run --project system test/export.test.ts
// With an outage of a minute: OUTAGE_ROUNDS=6000 npx vitest run --project system test/export.test.ts -t outage
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TracingOptions, TracingStats } from '@throughline/sdk';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { spanNames, testTracing } from '../packages/sdk/src/testing/tracing.ts';
import { freePort } from '../scripts/provision/server-process.ts';
import type { ServiceAnswer, ServiceCommand } from './support/exporting-service.ts';
import { ROOT, startProcess } from './support/process.ts';
import type { CollectorCounts, CollectorMode } from './support/slow-collector.ts';

/** Of a hundred spans and ten milliseconds each. */
const OUTAGE_ROUNDS = Number(process.env.OUTAGE_ROUNDS ?? 400);
/** What holds up the event loop less is no burden. */
const TURN_CPU_MS_MAX = 250;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface CollectorOptions {
  readonly port?: number;
  readonly delayMs?: number;
  readonly mode?: CollectorMode;
}

async function startCollector({ port = 0, delayMs = 0, mode = 'take' }: CollectorOptions = {}) {
  const { ready, stop } = await startProcess<{ url: string; port: number }>(
    'test/support/slow-collector.ts',
    [String(port), String(delayMs), mode],
  );
  const kill = () => stop('SIGKILL');
  cleanups.push(kill);
  return {
    ...ready,
    kill,
    async counts(): Promise<CollectorCounts> {
      const response = await fetch(`${ready.url}/counts`);
      return (await response.json()) as CollectorCounts;
    },
    async setMode(body: CollectorMode): Promise<void> {
      await fetch(`${ready.url}/mode`, { method: 'PUT', body });
    },
  };
}

function startService(options: TracingOptions) {
  const script = join(ROOT, 'test/support/exporting-service.ts');
  const child: ChildProcess = fork(script, [JSON.stringify(options)]);
  const exited = once(child, 'exit');
  cleanups.push(() => child.kill('SIGKILL'));
  return {
    child,
    exited,
    tell: (command: ServiceCommand) => child.send(command),
    async ask(command: ServiceCommand): Promise<ServiceAnswer> {
      const answered = once(child, 'message');
      child.send(command);
      const [answer] = await answered;
      expectExactCounts(answer.stats);
      return answer;
    },
  };
}

function lostSpans({ dropped }: TracingStats): number {
  return Object.values(dropped).reduce((sum, spans) => sum + spans, 0);
}

function expectExactCounts(stats: TracingStats): void {
  const { ended, relayed, exported, queued } = stats;
  expect(exported + lostSpans(stats) + queued).toBe(ended + relayed);
}

test('a burst of 100,000 spans in one turn, to a slow collector, arrives whole', async () => {
  const collector = await startCollector({ delayMs: 200 });
  const service = startService({ endpoint: collector.url });
  await service.ask({ do: 'burst', spans: 100_000 });
  const { isDone, stats, lines } = await service.ask({ do: 'flush', timeoutMs: 120_000 });
  expect(isDone).toBe(true);
  expect(stats).toMatchObject({ ended: 100_000, exported: 100_000, queued: 0, queuedBytes: 0 });
  expect(lostSpans(stats)).toBe(0);
  expect(lines).toEqual([]);
  expect(await collector.counts()).toMatchObject({ spans: 100_000, distinctSpans: 100_000 });
});

test.each<TracingOptions>([
  { queueSpansMax: 10_000 },
  { queueBytesMax: 2_000_000 },
])('a queue that is too small (%o) says exactly how many were lost', async (options) => {
  const collector = await startCollector({ delayMs: 50 });
  const service = startService({ endpoint: collector.url, ...options });
  await service.ask({ do: 'burst', spans: 100_000 });
  const { stats, lines } = await service.ask({ do: 'flush', timeoutMs: 60_000 });
  const { spans, distinctSpans } = await collector.counts();
  expect(spans).toBe(distinctSpans);
  expect(spans).toBeGreaterThan(1_000);
  expect(stats.dropped.queueFull).toBeGreaterThan(50_000);
  expect(spans + stats.dropped.queueFull).toBe(100_000);
  expect(stats).toMatchObject({ exported: spans, queued: 0 });
  expect(lines).toEqual([expect.stringContaining('spans are being lost: the queue is full')]);
});

test.each<[string, TracingOptions]>([
  ['room for the whole outage', { queueSpansMax: 2 ** 30, queueBytesMax: 2 ** 30 }],
  ['room for a part of it', { queueBytesMax: 2_000_000 }],
])(
  'an outage of the collector, with %s',
  async (room, options) => {
    const first = await startCollector({ port: await freePort() });
    const service = startService({ endpoint: first.url, delayMs: 100, ...options });
    // For fewer spans than there is room for, should the collector not answer at once.
    await service.ask({ do: 'work', rounds: 40 });
    const before = await service.ask({ do: 'flush', timeoutMs: 60_000 });
    const firstCounts = await first.counts();
    await first.kill();
    const during = await service.ask({ do: 'work', rounds: OUTAGE_ROUNDS });
    const second = await startCollector({ port: first.port });
    const after = await service.ask({ do: 'flush', timeoutMs: 60_000 });
    const secondCounts = await second.counts();
    const { stats } = after;
    console.log(
      `${room}: ${stats.ended} spans, ${lostSpans(stats)} lost, ${during.stats.queuedBytes} bytes queued; ` +
        `event loop held up for ${during.turnCpuMsMax} ms at most; resident ${before.rssMax}, then ${during.rssMax} bytes`,
    );
    expect(during.stats.queued).toBeGreaterThan(1_000);
    expect(after.isDone).toBe(true);
    expect(firstCounts.distinctSpans + secondCounts.distinctSpans + lostSpans(stats)).toBe(
      stats.ended,
    );
    expect(stats.exported + stats.dropped.queueFull).toBe(stats.ended);
    if (options.queueSpansMax) expect(lostSpans(stats)).toBe(0);
    else expect(lostSpans(stats)).toBeGreaterThan(1_000);
    expect(Math.max(during.turnCpuMsMax, after.turnCpuMsMax)).toBeLessThan(TURN_CPU_MS_MAX);
    const heldBytes = Math.max(during.stats.queuedBytes, after.stats.queuedBytes);
    expect(during.rssMax - before.rssMax).toBeLessThan(100_000_000 + 2 * heldBytes);
    expect(after.lines[0]).toContain('spans wait to be sent: ECONNREFUSED');
  },
  300_000,
);

test('a collector that never answers costs the service nothing but its spans', async () => {
  const exportTimeoutMs = 500;
  const collector = await startCollector({ mode: 'hang' });
  const service = startService({ endpoint: collector.url, exportTimeoutMs });
  const fromMs = performance.now();
  await service.ask({ do: 'burst', spans: 10_000 });
  const { turnCpuMsMax, stats } = await service.ask({ do: 'work', rounds: 200 });
  expect(turnCpuMsMax).toBeLessThan(TURN_CPU_MS_MAX);
  expect(stats.queued).toBe(stats.ended);
  const shutDown = await service.ask({ do: 'shutdown', timeoutMs: 500 });
  expect(shutDown.isDone).toBe(false);
  expect(shutDown.stats).toMatchObject({ queued: 0, dropped: { shutdown: stats.ended } });
  // Four at first; then one at a time, after the timeout and a wait.
  const { requests } = await collector.counts();
  expect(requests - 4).toBeLessThanOrEqual((performance.now() - fromMs) / exportTimeoutMs);
  service.tell({ do: 'leave' });
  expect(await service.exited).toEqual([0, null]);
});

test('a collector that resets every connection gets the spans once it stops doing so', async () => {
  const collector = await startCollector({ mode: 'reset' });
  const service = startService({ endpoint: collector.url });
  await service.ask({ do: 'burst', spans: 10_000 });
  expect(await service.ask({ do: 'flush', timeoutMs: 1_000 })).toMatchObject({ isDone: false });
  await collector.setMode('take');
  const { stats } = await service.ask({ do: 'flush', timeoutMs: 30_000 });
  expect(stats).toMatchObject({ exported: 10_000, queued: 0 });
  expect(await collector.counts()).toMatchObject({ spans: 10_000, distinctSpans: 10_000 });
});

test('spans whose answer was lost are sent again, and count once', async () => {
  const collector = await startCollector({ mode: 'lose' });
  const service = startService({ endpoint: collector.url });
  await service.ask({ do: 'burst', spans: 1_000 });
  await service.ask({ do: 'flush', timeoutMs: 500 });
  await expect.poll(async () => (await collector.counts()).spans).toBeGreaterThan(0);
  await collector.setMode('take');
  const { stats } = await service.ask({ do: 'flush', timeoutMs: 30_000 });
  expect(stats).toMatchObject({ exported: 1_000, queued: 0 });
  const { spans, distinctSpans } = await collector.counts();
  expect(distinctSpans).toBe(1_000);
  expect(spans).toBeGreaterThan(1_000);
});

test('SIGTERM: what is queued is sent before the service ends', async () => {
  const collector = await startCollector({ delayMs: 20 });
  const service = startService({ endpoint: collector.url, delayMs: 60_000 });
  await service.ask({ do: 'burst', spans: 10_000 });
  service.child.kill('SIGTERM');
  expect(await service.exited).toEqual([0, null]);
  expect(await collector.counts()).toMatchObject({ spans: 10_000, distinctSpans: 10_000 });
});

test('a service that forgets to shut down still ends, with requests and waits under way', async () => {
  // Whatever held the process would hold it for longer than the test has.
  const exportTimeoutMs = 600_000;
  const hanging = await startCollector({ mode: 'hang' });
  const away = await startCollector();
  await away.kill();
  for (const { url } of [hanging, away]) {
    const service = startService({ endpoint: url, exportTimeoutMs });
    await service.ask({ do: 'burst', spans: 10_000 });
    await service.ask({ do: 'flush', timeoutMs: 300 });
    service.tell({ do: 'leave' });
    expect(await service.exited).toEqual([0, null]);
  }
});

/** An `ExportTraceServiceResponse` that rejects two spans. */
const TWO_REJECTED = Uint8Array.of(0x0a, 0x02, 0x08, 0x02);
const MOODS = ['take', 'slow', 'reject two', 'refuse', 'ask for time', 'busy', 'hang', 'reset'];

/** Treats each request according to the next mood, and takes everything when there are no more. */
async function startMoodyCollector(moods: readonly string[]) {
  let requests = 0;
  /** By the bytes of a batch: what it was last told. An answer that comes too late is not the last. */
  const taken = new Map<string, number>();
  const server = createServer(async (request, response) => {
    const mood = moods[requests] ?? 'take';
    requests += 1;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const batch = Buffer.concat(chunks);
    const spans = spanNames(batch).length;
    const accept = (accepted: number) => taken.set(batch.toString('base64'), accepted);
    if (mood === 'hang') return;
    if (mood === 'reset') request.socket.resetAndDestroy();
    else if (mood === 'refuse') {
      accept(0);
      response.writeHead(400).end();
    } else if (mood === 'busy') response.writeHead(503).end();
    else if (mood === 'ask for time') response.writeHead(429, { 'retry-after': '0' }).end();
    else {
      accept(mood === 'reject two' ? spans - Math.min(spans, 2) : spans);
      if (mood === 'slow') await sleep(60);
      response.end(mood === 'reject two' ? TWO_REJECTED : undefined);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  const sum = () => [...taken.values()].reduce((total, spans) => total + spans, 0);
  return { url: `http://127.0.0.1:${port}`, taken: sum, close };
}

test('whatever the collector does, the counts are exact at every moment', async () => {
  const moods = fc.array(fc.constantFrom(...MOODS), { maxLength: 12 });
  const bursts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(moods, bursts, async (someMoods, someBursts) => {
      const collector = await startMoodyCollector(someMoods);
      const tracing = testTracing({
        relay: undefined,
        endpoint: collector.url,
        queueSpansMax: 100,
        batchSpansMax: 10,
        exportTimeoutMs: 150,
      });
      for (const burst of someBursts) {
        for (let index = 0; index < burst; index += 1) tracing.tracer.startSpan('x').end();
        expectExactCounts(tracing.stats());
        await sleep(20);
        expectExactCounts(tracing.stats());
      }
      expect(await tracing.flush(60_000)).toBe(true);
      const stats = tracing.stats();
      expectExactCounts(stats);
      expect(stats).toMatchObject({ exported: collector.taken(), queued: 0 });
      expect(await tracing.shutdown(0)).toBe(true);
      await collector.close();
    }),
    { numRuns: 12 },
  );
});

test('over TLS, both sides show their certificates; one that is not trusted is not used', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'throughline-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const key = join(folder, 'key.pem');
  const cert = join(folder, 'cert.pem');
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
      ...['-keyout', key, '-out', cert],
    ],
    { stdio: 'ignore' },
  );
  const pem = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  const received: string[] = [];
  const server = createHttpsServer(
    { ...pem, ca: pem.cert, requestCert: true, rejectUnauthorized: true },
    async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      received.push(...spanNames(Buffer.concat(chunks)));
      response.end();
    },
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  const endpoint = `https://localhost:${(server.address() as AddressInfo).port}`;
  for (const [name, tls] of [
    ['trusted', { ca: pem.cert, ...pem }],
    ['without a certificate', { ca: pem.cert }],
    ['not trusting', pem],
  ] as const) {
    const tracing = testTracing({ relay: undefined, endpoint, tls });
    tracing.tracer.startSpan(name).end();
    expect(await tracing.flush(name === 'trusted' ? 30_000 : 500)).toBe(name === 'trusted');
    await tracing.shutdown(0);
  }
  expect(received).toEqual(['trusted']);
});
