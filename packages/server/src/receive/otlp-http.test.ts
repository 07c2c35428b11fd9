import { gzipSync } from 'node:zlib';
import { ThroughlineError } from '@throughline/model';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { accessCheck } from '../access.ts';
import { BytesInFlight } from './body.ts';
import { IngestCounters } from './counters.ts';
import { otlpHttpApp } from './otlp-http.ts';
import type { ReceiverOptions } from './receiver.ts';
import {
  decodeRequest,
  decodeResponse,
  decodeRpcStatus,
  encodeRequest,
  jsonRequest,
  nestedValue,
  type RpcStatusJson,
  requestOf,
} from './testing/otlp.ts';

const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';
const REQUEST = requestOf({ name: 'a' }, { name: 'b' });

/** A receiver whose journal is a list, and a way to send to it. */
function receiver(options: Partial<ReceiverOptions> = {}) {
  const records: Uint8Array[] = [];
  const spanCounts: number[] = [];
  const counters = new IngestCounters();
  const app = otlpHttpApp({
    append: async (record, spanCount) => {
      records.push(Buffer.from(record));
      spanCounts.push(spanCount);
    },
    counters: counters.of('otlp-http'),
    inFlight: new BytesInFlight(100_000_000),
    access: accessCheck(undefined),
    tls: undefined,
    logger: pino({ level: 'silent' }),
    ...options,
  });
  const post = (payload: Uint8Array | string, headers: Record<string, string>) =>
    app.inject({ method: 'POST', url: '/v1/traces', payload: Buffer.from(payload), headers });
  return { app, counters, post, records, spanCounts };
}

function refuse(code: 'TL_OVERLOADED' | 'TL_JOURNAL_FAILED'): ReceiverOptions['append'] {
  return () => Promise.reject(new ThroughlineError(code, 'not now'));
}

/** The `google.rpc.Status` of an answer, which must be in the media type. */
function statusOf(response: LightMyRequestResponse, mediaType: string): RpcStatusJson {
  expect(response.headers['content-type']).toBe(mediaType);
  return mediaType === PROTOBUF ? decodeRpcStatus(response.rawPayload) : response.json();
}

test('protobuf is kept byte for byte and answered with an empty message', async () => {
  const { post, records, spanCounts, counters } = receiver();
  const body = encodeRequest(REQUEST);
  const response = await post(body, { 'content-type': PROTOBUF });
  expect([response.statusCode, response.headers['content-type']]).toEqual([200, PROTOBUF]);
  expect(response.rawPayload.length).toBe(0);
  expect(records).toEqual([Buffer.from(body)]);
  expect(spanCounts).toEqual([2]);
  expect(counters.snapshot()).toMatchObject({ requests: 1, spansAccepted: 2, rejected: {} });
});

test('JSON is kept as protobuf and answered in JSON', async () => {
  const { post, records } = receiver();
  const response = await post(jsonRequest(REQUEST), {
    'content-type': 'Application/JSON; charset=utf-8',
  });
  expect([response.statusCode, response.headers['content-type']]).toEqual([200, JSON_TYPE]);
  expect(response.json()).toEqual({});
  expect(records).toEqual([Buffer.from(encodeRequest(REQUEST))]);
});

test('gzip is unpacked', async () => {
  const { post, records } = receiver();
  const body = gzipSync(encodeRequest(REQUEST));
  const headers = { 'content-type': PROTOBUF, 'content-encoding': 'gzip' };
  expect((await post(body, headers)).statusCode).toBe(200);
  expect(records).toEqual([Buffer.from(encodeRequest(REQUEST))]);
});

test('a request without spans succeeds, and nothing is kept', async () => {
  const { post, records, counters } = receiver();
  expect((await post('', { 'content-type': PROTOBUF })).statusCode).toBe(200);
  expect((await post('{}', { 'content-type': JSON_TYPE })).statusCode).toBe(200);
  expect(records).toEqual([]);
  expect(counters.snapshot().requests).toBe(2);
});

interface Refusal {
  options?: Partial<ReceiverOptions>;
  request?: InjectOptions;
  status: number;
  code: string;
  rpcCode: number;
  spans?: number;
}

const REFUSALS: Record<string, Refusal> = {
  'a malformed body': {
    request: { payload: '\u0001\u0002\u0003' },
    status: 400,
    code: 'TL_OTLP_MALFORMED',
    rpcCode: 3,
  },
  'broken gzip': {
    request: { headers: { 'content-encoding': 'gzip' } },
    status: 400,
    code: 'TL_OTLP_MALFORMED',
    rpcCode: 3,
  },
  'another Content-Encoding': {
    request: { headers: { 'content-encoding': 'br' } },
    status: 415,
    code: 'TL_OTLP_UNSUPPORTED_TYPE',
    rpcCode: 3,
  },
  'a body over the limit': {
    options: { bodyBytesMax: 20 },
    status: 413,
    code: 'TL_OTLP_TOO_LARGE',
    rpcCode: 8,
  },
  'more bytes at once than the limit': {
    options: { inFlight: new BytesInFlight(20) },
    status: 429,
    code: 'TL_OVERLOADED',
    rpcCode: 8,
  },
  'a full journal': {
    options: { append: refuse('TL_OVERLOADED') },
    status: 429,
    code: 'TL_OVERLOADED',
    rpcCode: 8,
    spans: 2,
  },
  'a journal that fails': {
    options: { append: refuse('TL_JOURNAL_FAILED') },
    status: 503,
    code: 'TL_JOURNAL_FAILED',
    rpcCode: 14,
    spans: 2,
  },
  'an unforeseen failure': {
    options: { append: () => Promise.reject(new TypeError('secret detail')) },
    status: 500,
    code: 'TL_INTERNAL',
    rpcCode: 13,
    spans: 2,
  },
  'a missing token': {
    options: { access: accessCheck('secret') },
    status: 401,
    code: 'TL_UNAUTHORIZED',
    rpcCode: 16,
  },
  'a web page': {
    request: { headers: { origin: 'http://evil.example' } },
    status: 403,
    code: 'TL_FORBIDDEN_HOST',
    rpcCode: 7,
  },
  'a rebound name': {
    request: { headers: { host: 'evil.example' } },
    status: 403,
    code: 'TL_FORBIDDEN_HOST',
    rpcCode: 7,
  },
  'another path': {
    request: { url: '/v1/metrics' },
    status: 404,
    code: 'TL_NOT_FOUND',
    rpcCode: 5,
  },
  'a path that does not decode': {
    request: { url: '/v1/%zz' },
    status: 400,
    code: 'TL_BAD_REQUEST',
    rpcCode: 3,
  },
  'another method': { request: { method: 'PUT' }, status: 404, code: 'TL_NOT_FOUND', rpcCode: 5 },
};

describe.each([PROTOBUF, JSON_TYPE])('in %s', (mediaType) => {
  test.each(Object.entries(REFUSALS))('%s is refused with a Status', async (_, refusal) => {
    const { app, counters, records } = receiver(refusal.options);
    const body = mediaType === PROTOBUF ? encodeRequest(REQUEST) : jsonRequest(REQUEST);
    const response = await app.inject({
      method: 'POST',
      url: '/v1/traces',
      payload: Buffer.from(body),
      ...refusal.request,
      headers: { 'content-type': mediaType, ...refusal.request?.headers },
    });
    expect(response.statusCode).toBe(refusal.status);
    const { code, message } = statusOf(response, mediaType);
    expect(code).toBe(refusal.rpcCode);
    expect(message).toMatch(new RegExp(`^${refusal.code}: `));
    expect(response.body).not.toContain('secret detail');
    const isRetryable = refusal.status === 429 || refusal.status === 503;
    expect(response.headers['retry-after']).toBe(isRetryable ? '1' : undefined);
    expect(records).toEqual([]);
    expect(counters.snapshot()).toMatchObject({
      requests: 1,
      spansAccepted: 0,
      rejected: { [refusal.code]: { requests: 1, spans: refusal.spans ?? 0 } },
      refusals: [{ code: refusal.code, protocol: 'otlp-http', count: 1 }],
    });
  });

  test('a gzip bomb is stopped at the limit', async () => {
    const { post } = receiver({
      bodyBytesMax: 1_000_000,
      inFlight: new BytesInFlight(1_000_000),
    });
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const headers = { 'content-type': mediaType, 'content-encoding': 'gzip' };
    const response = await post(bomb, headers);
    expect(response.statusCode).toBe(413);
    expect(statusOf(response, mediaType)).toMatchObject({ code: 8 });
  });
});

test.each([
  'text/plain',
  'application/json-patch+json',
  'application/x-protobuf-x',
  '',
  'a/b/c',
])('the media type %j is refused in JSON', async (mediaType) => {
  const { post } = receiver();
  const response = await post('x', { 'content-type': mediaType });
  expect(response.statusCode).toBe(415);
  expect(statusOf(response, JSON_TYPE)).toMatchObject({ code: 3 });
});

test('an absent media type is refused in JSON', async () => {
  const { app } = receiver();
  const response = await app.inject({ method: 'POST', url: '/v1/traces', payload: Buffer.of(1) });
  expect(response.statusCode).toBe(415);
  expect(statusOf(response, JSON_TYPE)).toMatchObject({ code: 3 });
});

const ALL_ZERO = new Uint8Array(16);

describe.each([PROTOBUF, JSON_TYPE])('partial success in %s', (mediaType) => {
  const encode = mediaType === PROTOBUF ? encodeRequest : jsonRequest;
  const decode = (response: LightMyRequestResponse): unknown =>
    mediaType === PROTOBUF ? decodeResponse(response.rawPayload) : response.json();

  test('a span with a defect is left out, and the others are kept', async () => {
    const { post, records, spanCounts, counters } = receiver();
    const request = requestOf({ name: 'a' }, { traceId: ALL_ZERO }, { name: 'b' });
    const response = await post(encode(request), {
      'content-type': mediaType,
      'user-agent': 'sender/1',
    });
    expect([response.statusCode, response.headers['content-type']]).toEqual([200, mediaType]);
    expect(decode(response)).toEqual({
      partialSuccess: {
        rejectedSpans: '1',
        errorMessage: expect.stringMatching(
          /^1 of 3 spans are left out; the first: TL_OTLP_MALFORMED: .*spans\[1\].trace_id: all zero$/,
        ),
      },
    });
    expect(records.map(decodeRequest)).toEqual([decodeRequest(encodeRequest(REQUEST))]);
    expect(spanCounts).toEqual([2]);
    expect(counters.snapshot()).toMatchObject({
      requests: 1,
      spansAccepted: 2,
      rejected: { TL_OTLP_MALFORMED: { requests: 0, spans: 1 } },
      refusals: [{ code: 'TL_OTLP_MALFORMED', sender: '127.0.0.1 (sender/1)', spans: 1 }],
    });
  });

  test('a request of which no span is left is refused with 400', async () => {
    const { post, counters } = receiver();
    const request = requestOf({ traceId: ALL_ZERO }, { traceId: ALL_ZERO });
    const response = await post(encode(request), { 'content-type': mediaType });
    expect(response.statusCode).toBe(400);
    expect(counters.snapshot()).toMatchObject({ requests: 1, spansAccepted: 0 });
  });

  test('when the journal refuses, nothing of it is a success', async () => {
    const { post, counters } = receiver({ append: refuse('TL_OVERLOADED') });
    const request = requestOf({ name: 'a' }, { traceId: ALL_ZERO });
    const response = await post(encode(request), { 'content-type': mediaType });
    expect(response.statusCode).toBe(429);
    expect(counters.snapshot().rejected).toEqual({ TL_OVERLOADED: { requests: 1, spans: 2 } });
  });

  test('a value that is nested too deeply costs its span only', async () => {
    const { post, records } = receiver();
    const attributes = [{ key: 'deep', value: nestedValue(40) }];
    const request = requestOf({ attributes }, { name: 'a' }, { name: 'b' });
    const response = await post(encode(request), { 'content-type': mediaType });
    expect(decode(response)).toMatchObject({ partialSuccess: { rejectedSpans: '1' } });
    expect(records.map(decodeRequest)).toEqual([decodeRequest(encodeRequest(REQUEST))]);
  });
});

test('JSON has a limit of its own, which protobuf does not have', async () => {
  const { post, spanCounts } = receiver();
  const request = requestOf({ name: 'x'.repeat(16 * 2 ** 20) });
  const refused = await post(jsonRequest(request), { 'content-type': JSON_TYPE });
  expect(refused.statusCode).toBe(413);
  expect(statusOf(refused, JSON_TYPE).message).toContain('larger than 16777216 bytes');
  const accepted = await post(encodeRequest(request), { 'content-type': PROTOBUF });
  expect(accepted.statusCode).toBe(200);
  expect(spanCounts).toEqual([1]);
});

test('keys in snake_case are ignored, as unknown keys must be, but the sender is warned', async () => {
  const { post, counters } = receiver();
  const response = await post('{"resource_spans":[]}', { 'content-type': JSON_TYPE });
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual({
    partialSuccess: {
      rejectedSpans: '0',
      errorMessage: expect.stringContaining('OTLP/JSON calls resource_spans resourceSpans'),
    },
  });
  expect(counters.snapshot()).toMatchObject({
    requests: 1,
    rejected: {},
    refusals: [{ code: 'TL_OTLP_MALFORMED', spans: 0 }],
  });
});

describe.each([PROTOBUF, JSON_TYPE])('details in %s', (mediaType) => {
  const isJson = mediaType === JSON_TYPE;

  test('bad data comes with a BadRequest that names the field', async () => {
    const { post } = receiver();
    const request = requestOf({ spanId: new Uint8Array(8) });
    const body = isJson ? jsonRequest(request) : encodeRequest(request);
    const response = await post(body, { 'content-type': mediaType });
    expect(statusOf(response, mediaType).details).toEqual([
      {
        '@type': 'type.googleapis.com/google.rpc.BadRequest',
        fieldViolations: [
          {
            field: 'resource_spans[0].scope_spans[0].spans[0].span_id',
            description: 'all zero',
          },
        ],
      },
    ]);
  });

  test.each([
    'TL_OVERLOADED',
    'TL_JOURNAL_FAILED',
  ] as const)('what may come again after %s says when', async (code) => {
    const { post } = receiver({ append: refuse(code) });
    const body = isJson ? jsonRequest(REQUEST) : encodeRequest(REQUEST);
    const response = await post(body, { 'content-type': mediaType });
    expect(response.headers['retry-after']).toBe('1');
    expect(statusOf(response, mediaType).details).toEqual([
      {
        '@type': 'type.googleapis.com/google.rpc.RetryInfo',
        retryDelay: isJson ? '1s' : { seconds: '1' },
      },
    ]);
  });

  test('what must not come again has no RetryInfo', async () => {
    const { post } = receiver({ bodyBytesMax: 10 });
    const response = await post(encodeRequest(REQUEST), { 'content-type': mediaType });
    expect(response.statusCode).toBe(413);
    expect(statusOf(response, mediaType).details).toBeUndefined();
  });

  test('no answer repeats what the sender sent at length', async () => {
    const { app } = receiver();
    const long = 'w'.repeat(9_000);
    const bodies = [long, `"${long}"`, `{"resourceSpans":"${long}"}`];
    for (const payload of bodies) {
      const headers = { 'content-type': mediaType };
      const response = await app.inject({ method: 'POST', url: '/v1/traces', payload, headers });
      expect(response.statusCode).toBe(400);
      expect(response.rawPayload.length).toBeLessThan(1_000);
    }
    const headers = { 'content-type': mediaType, 'content-encoding': long };
    for (const url of ['/v1/traces', `/${long.slice(0, 4_000)}`]) {
      const response = await app.inject({ method: 'POST', url, payload: 'x', headers });
      expect(response.rawPayload.length).toBeLessThan(1_000);
    }
  });
});

test('every path asks for the token', async () => {
  const { app } = receiver({ access: accessCheck('secret') });
  for (const url of ['/', '/v1/traces', '/v1/metrics', '/../x']) {
    for (const method of ['GET', 'POST', 'OPTIONS', 'DELETE'] as const) {
      const response = await app.inject({ method, url });
      expect([response.statusCode, response.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    }
  }
});

test('with the token spans are accepted', async () => {
  const { post } = receiver({ access: accessCheck('secret') });
  const headers = { 'content-type': PROTOBUF, authorization: 'Bearer secret' };
  expect((await post(encodeRequest(REQUEST), headers)).statusCode).toBe(200);
});

test('bytes in flight are given back whatever becomes of the request', async () => {
  const body = encodeRequest(REQUEST);
  let fails = true;
  const { post } = receiver({
    inFlight: new BytesInFlight(body.length),
    append: () => (fails ? refuse('TL_OVERLOADED')(body, 2) : Promise.resolve()),
  });
  const headers = { 'content-type': PROTOBUF };
  expect((await post(body, headers)).statusCode).toBe(429);
  fails = false;
  expect((await post(body.subarray(1), headers)).statusCode).toBe(400);
  expect((await post(Buffer.concat([body, body]), headers)).statusCode).toBe(429);
  expect((await post(body, headers)).statusCode).toBe(200);
});

test('bodies that are being kept count as in flight', async () => {
  const body = encodeRequest(REQUEST);
  const kept = Promise.withResolvers<void>();
  const { post } = receiver({
    inFlight: new BytesInFlight(body.length),
    append: () => kept.promise,
  });
  const headers = { 'content-type': PROTOBUF };
  const first = post(body, headers);
  await new Promise((resolve) => setImmediate(resolve));
  expect((await post(body, headers)).statusCode).toBe(429);
  kept.resolve();
  expect((await first).statusCode).toBe(200);
});
