// The OTLP/HTTP receiver over a real port: real exporters, and senders that misbehave.
// Run alone: npx vitest run --project system test/otlp-receive.test.ts
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
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
import { afterEach, expect, test } from 'vitest';
import { accessCheck } from '../packages/server/src/access.ts';
import { BytesInFlight } from '../packages/server/src/receive/body.ts';
import { IngestCounters } from '../packages/server/src/receive/counters.ts';
import { otlpHttp } from '../packages/server/src/receive/otlp-http.ts';
import { admitJson } from '../packages/server/src/receive/otlp-json.ts';
import { type Admitted, admit } from '../packages/server/src/receive/otlp-wire.ts';
import type { ReceiverOptions } from '../packages/server/src/receive/receiver.ts';
import {
  decodeRequest,
  encodeRequest,
  jsonRequest,
  requestArbitrary,
  requestOf,
  spoiledRequestArbitrary,
} from '../packages/server/src/receive/testing/otlp.ts';
import { temporaryFolder } from './support/serve.ts';
import { ORDER } from './support/store/contract.ts';

const SETTLE_MS = 120_000;
/** The same requests in every run, so that one that fails does so again. */
const SEED = 42;

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startReceiver(options: Partial<ReceiverOptions> = {}) {
  const records: Uint8Array[] = [];
  const counters = new IngestCounters();
  const receiver = otlpHttp({
    append: async (record) => void records.push(Buffer.from(record)),
    counters: counters.of('otlp-http'),
    inFlight: new BytesInFlight(100_000_000),
    access: accessCheck(undefined),
    tls: undefined,
    logger: pino({ level: 'silent' }),
    ...options,
  });
  cleanups.push(() => receiver.close());
  const port = await receiver.listen('127.0.0.1', 0);
  return { receiver, counters, port, records, url: `http://127.0.0.1:${port}` };
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
  const { counters, records, url } = await startReceiver({ access: accessCheck('secret') });
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
  await tracing.shutdown(60_000);
  expect(counters.snapshot()).toMatchObject({
    spansAccepted: 1,
    rejected: { TL_OVERLOADED: { requests: 2, spans: 2 } },
  });
});

/** What the exporters have in common; each brings the types of its own version of the SDK. */
type ExporterClass = new (options: {
  url: string;
  compression: CompressionAlgorithm;
}) => {
  export(spans: never[], done: (result: { error?: Error }) => void): void;
  shutdown(): Promise<void>;
};

const EXPORTERS: [string, ExporterClass][] = [
  ['protobuf', ProtobufExporter],
  ['JSON', JsonExporter],
];

/** Sends the spans as an application would. @returns the error that the exporter reports */
async function exported(
  Exporter: ExporterClass,
  url: string,
  spans: ReadableSpan[],
  compression = CompressionAlgorithm.NONE,
): Promise<Error | undefined> {
  const exporter = new Exporter({ url: `${url}/v1/traces`, compression });
  const result = await new Promise<{ error?: Error }>((resolve) => {
    exporter.export(spans as never[], resolve);
  });
  await exporter.shutdown();
  return result.error;
}

test.each(EXPORTERS)('the exporter of OpenTelemetry for %s is understood', async (_, Exporter) => {
  const { counters, records, url } = await startReceiver();
  const spans = await readableSpans();
  for (const compression of [CompressionAlgorithm.NONE, CompressionAlgorithm.GZIP]) {
    expect(await exported(Exporter, url, spans, compression)).toBeUndefined();
  }
  expect(counters.snapshot()).toMatchObject({ requests: 2, spansAccepted: 4, refusals: [] });
  const expected = decodeRequest(ProtobufTraceSerializer.serializeRequest(spans) ?? Buffer.of());
  for (const record of records) {
    expect(withoutDefaults(decodeRequest(record))).toEqual(withoutDefaults(expected));
  }
});

test.each(
  EXPORTERS,
)('the exporter for %s comes again after 429, and gives up after 400', async (_, Exporter) => {
  let refusals = 1;
  const { counters, url } = await startReceiver({
    append: async () => {
      refusals -= 1;
      if (refusals >= 0) throw new ThroughlineError('TL_OVERLOADED', 'the journal is full');
      throw new ThroughlineError('TL_OTLP_MALFORMED', 'no good');
    },
  });
  const error = await exported(Exporter, url, await readableSpans());
  expect(String(error)).toContain('Bad Request');
  expect(counters.snapshot().rejected).toEqual({
    TL_OVERLOADED: { requests: 1, spans: 2 },
    TL_OTLP_MALFORMED: { requests: 1, spans: 2 },
  });
});

test.each(
  EXPORTERS,
)('to the exporter for %s a partial success is a success', async (_, Exporter) => {
  const { counters, records, url } = await startReceiver();
  const [parent, child] = await readableSpans();
  const context = { ...child?.spanContext(), traceId: '0'.repeat(32) };
  const bad = Object.assign(Object.create(child as object), { spanContext: () => context });
  expect(await exported(Exporter, url, [bad, parent as ReadableSpan])).toBeUndefined();
  expect(records).toHaveLength(1);
  expect(counters.snapshot()).toMatchObject({
    spansAccepted: 1,
    rejected: { TL_OTLP_MALFORMED: { requests: 0, spans: 1 } },
    refusals: [{ sender: expect.stringContaining('OTel-OTLP-Exporter-JavaScript'), spans: 1 }],
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

/**
 * Writes to a fresh connection and resolves with all that comes back until it ends.
 *
 * @param hangUp when this side ends it: soon, perhaps before it is read, or when it was answered
 */
function exchange(
  port: number,
  bytes: string | Uint8Array,
  hangUp?: 'soon' | 'answered',
): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(bytes);
      if (hangUp === 'soon') setTimeout(() => socket.destroy(), 50);
    });
    socket.on('data', (chunk) => {
      answer += chunk;
      if (hangUp === 'answered') socket.destroy();
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
  ['plain', 'identity', Buffer.alloc(400, 'x'), 'TL_BAD_REQUEST', 'soon'],
  ['gzip', 'gzip', gzipSync(Buffer.alloc(400)).subarray(0, 12), 'TL_BAD_REQUEST', 'soon'],
  ['broken gzip', 'gzip', Buffer.alloc(400, 'x'), 'TL_OTLP_MALFORMED', 'answered'],
] as const)('a sender that hangs up in a %s body counts once', async (_, coding, part, code, hangUp) => {
  const { counters, port, url } = await startReceiver({ inFlight: new BytesInFlight(1_000) });
  const head = Buffer.from(
    'POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' +
      `Content-Encoding: ${coding}\r\nContent-Length: 900\r\n\r\n`,
  );
  for (let round = 0; round < 4; round += 1) {
    await exchange(port, Buffer.concat([head, part]), hangUp);
  }
  await expect.poll(() => counters.snapshot().requests).toBe(4);
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
  await expect.poll(() => counters.snapshot().requests).toBe(1);
});

test('closing waits for what is being kept, but not for the connection', async () => {
  const kept = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const { receiver, counters, port } = await startReceiver({
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
  const closed = receiver.close();
  await new Promise((resolve) => setTimeout(resolve, 100));
  kept.resolve();
  expect(await answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  await closed;
  expect(counters.snapshot().spansAccepted).toBe(2);
});

test('closing does not wait for a body that never ends', async () => {
  const inFlight = new BytesInFlight(1);
  const { receiver, counters, port } = await startReceiver({ inFlight });
  const head =
    'POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' +
    'Content-Length: 900\r\n\r\n{';
  const answer = exchange(port, head);
  // Until its first byte has come, there is room for one.
  await expect.poll(() => isFull(inFlight)).toBe(true);
  await receiver.close();
  expect(await answer).toBe('');
  await expect.poll(() => counters.snapshot().rejected).toHaveProperty('TL_BAD_REQUEST');
});

function isFull(inFlight: BytesInFlight): boolean {
  try {
    inFlight.take(1);
    inFlight.give(1);
    return false;
  } catch {
    return true;
  }
}

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

const brokenJson = fc
  .tuple(requestArbitrary.map(jsonRequest), fc.array(fc.nat(), { minLength: 20, maxLength: 20 }))
  .map(([text, places]) =>
    places.map((place) => {
      const copy = Uint8Array.from(text);
      copy[place % copy.length] = '0'.charCodeAt(0);
      return copy;
    }),
  );

/** What is kept of a request; undefined when it is refused. */
function admitted(admission: () => Admitted): Admitted | undefined {
  try {
    return admission();
  } catch (error) {
    if (error instanceof ThroughlineError) return undefined;
    throw error;
  }
}

async function startStore() {
  const store = await openStore({ dataDir: temporaryFolder(), lifecycles: [ORDER] });
  cleanups.push(() => store.close());
  return store;
}

test('the engine decodes whatever is admitted', async () => {
  const store = await startStore();
  let spansAppended = 0;
  let spansLeftOut = 0;
  const keep = async (all: (Admitted | undefined)[]): Promise<void> => {
    const some = all.filter((one) => one !== undefined && one.spanCount > 0) as Admitted[];
    await Promise.all(some.map(({ record }) => store.append(record)));
    for (const { spanCount, rejected } of some) {
      spansAppended += spanCount;
      spansLeftOut += rejected?.spans ?? 0;
    }
  };
  for (const copies of fc.sample(brokenCopies, { numRuns: 400, seed: SEED })) {
    await keep(copies.map((bytes) => admitted(() => admit(bytes))));
  }
  for (const texts of fc.sample(brokenJson, { numRuns: 100, seed: SEED })) {
    await keep(texts.map((text) => admitted(() => admitJson(text))));
  }
  for (const { request } of fc.sample(spoiledRequestArbitrary, { numRuns: 200, seed: SEED })) {
    await keep([admitted(() => admit(encodeRequest(request)))]);
  }
  await store.settled(SETTLE_MS);
  expect(spansAppended).toBeGreaterThan(1_000);
  expect(spansLeftOut).toBeGreaterThan(100);
  expect((await store.status()).store).toMatchObject({
    recordsQuarantined: 0,
    spansLoaded: spansAppended,
  });
});

test('of an attribute sent twice the store has one, and the rest of the span', async () => {
  const store = await startStore();
  const twice = (first: object, second: object) => [
    { key: 'twice', value: first },
    { key: 'once', value: { stringValue: 'here' } },
    { key: 'twice', value: second },
  ];
  const [first, last, int] = [{ stringValue: 'a' }, { stringValue: 'b' }, { intValue: '7' }];
  const spans = [
    { attributes: twice(first, last) },
    { attributes: twice(first, int) },
    { attributes: twice(int, last) },
    { events: [{ name: 'e', attributes: twice(first, last) }] },
  ].map((span, index) => ({ ...span, spanId: Buffer.alloc(8, index + 1), name: `${index}` }));
  await store.append(encodeRequest(requestOf(...spans)));
  await store.settled(SETTLE_MS);
  const stored = await store.reads.spansOfTraces(['ab'.repeat(16)], 10);
  const attributes = stored.spans.map((span) => (span.events[0] ?? span).attributes);
  expect(attributes).toMatchObject(spans.map(() => ({ once: 'here' })));
  const [both, ...mixed] = attributes.map(({ twice: value }) => value);
  expect(both).toBe('b');
  for (const value of mixed) expect(['a', 'b', 7n]).toContain(value);
});
