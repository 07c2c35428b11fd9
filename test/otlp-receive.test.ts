// The OTLP/HTTP receiver over a real port: real exporters, and senders that misbehave.
// Run alone: npx vitest run --project system test/otlp-receive.test.ts
import { type AddressInfo, connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { ThroughlineError } from '@throughline/model';
import { startTracing } from '@throughline/sdk';
import { openStore } from '@throughline/store';
import fc from 'fast-check';
import pino from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import { IngestCounters } from '../packages/server/src/receive/counters.ts';
import { type OtlpHttpOptions, otlpHttp } from '../packages/server/src/receive/otlp-http.ts';
import { checkOtlpWire } from '../packages/server/src/receive/otlp-wire.ts';
import {
  decodeRequest,
  encodeRequest,
  requestArbitrary,
} from '../packages/server/src/receive/testing/otlp.ts';
import { temporaryFolder } from './support/serve.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startReceiver(options: Partial<OtlpHttpOptions> = {}) {
  const records: Uint8Array[] = [];
  const counters = new IngestCounters();
  const app = otlpHttp({
    append: async (record) => void records.push(Buffer.from(record)),
    counters,
    logger: pino({ level: 'silent' }),
    ...options,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  cleanups.push(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  return { app, counters, port, records, url: `http://127.0.0.1:${port}` };
}

/** Spans as OpenTelemetry's own SDK makes them, with everything that a span can have. */
async function readableSpans(): Promise<ReadableSpan[]> {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    sampler: new AlwaysOnSampler(),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  const tracer = provider.getTracer('scope', '1.2.3');
  const parent = tracer.startSpan('parent', { kind: SpanKind.SERVER });
  const links = [{ context: parent.spanContext(), attributes: { 'fill.quantity': '0.5' } }];
  const child = tracer.startSpan(
    'child 😀',
    { kind: SpanKind.PRODUCER, links },
    trace.setSpan(ROOT_CONTEXT, parent),
  );
  const values = { word: 'ü', int: -7, double: 0.25, flag: true, list: ['a', 'b'], empty: [] };
  child.setAttributes(values).addEvent('sent', { attempt: 1 });
  child.setStatus({ code: SpanStatusCode.ERROR, message: 'refused' }).end();
  parent.end();
  return exporter.getFinishedSpans();
}

test.each(['gzip', 'none'] as const)('the sdk exports, compression %s', async (compression) => {
  const { counters, records, url } = await startReceiver({ token: 'secret' });
  const tracing = startTracing({
    serviceName: 'sender',
    endpoint: url,
    compression,
    headers: { authorization: 'Bearer secret' },
    global: false,
  });
  for (let index = 0; index < 1_000; index += 1) tracing.tracer.startSpan(`span ${index}`).end();
  await tracing.shutdown();
  expect(counters.snapshot()).toMatchObject({ spansAccepted: 1_000, rejected: {} });
  const text = JSON.stringify(records.map((record) => decodeRequest(record)));
  expect(text).toContain('"span 999"');
});

test('the sdk comes again after 429 until the spans are kept', async () => {
  let refusals = 2;
  const { counters, url } = await startReceiver({
    append: async () => {
      refusals -= 1;
      if (refusals >= 0) throw new ThroughlineError('TL_OVERLOADED', 'the journal is full');
    },
  });
  const tracing = startTracing({ serviceName: 'sender', endpoint: url, global: false });
  tracing.tracer.startSpan('patient').end();
  await tracing.shutdown(10_000);
  expect(counters.snapshot()).toMatchObject({
    spansAccepted: 1,
    rejected: { TL_OVERLOADED: { requests: 2, spans: 2 } },
  });
});

test('what OpenTelemetry writes as protobuf and as JSON means the same', async () => {
  const { records, url } = await startReceiver();
  const spans = await readableSpans();
  const bodies = [
    [ProtobufTraceSerializer.serializeRequest(spans), 'application/x-protobuf'],
    [JsonTraceSerializer.serializeRequest(spans), 'application/json'],
  ] as const;
  for (const [body, mediaType] of bodies) {
    const headers = { 'content-type': mediaType };
    const response = await fetch(`${url}/v1/traces`, {
      method: 'POST',
      headers,
      body: Buffer.from(body ?? []),
    });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, mediaType]);
  }
  const [fromProtobuf, fromJson] = records.map((record) => decodeRequest(record));
  expect(JSON.stringify(fromProtobuf)).toContain('child 😀');
  expect(withoutDefaults(fromJson)).toEqual(withoutDefaults(fromProtobuf));
});

/** Encoders may write default values or leave them out; both mean the same outside a oneof. */
function withoutDefaults(message: unknown): unknown {
  return JSON.parse(JSON.stringify(message), (_key, value: unknown) =>
    value === 0 || value === '' || value === '0' ? undefined : value,
  );
}

test('a bomb and a body over the limit are answered, and the connection serves on', async () => {
  const { url, records } = await startReceiver({ bodyBytesMax: 1_000_000 });
  const bomb = gzipSync(Buffer.alloc(100_000_000));
  for (let round = 0; round < 3; round += 1) {
    for (const [body, encoding] of [
      [bomb, 'gzip'],
      [Buffer.alloc(3_000_000), 'identity'],
    ] as const) {
      const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
      const response = await fetch(`${url}/v1/traces`, { method: 'POST', headers, body });
      expect(response.status).toBe(413);
      expect(await response.json()).toMatchObject({
        code: 8,
        message: expect.stringContaining('larger than 1000000 bytes'),
      });
    }
  }
  expect(records).toEqual([]);
});

test('a chunked body over the limit is answered while it is still coming', async () => {
  const { url } = await startReceiver({ bodyBytesMax: 100_000 });
  const body = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(50_000)),
  });
  const response = await fetch(`${url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body,
    duplex: 'half',
  } as RequestInit);
  expect(response.status).toBe(413);
  expect(response.headers.get('content-type')).toBe('application/x-protobuf');
});

/** Writes to a fresh connection and resolves with all that comes back until it ends. */
function exchange(port: number, bytes: string | Uint8Array, hangUp = false): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(bytes);
      if (hangUp) setTimeout(() => socket.destroy(), 50);
    });
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });
}

test('what is not HTTP is answered with a Status and counted', async () => {
  const { counters, port } = await startReceiver();
  const answer = await exchange(port, '\x16\x03\x01 a TLS greeting\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1.1 400 Bad Request\r\nContent-Type: application\/json\r\n/);
  expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ code: 3 });
  expect(counters.snapshot().rejected).toEqual({ TL_BAD_REQUEST: { requests: 1, spans: 0 } });
});

test.each([
  ['plain', 'identity', Buffer.alloc(400, 'x'), 'TL_BAD_REQUEST'],
  ['gzip', 'gzip', gzipSync(Buffer.alloc(400)).subarray(0, 12), 'TL_BAD_REQUEST'],
  ['broken gzip', 'gzip', Buffer.alloc(400, 'x'), 'TL_OTLP_MALFORMED'],
])('a sender that hangs up in a %s body counts once', async (_, coding, part, code) => {
  const { counters, port, url } = await startReceiver({ bytesInFlightMax: 1_000 });
  const head = Buffer.from(
    'POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' +
      `Content-Encoding: ${coding}\r\nContent-Length: 900\r\n\r\n`,
  );
  for (let round = 0; round < 4; round += 1) {
    await exchange(port, Buffer.concat([head, part]), true);
  }
  await vi.waitFor(() => expect(counters.snapshot().requests).toBe(4));
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/v1/traces`, { method: 'POST', headers, body: '{}' });
  expect(response.status).toBe(200);
  expect(counters.snapshot().requests).toBe(5);
  expect(counters.snapshot().rejected).toEqual({ [code]: { requests: 4, spans: 0 } });
});

test('broken chunks end the connection, and the request counts once', async () => {
  const { counters, port } = await startReceiver();
  const head =
    'POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' +
    'Transfer-Encoding: chunked\r\n\r\n';
  await exchange(port, `${head}5\r\nhello\r\nnonsense\r\n`);
  await vi.waitFor(() => expect(counters.snapshot().requests).toBe(1));
});

test('closing waits for what is being kept, but not for the connection', async () => {
  const kept = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const { app, counters, port } = await startReceiver({
    append: () => {
      asked.resolve();
      return kept.promise;
    },
  });
  const body = ProtobufTraceSerializer.serializeRequest(await readableSpans()) ?? new Uint8Array();
  const head =
    'POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n' +
    `Content-Length: ${body.length}\r\n\r\n`;
  const answer = exchange(port, Buffer.concat([Buffer.from(head), body]));
  await asked.promise;
  const closed = app.close();
  await new Promise((resolve) => setTimeout(resolve, 100));
  kept.resolve();
  expect(await answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  await closed;
  expect(counters.snapshot().spansAccepted).toBe(2);
}, 30_000);

test('closing does not wait for a body that never ends', async () => {
  const { app, counters, port } = await startReceiver();
  const head =
    'POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' +
    'Content-Length: 900\r\n\r\n{';
  const answer = exchange(port, head);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await app.close();
  expect(await answer).toBe('');
  await vi.waitFor(() => expect(counters.snapshot().rejected).toHaveProperty('TL_BAD_REQUEST'));
}, 30_000);

/** Broken copies of a request: in each, one byte is another. */
const brokenCopies = fc
  .tuple(
    requestArbitrary.map(encodeRequest).filter((bytes) => bytes.length > 0),
    fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 1, 8, 9, 10, 13, 0x7f, 0x80, 0xff)), {
      minLength: 30,
      maxLength: 30,
    }),
  )
  .map(([bytes, changes]) =>
    changes.map(([place, byte]) => {
      const copy = Uint8Array.from(bytes);
      copy[place % copy.length] = byte;
      return copy;
    }),
  );

function spanCountIfValid(bytes: Uint8Array): number {
  try {
    return checkOtlpWire(bytes).spanCount;
  } catch {
    return 0;
  }
}

test('the engine decodes whatever passes the wire check', async () => {
  const dataDir = temporaryFolder();
  const store = await openStore({ dataDir });
  cleanups.push(() => store.close());
  let spansAppended = 0;
  for (const copies of fc.sample(brokenCopies, { numRuns: 500 })) {
    const valid = copies.filter((bytes) => spanCountIfValid(bytes) > 0);
    await Promise.all(valid.map((bytes) => store.append(bytes)));
    for (const bytes of valid) spansAppended += spanCountIfValid(bytes);
  }
  await store.settled(60_000);
  expect(spansAppended).toBeGreaterThan(1_000);
  expect((await store.status()).store).toMatchObject({
    recordsQuarantined: 0,
    spansLoaded: spansAppended,
  });
});
