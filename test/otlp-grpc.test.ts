// The OTLP/gRPC receiver of a running server: the real exporter, senders that misbehave, shutdown under load.
// Run alone: npx vitest run --project system test/otlp-grpc.test.ts
import { randomBytes } from 'node:crypto';
import { type ClientHttp2Session, connect } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { status as STATUS } from '@grpc/grpc-js';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { traceResponseSchema } from '@throughline/model';
import { expect, onTestFinished, test } from 'vitest';
import { GrpcSender, TRACES_PATH } from '../packages/server/src/receive/testing/grpc.ts';
import { encodeRequest, requestOf } from '../packages/server/src/receive/testing/otlp.ts';
import { startProcess } from './support/process.ts';
import {
  eventually,
  readStatus,
  type Serving,
  startServe,
  temporaryFolder,
} from './support/serve.ts';

const BODY_BYTES_MAX = 64 * 2 ** 20;

function portOf({ otlpGrpc = '' }: Serving): number {
  return Number(new URL(otlpGrpc).port);
}

function senderTo(port: number): GrpcSender {
  // Not shared with other senders of this process.
  const sender = new GrpcSender(port, {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_send_message_length': -1,
  });
  onTestFinished(() => sender.close());
  return sender;
}

/** An encoded request with one trace, of this many spans. */
function traceOf(traceId: Buffer, spanCount: number): Uint8Array {
  const startTimeUnixNano = `${Date.now()}000000`;
  const spans = Array.from({ length: spanCount }, (_, index) => {
    const spanId = Buffer.alloc(8, index + 1);
    return { traceId, spanId, name: `step ${index}`, startTimeUnixNano };
  });
  return encodeRequest(requestOf(...spans));
}

/** Spans with everything that a span can have. */
function readableSpans(): ReadableSpan[] {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    sampler: new AlwaysOnSampler(),
    resource: resourceFromAttributes({ 'service.name': 'grpc sender', 'host.name': 'here' }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  const tracer = provider.getTracer('scope', '1.2.3');
  const parent = tracer.startSpan('parent', { kind: SpanKind.SERVER });
  const links = [{ context: parent.spanContext(), attributes: { 'fill.quantity': '0.5' } }];
  const inParent = trace.setSpan(ROOT_CONTEXT, parent);
  const child = tracer.startSpan('child 😀', { kind: SpanKind.PRODUCER, links }, inParent);
  child.setAttributes({ word: 'ü', int: -7, double: 0.25, flag: true, list: ['a', 'b'] });
  child.addEvent('sent', { attempt: 1 });
  child.setStatus({ code: SpanStatusCode.ERROR, message: 'refused' }).end();
  parent.end();
  return exporter.getFinishedSpans();
}

const KINDS = ['internal', 'server', 'client', 'producer', 'consumer'];
const STATUS_CODES = ['unset', 'ok', 'error'];

/** A span as the server is to give it back. */
function expected(span: ReadableSpan) {
  const ns = ([seconds, nanos]: [number, number]) =>
    `${BigInt(seconds) * 1_000_000_000n + BigInt(nanos)}`;
  const { spanId } = span.spanContext();
  return {
    spanId,
    ...(span.parentSpanContext === undefined
      ? {}
      : { parentSpanId: span.parentSpanContext.spanId }),
    name: span.name,
    kind: KINDS[span.kind],
    service: 'grpc sender',
    host: 'here',
    startNs: ns(span.startTime),
    endNs: ns(span.endTime),
    status: { code: STATUS_CODES[span.status.code], message: span.status.message ?? '' },
    attributes: span.attributes,
    scope: { name: 'scope', version: '1.2.3' },
    events: span.events.map(({ name, time, attributes }) => ({
      name,
      timeNs: ns(time),
      attributes,
    })),
    links: span.links.map(({ context, attributes }) => ({
      traceId: context.traceId,
      spanId: context.spanId,
      attributes,
    })),
  };
}

test('spans of the real exporter come back exactly, sent as they are or compressed', async () => {
  const server = await startServe(temporaryFolder());
  for (const compression of ['none', 'gzip']) {
    const exporter = new OTLPTraceExporter({
      url: `${server.otlpGrpc}`,
      compression: compression as never,
      timeoutMillis: 60_000,
    });
    const spans = readableSpans();
    const result = await new Promise<{ code: number }>((resolve) => {
      exporter.export(spans as never, resolve);
    });
    await exporter.shutdown();
    expect(result.code).toBe(0);

    const traceId = spans[0]?.spanContext().traceId;
    const url = `${server.ui}/api/traces/${traceId}?format=throughline`;
    await eventually('the trace is there', async () => (await fetch(url)).ok);
    const answer = await (await fetch(url)).json();
    const bySpanId = (some: { spanId: string }[]) =>
      some.toSorted((a, b) => (a.spanId < b.spanId ? -1 : 1));
    expect(bySpanId(answer.spans)).toMatchObject(bySpanId(spans.map(expected)));
    expect(traceResponseSchema.parse(answer).spans).toHaveLength(2);
  }
  expect((await readStatus(server.ui)).ingest.protocols['otlp-grpc']).toMatchObject({
    requests: 2,
    spansAccepted: 4,
    rejected: {},
  });
});

test('200 requests at once, and one of 64 MiB, are all kept', async () => {
  const server = await startServe(temporaryFolder());
  const sender = senderTo(portOf(server));
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => sender.export(traceOf(randomBytes(16), 50))),
  );
  expect(new Set(answers.map(({ code }) => code))).toEqual(new Set([STATUS.OK]));

  const empty = encodeRequest(requestOf({ name: '' }));
  const largest = encodeRequest(
    requestOf({ name: 'x'.repeat(BODY_BYTES_MAX - empty.length - 14) }),
  );
  expect(largest.length).toBe(BODY_BYTES_MAX);
  expect(await sender.export(largest)).toMatchObject({ code: STATUS.OK });
  const tooLarge = await sender.export(Buffer.alloc(BODY_BYTES_MAX + 1));
  expect(tooLarge).toMatchObject({
    code: STATUS.RESOURCE_EXHAUSTED,
    message: expect.stringMatching(/^TL_OTLP_TOO_LARGE: /),
  });
  // Without RetryInfo it is final.
  expect(tooLarge.status).toBeUndefined();
  expect((await readStatus(server.ui)).ingest.protocols['otlp-grpc']).toMatchObject({
    requests: 202,
    spansAccepted: 10_001,
    rejected: { TL_OTLP_TOO_LARGE: { requests: 1, spans: 0 } },
  });
});

/** A gRPC message as it stands in the stream: whether it is compressed, its length, its bytes. */
function framed(content: Uint8Array, isCompressed = false, length = content.length): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(isCompressed ? 1 : 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, content]);
}

interface RawCall {
  headers?: Record<string, string>;
  body?: Buffer;
  /** Of the answer; undefined when the connection or the call is to be cut. */
  answer?: { 'grpc-status': string; error: string };
}

const HEADERS = {
  ':method': 'POST',
  ':path': TRACES_PATH,
  'content-type': 'application/grpc',
  te: 'trailers',
};

/** One call by hand. @returns its status and message, which come as headers or as trailers */
function rawCall(session: ClientHttp2Session, { headers, body }: RawCall): Promise<object> {
  return new Promise((resolve) => {
    const stream = session.request({ ...HEADERS, ...headers });
    let answer = {};
    const keep = (received: object) => {
      answer = { ...answer, ...received };
    };
    stream
      .on('response', keep)
      .on('trailers', keep)
      .on('error', () => undefined);
    stream.on('close', () => resolve(answer));
    stream.resume().end(body);
  });
}

const GZIP = { 'grpc-encoding': 'gzip' };
const REQUEST = encodeRequest(requestOf({ name: 'a' }));
const MALFORMED = { 'grpc-status': `${STATUS.INVALID_ARGUMENT}`, error: 'TL_OTLP_MALFORMED' };
const UNSUPPORTED = { 'grpc-status': `${STATUS.UNIMPLEMENTED}`, error: 'TL_OTLP_UNSUPPORTED_TYPE' };
const TOO_LARGE = { 'grpc-status': `${STATUS.RESOURCE_EXHAUSTED}`, error: 'TL_OTLP_TOO_LARGE' };

const MISUSES: Record<string, RawCall> = {
  'what is not gzip': { headers: GZIP, body: framed(Buffer.of(1, 2), true), answer: MALFORMED },
  'gzip that is cut off': {
    headers: GZIP,
    body: framed(gzipSync(REQUEST).subarray(0, 20), true),
    answer: MALFORMED,
  },
  'a gzip bomb': {
    headers: GZIP,
    body: framed(gzipSync(Buffer.alloc(300_000_000)), true),
    answer: TOO_LARGE,
  },
  'compressed, without saying how': { body: framed(gzipSync(REQUEST), true), answer: MALFORMED },
  'another compression': {
    headers: { 'grpc-encoding': 'br' },
    body: framed(REQUEST, true),
    answer: UNSUPPORTED,
  },
  'a length of 4 GiB': { body: framed(REQUEST, false, 2 ** 32 - 1), answer: TOO_LARGE },
  'two messages': { body: Buffer.concat([framed(REQUEST), framed(REQUEST)]), answer: MALFORMED },
  'no message': { answer: MALFORMED },
  'a message that ends early': { body: framed(REQUEST, false, 2_000), answer: MALFORMED },
  'a deadline that is none': {
    headers: { 'grpc-timeout': 'soon' },
    body: framed(REQUEST),
    answer: MALFORMED,
  },
  'a header of 200 KB': { headers: { large: 'x'.repeat(200_000) }, body: framed(REQUEST) },
  'metadata that is not base64': {
    headers: { 'x-bin': '!!', 'grpc-trace-bin': '\u00ff' },
    body: framed(REQUEST),
    answer: { 'grpc-status': '0', error: '' },
  },
  'what is not gRPC': { headers: { 'content-type': 'text/plain' }, body: framed(REQUEST) },
  'another service': { headers: { ':path': '/a/b' }, body: framed(REQUEST) },
};

test('no misuse of gRPC stops the server, and each is told what is wrong', async () => {
  const server = await startServe(temporaryFolder());
  const port = portOf(server);
  const sender = senderTo(port);
  const told = new Map<string, object>();
  for (const [name, misuse] of Object.entries(MISUSES)) {
    const session = connect(`http://127.0.0.1:${port}`).on('error', () => undefined);
    const answer = await rawCall(session, misuse);
    session.destroy();
    told.set(name, answer);
    expect((await sender.export(REQUEST)).code).toBe(STATUS.OK);
  }
  for (const [name, { answer }] of Object.entries(MISUSES)) {
    if (answer === undefined) expect(told.get(name)).not.toMatchObject({ 'grpc-status': '0' });
    else {
      expect([name, told.get(name)]).toMatchObject([
        name,
        { 'grpc-status': answer['grpc-status'] },
      ]);
      const { 'grpc-message': message = '' } = told.get(name) as { 'grpc-message'?: string };
      if (answer.error !== '') expect(message.split(':')[0]).toBe(answer.error);
    }
  }
  const { requests, rejected } = (await readStatus(server.ui)).ingest;
  const answered = Object.values(MISUSES).filter(({ answer }) => answer !== undefined);
  expect(requests).toBe(Object.keys(MISUSES).length + answered.length);
  expect(Object.values(rejected).reduce((sum, row) => sum + row.requests, 0)).toBe(
    answered.length - 1,
  );
  expect(server.child.exitCode).toBeNull();
});

test('floods of resets and pings, noise and a sender killed in a message harm nobody else', async () => {
  const server = await startServe(temporaryFolder());
  const port = portOf(server);
  const sender = senderTo(port);

  const flood = connect(`http://127.0.0.1:${port}`).on('error', () => undefined);
  for (let index = 0; index < 3_000 && !flood.destroyed; index += 1) {
    const stream = flood.request(HEADERS);
    stream.on('error', () => undefined).close(8);
    if (index % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const pings = connect(`http://127.0.0.1:${port}`, { maxOutstandingPings: 10_000 });
  pings.on('error', () => undefined);
  for (let index = 0; index < 3_000 && !pings.destroyed; index += 1) {
    pings.ping(() => undefined);
    if (index % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  for (const noise of [
    'GET / HTTP/1.1\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    '\0'.repeat(99),
  ]) {
    const socket = connectSocket(port, '127.0.0.1').on('error', () => undefined);
    socket.end(noise);
  }
  expect((await sender.export(REQUEST)).code).toBe(STATUS.OK);
  flood.destroy();
  pings.destroy();

  const half = await startProcess('test/support/grpc-half-sender.ts', [`${port}`]);
  await half.stop('SIGKILL');
  await eventually('the broken message is counted', async () => {
    const { refusals } = (await readStatus(server.ui)).ingest;
    return refusals.some(
      ({ sender, code }) => sender === '127.0.0.1 (half)' && code === 'TL_BAD_REQUEST',
    );
  });
  expect((await sender.export(REQUEST)).code).toBe(STATUS.OK);
  expect(server.child.exitCode).toBeNull();
});

async function spansOf({ ui }: Serving, traceId: string): Promise<number> {
  const response = await fetch(`${ui}/api/traces/${traceId}?format=throughline`);
  if (!response.ok) return 0;
  return traceResponseSchema.parse(await response.json()).spans.length;
}

test('a server stopped under load answers what it took, and has all that it acknowledged', async () => {
  const dataDir = temporaryFolder();
  const first = await startServe(dataDir);
  const port = portOf(first);
  const acknowledged: string[] = [];
  const refused = new Set<STATUS>();
  let isLoaded = true;
  const load = Array.from({ length: 8 }, async () => {
    const sender = senderTo(port);
    while (isLoaded) {
      const traceId = randomBytes(16);
      const { code } = await sender.export(traceOf(traceId, 20), { deadlineMs: 60_000 });
      if (code === STATUS.OK) acknowledged.push(traceId.toString('hex'));
      else refused.add(code);
      if (code !== STATUS.OK) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
  await eventually('there is load', async () => acknowledged.length > 100);
  expect(await first.stop('SIGTERM')).toBe(0);
  isLoaded = false;
  await Promise.all(load);
  expect([...refused].filter((code) => code !== STATUS.UNAVAILABLE)).toEqual([]);

  const second = await startServe(dataDir);
  await eventually('the journal is loaded', async () => {
    const { journal } = await readStatus(second.ui);
    return journal.bytes === 0;
  });
  const lost: string[] = [];
  for (const traceId of acknowledged) {
    if ((await spansOf(second, traceId)) !== 20) lost.push(traceId);
  }
  expect(lost).toEqual([]);
});
