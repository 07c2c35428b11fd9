// The Jaeger and Zipkin receivers: their real clients, and datagrams that misbehave.
// Run alone: npx vitest run --project system test/jaeger-zipkin.test.ts
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { JaegerExporter } from '@opentelemetry/exporter-jaeger';
import { ZipkinExporter } from '@opentelemetry/exporter-zipkin';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  SimpleSpanProcessor,
  type SpanExporter,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { ThroughlineError } from '@throughline/model';
import { initTracer } from 'jaeger-client';
import { followsFrom, Tags } from 'opentracing';
import pino from 'pino';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { accessCheck } from '../packages/server/src/access.ts';
import { BytesInFlight } from '../packages/server/src/receive/body.ts';
import { IngestCounters } from '../packages/server/src/receive/counters.ts';
import type { JaegerBatch } from '../packages/server/src/receive/jaeger/batch.ts';
import { type JaegerEncoding, jaegerUdp } from '../packages/server/src/receive/jaeger/udp.ts';
import type { ReceiverOptions } from '../packages/server/src/receive/receiver.ts';
import {
  encodeBatch,
  encodeEmitBatch,
  jaegerSpan,
  textTag,
} from '../packages/server/src/receive/testing/jaeger.ts';
import { decodeRequest } from '../packages/server/src/receive/testing/otlp.ts';
import { eventually, readStatus, type Serving, startServing } from './support/serve.ts';

const LOOPBACK = '127.0.0.1';

/** One server for all tests: starting one takes a second. */
const dataDir = mkdtempSync(join(tmpdir(), 'throughline-'));
let serving: Serving;
beforeAll(async () => {
  serving = await startServing(dataDir);
});
afterAll(async () => {
  await serving.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

function portOf(endpoint: string | undefined): number {
  return Number(new URL(endpoint ?? '').port);
}

interface StoredSpan {
  [member: string]: unknown;
  name: string;
  spanId: string;
  attributes: { key: string; value: unknown }[];
}

/** The spans of a trace by name, with resource and scope, once they are all stored. */
async function storedSpans(traceId: string, count: number): Promise<Map<string, StoredSpan>> {
  const spans = new Map<string, StoredSpan>();
  await eventually(`${count} spans of ${traceId}`, async () => {
    const response = await fetch(`${serving.ui}/api/traces/${traceId}?format=otlp`);
    if (response.status !== 200) return false;
    const { resourceSpans } = (await response.json()) as {
      resourceSpans: {
        resource: { attributes: StoredSpan['attributes'] };
        scopeSpans: { scope: object; spans: StoredSpan[] }[];
      }[];
    };
    for (const { resource, scopeSpans } of resourceSpans) {
      for (const { scope, spans: inScope } of scopeSpans) {
        for (const span of inScope) {
          spans.set(span.name, { ...span, scope, resource: valuesOf(resource.attributes) });
        }
      }
    }
    return spans.size === count;
  });
  return spans;
}

function valuesOf(attributes: StoredSpan['attributes'] = []): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value]));
}

test.each(['UDP', 'HTTP'])('jaeger-client over %s: everything comes back', async (transport) => {
  const reporter =
    transport === 'UDP'
      ? { agentHost: LOOPBACK, agentPort: portOf(serving.jaegerBinary) }
      : { collectorEndpoint: `${serving.jaegerHttp}/api/traces`, timeoutMs: 60_000 };
  const tracer = initTracer(
    { serviceName: 'gateway', sampler: { type: 'const', param: 1 }, reporter },
    { tags: { region: 'eu', shard: 3 }, traceId128bit: true },
  );
  const startMs = 1_700_000_000_123;
  const server = tracer.startSpan('serve ü', {
    startTime: startMs,
    tags: { [Tags.SPAN_KIND]: Tags.SPAN_KIND_RPC_SERVER },
  });
  const child = tracer.startSpan('send 😀', {
    startTime: startMs + 1,
    childOf: server,
    references: [followsFrom(server.context())],
  });
  const order = { symbol: 'BTC' };
  child.addTags({ word: 'x', price: 0.25, count: 42, flag: true, order, raw: Buffer.of(0, 255) });
  child.setTag(Tags.ERROR, true);
  child.log({ event: 'sent', attempt: 1 }, startMs + 2);
  child.log({ message: 'all' }, startMs + 3);
  child.finish(startMs + 4);
  server.finish(startMs + 5);
  await new Promise<void>((resolve) => tracer.close(resolve));

  const written = server.context().toTraceId();
  // By the id as the client writes it: without leading zeros.
  const spans = await storedSpans(written, 2);
  const traceId = written.padStart(32, '0');
  const { spanId } = spans.get('serve ü') as StoredSpan;
  const atNs = (offsetMs: number): string => `${startMs + offsetMs}000000`;
  expect(spans.get('serve ü')).toMatchObject({
    kind: 2,
    startTimeUnixNano: atNs(0),
    endTimeUnixNano: atNs(5),
    flags: 1,
    resource: {
      'service.name': { stringValue: 'gateway' },
      region: { stringValue: 'eu' },
      shard: { doubleValue: 3 },
      'host.name': { stringValue: expect.any(String) },
      'jaeger.version': { stringValue: expect.stringContaining('Node') },
    },
  });
  const sent = spans.get('send 😀') as StoredSpan;
  expect(sent).toMatchObject({
    parentSpanId: spanId,
    kind: 1,
    startTimeUnixNano: atNs(1),
    endTimeUnixNano: atNs(4),
    status: { code: 2 },
    events: [
      {
        timeUnixNano: atNs(2),
        name: 'sent',
        attributes: [{ key: 'attempt', value: { doubleValue: 1 } }],
      },
      { timeUnixNano: atNs(3), name: 'all' },
    ],
    links: [
      {
        traceId,
        spanId,
        attributes: [{ key: 'opentracing.ref_type', value: { stringValue: 'follows_from' } }],
      },
    ],
  });
  expect(valuesOf(sent.attributes)).toEqual({
    word: { stringValue: 'x' },
    price: { doubleValue: 0.25 },
    count: { doubleValue: 42 },
    flag: { boolValue: true },
    order: { stringValue: '{"symbol":"BTC"}' },
    raw: { bytesValue: 'AP8=' },
  });
});

/** Two spans by OpenTelemetry's SDK, sent by the exporter. @returns their trace id */
async function exportSpans(exporter: SpanExporter): Promise<string> {
  const provider = new TracerProvider({
    sampler: new AlwaysOnSampler(),
    resource: resourceFromAttributes({ 'service.name': 'gateway' }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  const tracer = provider.getTracer('scope', '1.2.3');
  const server = tracer.startSpan('serve ü', {
    kind: SpanKind.SERVER,
    startTime: [1_700_000_000, 1_000],
  });
  const child = tracer.startSpan(
    'send 😀',
    { kind: SpanKind.CLIENT, startTime: [1_700_000_000, 2_000] },
    trace.setSpan(ROOT_CONTEXT, server),
  );
  child.setAttributes({ word: 'x', count: 42, flag: true });
  child.addEvent('sent', [1_700_000_000, 3_000]);
  child.setStatus({ code: SpanStatusCode.ERROR, message: 'refused' });
  child.end([1_700_000_000, 4_000]);
  server.end([1_700_000_000, 5_000]);
  await provider.forceFlush();
  await provider.shutdown();
  return server.spanContext().traceId;
}

test('OpenTelemetry’s Zipkin exporter: everything comes back', async () => {
  const traceId = await exportSpans(new ZipkinExporter({ url: `${serving.zipkin}/api/v2/spans` }));
  const spans = await storedSpans(traceId, 2);
  expect(spans.get('serve ü')).toMatchObject({
    kind: 2,
    startTimeUnixNano: '1700000000000001000',
    endTimeUnixNano: '1700000000000005000',
    resource: { 'service.name': { stringValue: 'gateway' } },
  });
  const sent = spans.get('send 😀') as StoredSpan;
  expect(sent).toMatchObject({
    parentSpanId: spans.get('serve ü')?.spanId,
    kind: 3,
    startTimeUnixNano: '1700000000000002000',
    endTimeUnixNano: '1700000000000004000',
    status: { code: 2, message: 'refused' },
    events: [{ timeUnixNano: '1700000000000003000', name: 'sent' }],
  });
  expect(valuesOf(sent.attributes)).toMatchObject({
    word: { stringValue: 'x' },
    count: { stringValue: '42' },
    flag: { stringValue: 'true' },
  });
});

test('OpenTelemetry’s Jaeger exporter: everything comes back', async () => {
  const exporter = new JaegerExporter({ host: LOOPBACK, port: portOf(serving.jaegerBinary) });
  const traceId = await exportSpans(exporter);
  const spans = await storedSpans(traceId, 2);
  expect(spans.get('send 😀')).toMatchObject({
    parentSpanId: spans.get('serve ü')?.spanId,
    scope: { name: 'scope', version: '1.2.3' },
    kind: 3,
    startTimeUnixNano: '1700000000000002000',
    endTimeUnixNano: '1700000000000004000',
    status: { code: 2, message: 'refused' },
    events: [{ timeUnixNano: '1700000000000003000', name: 'sent' }],
  });
});

test('Thrift compact, as clients in other languages send it: everything comes back', async () => {
  const spans = [
    jaegerSpan({
      traceIdHigh: 0n,
      traceIdLow: 0xabcn,
      operationName: 'a',
      tags: [textTag('k', 'v')],
    }),
    jaegerSpan({ traceIdHigh: 0n, traceIdLow: 0xabcn, operationName: 'b', spanId: -1n }),
  ];
  const batch = { process: { serviceName: 'gateway' }, spans };
  await sendDatagrams(portOf(serving.jaegerCompact), [encodeEmitBatch(batch, 'compact')]);
  const stored = await storedSpans('abc'.padStart(32, '0'), 2);
  expect(stored.get('b')).toMatchObject({ spanId: 'f'.repeat(16), flags: 1 });
  expect(valuesOf(stored.get('a')?.attributes)).toEqual({ k: { stringValue: 'v' } });
});

test('the status says who sent what is refused', async () => {
  const port = portOf(serving.jaegerCompact);
  const zipkinV1 = encodeEmitBatch(BATCH, 'compact', 'emitZipkinBatch');
  await sendDatagrams(port, [Buffer.from('nonsense'), zipkinV1, zipkinV1]);
  await eventually('three refusals', async () => {
    const { protocols } = (await readStatus(serving.ui)).ingest;
    const rejected = Object.values(protocols['jaeger-compact']?.rejected ?? {});
    return rejected.reduce((sum, { requests }) => sum + requests, 0) === 3;
  });
  const response = await fetch(`${serving.jaegerHttp}/api/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-thrift' },
    body: new Uint8Array(encodeBatch({ ...BATCH, spans: [jaegerSpan({ spanId: 0n })] })),
  });
  expect(response.status).toBe(400);
  const { refusals } = (await readStatus(serving.ui)).ingest;
  const told = refusals.map(({ protocol, code, sender, spans, count }) => ({
    protocol,
    code,
    sender,
    spans,
    count,
  }));
  const sender = LOOPBACK;
  expect(told).toEqual(
    expect.arrayContaining([
      { protocol: 'jaeger-compact', code: 'TL_JAEGER_MALFORMED', sender, spans: 0, count: 1 },
      { protocol: 'jaeger-compact', code: 'TL_BAD_REQUEST', sender, spans: 0, count: 2 },
      {
        protocol: 'jaeger-http',
        code: 'TL_JAEGER_MALFORMED',
        sender: `${LOOPBACK} (node)`,
        spans: 1,
        count: 1,
      },
    ]),
  );
});

const BATCH: JaegerBatch = { process: { serviceName: 'gateway' }, spans: [jaegerSpan()] };

async function sendDatagrams(port: number, datagrams: readonly Uint8Array[]): Promise<void> {
  const socket = createSocket('udp4');
  for (const datagram of datagrams) {
    await new Promise((resolve) => socket.send(datagram, port, LOOPBACK, resolve));
  }
  socket.close();
  await once(socket, 'close');
}

/** A UDP receiver in this process, whose journal is a list. */
async function startUdp(
  options: Partial<ReceiverOptions> = {},
  encoding: JaegerEncoding = 'binary',
) {
  const records: Uint8Array[] = [];
  const counters = new IngestCounters();
  const receiver = jaegerUdp(
    {
      append: async (record) => void records.push(record),
      counters: counters.of('jaeger-binary'),
      inFlight: new BytesInFlight(100_000_000),
      access: accessCheck(undefined),
      tls: undefined,
      logger: pino({ level: 'silent' }),
      ...options,
    },
    encoding,
  );
  const port = await receiver.listen(LOOPBACK, 0);
  onTestFinished(() => receiver.close());
  return { counters, port, receiver, records };
}

test.each([
  'compact',
  'binary',
] as const)('a datagram of 65,000 bytes is kept: %s', async (encoding) => {
  const { port, records } = await startUdp({}, encoding);
  const span = jaegerSpan({ tags: [textTag('long', 'x'.repeat(64_800))] });
  await sendDatagrams(port, [encodeEmitBatch({ ...BATCH, spans: [span] }, encoding)]);
  await expect.poll(() => records).toHaveLength(1);
  expect(JSON.stringify(decodeRequest(records[0] as Uint8Array))).toContain('x'.repeat(64_800));
});

test('spans that cannot be kept, and a journal that fails, are counted', async () => {
  let isFailing = false;
  const { counters, port } = await startUdp({
    append: async () => {
      if (isFailing) throw new ThroughlineError('TL_JOURNAL_FAILED', 'the disk is gone');
    },
  });
  const spans = [jaegerSpan(), jaegerSpan({ spanId: 0n }), jaegerSpan()];
  const datagram = encodeEmitBatch({ ...BATCH, spans }, 'binary');
  await sendDatagrams(port, [datagram]);
  await expect.poll(() => counters.snapshot().requests).toBe(1);
  isFailing = true;
  await sendDatagrams(port, [datagram]);
  await expect.poll(() => counters.snapshot().requests).toBe(2);
  expect(counters.snapshot()).toMatchObject({
    spansAccepted: 2,
    rejected: {
      TL_JAEGER_MALFORMED: { requests: 0, spans: 1 },
      TL_JOURNAL_FAILED: { requests: 1, spans: 3 },
    },
  });
});

test('a bounded number of datagrams waits for the journal, the others are dropped and counted', async () => {
  const journal = Promise.withResolvers<void>();
  const { counters, port } = await startUdp({ append: () => journal.promise });
  const datagram = encodeEmitBatch(BATCH, 'binary');
  for (let round = 0; round < 11; round += 1) {
    await sendDatagrams(
      port,
      Array.from({ length: 100 }, () => datagram),
    );
  }
  await expect.poll(() => counters.snapshot().requests).toBe(100);
  const { rejected } = counters.snapshot();
  expect(rejected).toEqual({ TL_OVERLOADED: { requests: 100, spans: 100 } });
  journal.resolve();
  await expect.poll(() => counters.snapshot().spansAccepted).toBe(1_000);
});

test('the bytes in memory are those of all receivers', async () => {
  const datagram = encodeEmitBatch(BATCH, 'binary');
  const inFlight = new BytesInFlight(datagram.length);
  const journal = Promise.withResolvers<void>();
  const { counters, port } = await startUdp({ inFlight, append: () => journal.promise });
  await sendDatagrams(port, [datagram, datagram]);
  await expect.poll(() => counters.snapshot().rejected).toHaveProperty('TL_OVERLOADED');
  journal.resolve();
  await expect.poll(() => counters.snapshot().spansAccepted).toBe(1);
  inFlight.take(datagram.length);
});

test('closing waits for what is being kept', async () => {
  const journal = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const { counters, port, receiver } = await startUdp({
    append: () => {
      asked.resolve();
      return journal.promise;
    },
  });
  await sendDatagrams(port, [encodeEmitBatch(BATCH, 'binary')]);
  await asked.promise;
  const closed = receiver.close();
  await new Promise((resolve) => setTimeout(resolve, 50));
  journal.resolve();
  await closed;
  expect(counters.snapshot().spansAccepted).toBe(1);
});

test('a port in use and an address of the network are refused with a code', async () => {
  const { port, receiver } = await startUdp();
  const other = await startUdp();
  await expect(other.receiver.listen(LOOPBACK, port)).rejects.toMatchObject({
    code: 'TL_PORT_IN_USE',
    message: `port ${port} (jaeger-binary) is in use`,
  });
  await expect(receiver.listen('0.0.0.0', 0)).rejects.toMatchObject({ code: 'TL_CONFIG_INVALID' });
});

// Only Linux tells what it drops; elsewhere there is nothing to count.
test.runIf(process.platform === 'linux')(
  'every datagram is counted, also those that the kernel dropped',
  async () => {
    const { counters, port } = await startUdp();
    const spans = [jaegerSpan({ tags: [textTag('long', 'x'.repeat(20_000))] })];
    const datagram = encodeEmitBatch({ ...BATCH, spans }, 'binary');
    const sent = new Int32Array(new SharedArrayBuffer(4));
    const program = `
      const { createSocket } = require('node:dgram');
      const { datagram, port, count, sent } = require('node:worker_threads').workerData;
      const socket = createSocket('udp4');
      let left = count;
      const next = () => {
        if (left-- > 0) return socket.send(datagram, port, '${LOOPBACK}', next);
        socket.close();
        Atomics.store(sent, 0, 1);
        Atomics.notify(sent, 0);
      };
      next();`;
    const workerData = { datagram, port, count: 2_000, sent };
    const worker = new Worker(program, { eval: true, workerData });
    onTestFinished(async () => void (await worker.terminate()));
    // While this thread sleeps nothing is read.
    await once(worker, 'online');
    expect(Atomics.wait(sent, 0, 0, 120_000)).not.toBe('timed-out');
    await expect.poll(() => counters.snapshot().requests).toBe(2_000);
    const { rejected, refusals, spansAccepted } = counters.snapshot();
    expect(rejected.TL_OVERLOADED?.requests).toBe(2_000 - spansAccepted);
    expect(refusals[0]?.sender).toBe('kernel');
  },
);
