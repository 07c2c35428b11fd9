import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials, status as STATUS } from '@grpc/grpc-js';
import { ThroughlineError } from '@throughline/model';
import fc from 'fast-check';
import pino from 'pino';
import { expect, onTestFinished, test, vi } from 'vitest';
import { accessCheck } from '../access.ts';
import type { TlsFiles } from '../tls.ts';
import { BytesInFlight } from './body.ts';
import { IngestCounters } from './counters.ts';
import { otlpGrpc } from './otlp-grpc.ts';
import type { ReceiverOptions } from './receiver.ts';
import { type CallChoices, GrpcSender } from './testing/grpc.ts';
import { encodeRequest, requestArbitrary, requestOf, spanCountOf } from './testing/otlp.ts';

const REQUEST = requestOf({ name: 'a' }, { name: 'b' });
const BYTES = encodeRequest(REQUEST);
/** Around a message in its stream. */
const FRAME_BYTES = 5;
const GZIP = { 'grpc.default_compression_algorithm': 2 };
/** The name in the certificates; an address cannot be asked for. */
const LOCALHOST = { 'grpc.ssl_target_name_override': 'localhost' };
const COLLECTOR = '/opentelemetry.proto.collector';

/** A receiver on a free port whose journal is a list, and a sender. Both end with the test. */
async function startReceiver(options: Partial<ReceiverOptions> = {}) {
  const records: Buffer[] = [];
  const counters = new IngestCounters();
  const receiver = otlpGrpc({
    append: async (record) => void records.push(Buffer.from(record)),
    counters: counters.of('otlp-grpc'),
    inFlight: new BytesInFlight(10_000_000),
    access: accessCheck(undefined),
    tls: undefined,
    logger: pino({ level: 'silent' }),
    ...options,
  });
  const port = await receiver.listen('127.0.0.1', 0);
  onTestFinished(() => receiver.close());
  return { counters, port, receiver, records, sender: senderTo(port) };
}

function senderTo(...[port, ...rest]: ConstructorParameters<typeof GrpcSender>): GrpcSender {
  const sender = new GrpcSender(port, ...rest);
  onTestFinished(() => sender.close());
  return sender;
}

function refuse(code: 'TL_OVERLOADED' | 'TL_JOURNAL_FAILED'): ReceiverOptions['append'] {
  return () => Promise.reject(new ThroughlineError(code, 'not now'));
}

test('a request is kept byte for byte and answered with an empty message', async () => {
  const { counters, records, sender } = await startReceiver();
  expect(await sender.export(BYTES)).toEqual({ code: STATUS.OK, message: '', response: {} });
  expect(records).toEqual([Buffer.from(BYTES)]);
  expect(counters.snapshot().protocols).toMatchObject({
    'otlp-grpc': { requests: 1, spansAccepted: 2, rejected: {} },
  });
});

test('every valid request is kept byte for byte, as it is or compressed', async () => {
  const { counters, port, records } = await startReceiver();
  const senders = [senderTo(port), senderTo(port, GZIP)];
  let spanCount = 0;
  const check = fc.asyncProperty(requestArbitrary, fc.nat(1), async (request, which) => {
    const bytes = Buffer.from(encodeRequest(request));
    spanCount += spanCountOf(request);
    expect(await senders[which]?.export(bytes)).toMatchObject({ code: STATUS.OK });
    if (spanCountOf(request) > 0) expect(records.at(-1)?.equals(bytes)).toBe(true);
  });
  await fc.assert(check, { numRuns: 60 });
  expect(counters.snapshot()).toMatchObject({ spansAccepted: spanCount, rejected: {} });
});

test('a request without spans succeeds, and nothing is kept', async () => {
  const { records, sender } = await startReceiver();
  expect(await sender.export(new Uint8Array())).toMatchObject({ code: STATUS.OK });
  expect(records).toEqual([]);
});

test('a span with a defect is left out, and the answer is a partial success', async () => {
  const { counters, records, sender } = await startReceiver();
  const mixed = requestOf({ name: 'good' }, { name: 'bad', spanId: new Uint8Array(3) });
  expect(await sender.export(encodeRequest(mixed))).toEqual({
    code: STATUS.OK,
    message: '',
    response: {
      partialSuccess: {
        rejectedSpans: 1,
        errorMessage: expect.stringMatching(/^1 of 2 spans .* TL_OTLP_MALFORMED: .*span_id/),
      },
    },
  });
  expect(records).toEqual([Buffer.from(encodeRequest(requestOf({ name: 'good' })))]);
  expect(counters.snapshot()).toMatchObject({
    requests: 1,
    spansAccepted: 1,
    rejected: { TL_OTLP_MALFORMED: { requests: 0, spans: 1 } },
  });
});

interface Refusal {
  options?: Partial<ReceiverOptions>;
  message?: Uint8Array;
  choices?: CallChoices;
  compressed?: boolean;
  code: STATUS;
  error: string;
  detail?: Record<string, unknown>;
  spans?: number;
}

const AGAIN = { RetryInfo: { retryDelay: { seconds: 1 } } };

const REFUSALS: Record<string, Refusal> = {
  'a malformed message': {
    message: encodeRequest(requestOf({ traceId: new Uint8Array(3) })),
    code: STATUS.INVALID_ARGUMENT,
    error: 'TL_OTLP_MALFORMED',
    detail: {
      BadRequest: {
        fieldViolations: [
          {
            field: 'resource_spans[0].scope_spans[0].spans[0].trace_id',
            description: '3 bytes, expected 16',
          },
        ],
      },
    },
  },
  'a message over the limit': {
    options: { bodyBytesMax: 50 },
    code: STATUS.RESOURCE_EXHAUSTED,
    error: 'TL_OTLP_TOO_LARGE',
  },
  'a message over the limit once it is decompressed': {
    options: { bodyBytesMax: 100_000 },
    message: new Uint8Array(50_000_000),
    compressed: true,
    code: STATUS.RESOURCE_EXHAUSTED,
    error: 'TL_OTLP_TOO_LARGE',
  },
  'more bytes at once than the limit': {
    options: { inFlight: new BytesInFlight(20) },
    code: STATUS.RESOURCE_EXHAUSTED,
    error: 'TL_OVERLOADED',
    detail: AGAIN,
  },
  'more bytes at once than the limit once they are decompressed': {
    options: { inFlight: new BytesInFlight(50_000) },
    message: new Uint8Array(1_000_000),
    compressed: true,
    code: STATUS.RESOURCE_EXHAUSTED,
    error: 'TL_OVERLOADED',
    detail: AGAIN,
  },
  'a full journal': {
    options: { append: refuse('TL_OVERLOADED') },
    code: STATUS.RESOURCE_EXHAUSTED,
    error: 'TL_OVERLOADED',
    detail: AGAIN,
    spans: 2,
  },
  'a journal that cannot be written': {
    options: { append: refuse('TL_JOURNAL_FAILED') },
    code: STATUS.UNAVAILABLE,
    error: 'TL_JOURNAL_FAILED',
    detail: AGAIN,
    spans: 2,
  },
  'an error of ours': {
    options: { append: () => Promise.reject(new Error('secret detail')) },
    code: STATUS.INTERNAL,
    error: 'TL_INTERNAL',
    spans: 2,
  },
  'no token': {
    options: { access: accessCheck('secret') },
    code: STATUS.UNAUTHENTICATED,
    error: 'TL_UNAUTHORIZED',
  },
  'another token': {
    options: { access: accessCheck('secret') },
    choices: { headers: { authorization: 'Bearer guess' } },
    code: STATUS.UNAUTHENTICATED,
    error: 'TL_UNAUTHORIZED',
  },
  'a web page': {
    choices: { headers: { origin: 'http://evil.example' } },
    code: STATUS.PERMISSION_DENIED,
    error: 'TL_FORBIDDEN_HOST',
  },
  logs: {
    choices: { path: `${COLLECTOR}.logs.v1.LogsService/Export` },
    code: STATUS.UNIMPLEMENTED,
    error: 'TL_NOT_FOUND',
  },
  metrics: {
    choices: { path: `${COLLECTOR}.metrics.v1.MetricsService/Export` },
    code: STATUS.UNIMPLEMENTED,
    error: 'TL_NOT_FOUND',
  },
  profiles: {
    choices: { path: `${COLLECTOR}.profiles.v1development.ProfilesService/Export` },
    code: STATUS.UNIMPLEMENTED,
    error: 'TL_NOT_FOUND',
  },
};

test.each(Object.entries(REFUSALS))('%s: refused, counted, told why', async (_, refusal) => {
  const { counters, port, records } = await startReceiver(refusal.options);
  const sender = senderTo(port, refusal.compressed ? GZIP : {});
  const answer = await sender.export(refusal.message ?? BYTES, refusal.choices);
  expect(answer.code).toBe(refusal.code);
  expect(answer.message).toMatch(new RegExp(`^${refusal.error}: `));
  expect(answer.message).not.toContain('secret detail');
  expect(answer.status).toEqual(
    refusal.detail === undefined
      ? undefined
      : { code: refusal.code, message: answer.message, details: refusal.detail },
  );
  expect(records).toEqual([]);
  expect(counters.snapshot()).toMatchObject({
    requests: 1,
    spansAccepted: 0,
    rejected: { [refusal.error]: { requests: 1, spans: refusal.spans ?? 0 } },
    refusals: [{ protocol: 'otlp-grpc', sender: expect.stringMatching(/^127.0.0.1 \(grpc-node/) }],
  });
});

test('what is stored is said when something else comes', async () => {
  const { sender } = await startReceiver();
  const answer = await sender.export(BYTES, {
    path: `${COLLECTOR}.logs.v1.LogsService/Export`,
  });
  expect(answer.message).toContain('logs are not stored, only traces');
});

test('a rebound name is refused', async () => {
  const { port } = await startReceiver();
  const sender = senderTo(port, { 'grpc.default_authority': 'evil.example' });
  expect(await sender.export(BYTES)).toMatchObject({
    code: STATUS.PERMISSION_DENIED,
    message: expect.stringMatching(/^TL_FORBIDDEN_HOST: .*evil\.example/),
  });
});

test('with the token spans are accepted', async () => {
  const { sender } = await startReceiver({ access: accessCheck('secret') });
  const headers = { authorization: 'Bearer secret' };
  expect(await sender.export(BYTES, { headers })).toMatchObject({ code: STATUS.OK });
});

test('the deadline of the sender holds, and what comes to be kept after it is counted', async () => {
  const kept = Promise.withResolvers<void>();
  let asked = 0;
  const { counters, sender } = await startReceiver({
    append: () => {
      asked += 1;
      return kept.promise;
    },
  });
  // On a busy machine the first one may not even be read within its deadline.
  for (let deadlineMs = 100; asked === 0; deadlineMs *= 2) {
    const answer = await sender.export(BYTES, { deadlineMs });
    expect(answer.code).toBe(STATUS.DEADLINE_EXCEEDED);
  }
  expect(counters.snapshot().requests).toBe(0);
  kept.resolve();
  await expect.poll(() => counters.snapshot().spansAccepted).toBe(2 * asked);
  expect(counters.snapshot()).toMatchObject({ requests: asked, rejected: {} });
});

test('bytes in flight are given back whatever becomes of the request', async () => {
  let fails = true;
  const { sender } = await startReceiver({
    inFlight: new BytesInFlight(BYTES.length + FRAME_BYTES),
    append: async (...record) => (fails ? refuse('TL_OVERLOADED')(...record) : undefined),
  });
  expect((await sender.export(BYTES)).code).toBe(STATUS.RESOURCE_EXHAUSTED);
  fails = false;
  expect((await sender.export(BYTES.subarray(1))).code).toBe(STATUS.INVALID_ARGUMENT);
  expect((await sender.export(Buffer.concat([BYTES, BYTES]))).message).toContain('TL_OVERLOADED');
  expect((await sender.export(BYTES)).code).toBe(STATUS.OK);
});

test('messages that are being kept count as in flight', async () => {
  const kept = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const { sender } = await startReceiver({
    inFlight: new BytesInFlight(BYTES.length + FRAME_BYTES),
    append: () => {
      asked.resolve();
      return kept.promise;
    },
  });
  const first = sender.export(BYTES);
  await asked.promise;
  expect((await sender.export(BYTES)).message).toContain('TL_OVERLOADED');
  kept.resolve();
  expect((await first).code).toBe(STATUS.OK);
});

test('closing answers what is being kept, and lets nobody else in', async () => {
  const kept = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const { port, receiver, sender } = await startReceiver({
    append: () => {
      asked.resolve();
      return kept.promise;
    },
  });
  const answer = sender.export(BYTES);
  await asked.promise;
  // Its time limit never comes.
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  const closed = receiver.close();
  vi.useRealTimers();
  // A connection of its own: senders of one process share theirs.
  const late = senderTo(port, { 'grpc.use_local_subchannel_pool': 1 });
  expect((await late.export(BYTES)).code).toBe(STATUS.UNAVAILABLE);
  kept.resolve();
  expect((await answer).code).toBe(STATUS.OK);
  await closed;
});

test('closing cuts off what is not kept within 5 s', async () => {
  const asked = Promise.withResolvers<void>();
  const { receiver, sender } = await startReceiver({
    append: () => {
      asked.resolve();
      return new Promise(() => undefined);
    },
  });
  const answer = sender.export(BYTES);
  await asked.promise;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const closed = receiver.close();
  vi.advanceTimersByTime(5_000);
  vi.useRealTimers();
  await closed;
  expect((await answer).code).toBe(STATUS.UNAVAILABLE);
});

test('a port in use is told with its flag', async () => {
  const { port } = await startReceiver();
  const { receiver } = await startReceiver();
  await receiver.close();
  const other = otlpGrpc({
    append: async () => undefined,
    counters: new IngestCounters().of('otlp-grpc'),
    inFlight: new BytesInFlight(1),
    access: accessCheck(undefined),
    tls: undefined,
    logger: pino({ level: 'silent' }),
  });
  await expect(other.listen('127.0.0.1', port)).rejects.toMatchObject({
    code: 'TL_PORT_IN_USE',
    hint: expect.stringContaining('--otlp-grpc-port'),
  });
  await expect(other.listen('no-such-host.invalid', 0)).rejects.toMatchObject({
    code: 'TL_CONFIG_INVALID',
  });
  await other.close();
});

/** A certificate for localhost that signs itself, and its key. */
function selfSigned(name: string): { cert: Buffer; key: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = (suffix: string) => join(folder, `${name}.${suffix}`);
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost'],
      ...['-keyout', file('key'), '-out', file('crt')],
    ],
    { stdio: 'ignore' },
  );
  return { cert: readFileSync(file('crt')), key: readFileSync(file('key')) };
}

test('with a certificate it speaks TLS, also with one that was renewed', async () => {
  const [first, second] = [selfSigned('first'), selfSigned('second')];
  let renew: (files: TlsFiles) => void = () => undefined;
  const tls: TlsFiles = { ...first, onRenewal: (use) => (renew = use) };
  const { port } = await startReceiver({ tls });
  const trusting = (cert: Buffer) => senderTo(port, LOCALHOST, credentials.createSsl(cert));
  expect((await trusting(first.cert).export(BYTES)).code).toBe(STATUS.OK);
  expect((await senderTo(port).export(BYTES)).code).toBe(STATUS.UNAVAILABLE);
  renew(second);
  expect((await trusting(second.cert).export(BYTES)).code).toBe(STATUS.OK);
});

test('with a certificate authority, senders must show a certificate of its', async () => {
  const [server, known, stranger] = [
    selfSigned('server'),
    selfSigned('known'),
    selfSigned('stranger'),
  ];
  const { port } = await startReceiver({ tls: { ...server, ca: known.cert } });
  const showing = (own: { cert: Buffer; key: Buffer }) =>
    senderTo(port, LOCALHOST, credentials.createSsl(server.cert, own.key, own.cert));
  expect((await showing(known).export(BYTES)).code).toBe(STATUS.OK);
  expect((await showing(stranger).export(BYTES)).code).toBe(STATUS.UNAVAILABLE);
  const nothing = senderTo(port, LOCALHOST, credentials.createSsl(server.cert));
  expect((await nothing.export(BYTES)).code).toBe(STATUS.UNAVAILABLE);
});
