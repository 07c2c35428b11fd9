import { gzipSync } from 'node:zlib';
import { ThroughlineError } from '@throughline/model';
import type { InjectOptions } from 'fastify';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { accessCheck } from '../access.ts';
import { BytesInFlight } from './body.ts';
import { IngestCounters } from './counters.ts';
import { JAEGER_HTTP } from './jaeger/http.ts';
import { plainHttpApp } from './plain-http.ts';
import type { ReceiverOptions } from './receiver.ts';
import { encodeBatch, jaegerSpan } from './testing/jaeger.ts';
import { decodeRequest } from './testing/otlp.ts';
import { ZIPKIN_HTTP } from './zipkin/http.ts';

const zipkinSpan = (id: string) => ({ traceId: 'abc', id, timestamp: 1, name: `span ${id}` });
const zipkinBody = (...ids: string[]) => Buffer.from(JSON.stringify(ids.map(zipkinSpan)));
const jaegerBody = (...ids: bigint[]) =>
  encodeBatch({
    process: { serviceName: 'gateway' },
    spans: ids.map((spanId) => jaegerSpan({ spanId, operationName: `span ${spanId}` })),
  });

const CASES = [
  {
    name: 'jaeger-http',
    protocol: JAEGER_HTTP,
    mediaType: 'application/x-thrift',
    body: jaegerBody(1n, 2n),
    oneDefective: jaegerBody(1n, 0n, 2n, 0n),
    allDefective: jaegerBody(0n),
    empty: jaegerBody(),
    defect: 'its span id is zero',
    malformed: 'TL_JAEGER_MALFORMED',
    hint: 'Send a Jaeger batch as application/x-thrift with POST /api/traces.',
  },
  {
    name: 'zipkin',
    protocol: ZIPKIN_HTTP,
    mediaType: 'application/json',
    body: zipkinBody('1', '2'),
    oneDefective: zipkinBody('1', '0', '2', '0'),
    allDefective: zipkinBody('0'),
    empty: zipkinBody(),
    defect: 'it has no id, or a zero one',
    malformed: 'TL_ZIPKIN_MALFORMED',
    hint: 'Send Zipkin v2 JSON as application/json with POST /api/v2/spans',
  },
] as const;

function refuse(code: 'TL_OVERLOADED' | 'TL_JOURNAL_FAILED'): ReceiverOptions['append'] {
  return () => Promise.reject(new ThroughlineError(code, 'not now'));
}

describe.each(CASES)('$name', ({ protocol, mediaType, body, ...given }) => {
  /** A receiver whose journal is a list, and a way to send to it. */
  function receiver(options: Partial<ReceiverOptions> = {}) {
    const records: Uint8Array[] = [];
    const counters = new IngestCounters();
    const app = plainHttpApp(protocol, {
      append: async (record) => void records.push(Buffer.from(record)),
      counters: counters.of('zipkin'),
      inFlight: new BytesInFlight(10_000_000),
      access: accessCheck(undefined),
      tls: undefined,
      logger: pino({ level: 'silent' }),
      ...options,
    });
    const post = (request: InjectOptions = {}) =>
      app.inject({
        method: 'POST',
        url: protocol.path,
        // A copy, since the receiver gives the memory of a body back.
        payload: Buffer.from(body),
        ...request,
        headers: { 'content-type': mediaType, 'user-agent': 'client/1', ...request.headers },
      });
    return { counters, post, records };
  }

  test('spans are kept as OTLP and answered with 202', async () => {
    const { counters, post, records } = receiver();
    const response = await post();
    expect([response.statusCode, response.body]).toEqual([202, '']);
    const names = JSON.stringify(records.map((record) => decodeRequest(record)));
    expect(names).toContain('"span 1"');
    expect(names).toContain('"span 2"');
    expect(counters.snapshot()).toMatchObject({ requests: 1, spansAccepted: 2, rejected: {} });
  });

  test('parameters of the media type do not matter, and gzip is unpacked', async () => {
    const { post, records } = receiver();
    const headers = {
      'content-type': `${mediaType.toUpperCase()}; charset=utf-8`,
      'content-encoding': 'gzip',
    };
    expect((await post({ payload: gzipSync(body), headers })).statusCode).toBe(202);
    expect(records).toHaveLength(1);
  });

  test('a request without spans is accepted, and nothing is kept', async () => {
    const { counters, post, records } = receiver();
    expect((await post({ payload: given.empty })).statusCode).toBe(202);
    expect(records).toEqual([]);
    expect(counters.snapshot()).toMatchObject({ requests: 1, spansAccepted: 0 });
  });

  test('spans that cannot be kept are left out and counted, the others are kept', async () => {
    const { counters, post } = receiver();
    expect((await post({ payload: given.oneDefective })).statusCode).toBe(202);
    expect(counters.snapshot()).toMatchObject({
      requests: 1,
      spansAccepted: 2,
      rejected: { [given.malformed]: { requests: 0, spans: 2 } },
      refusals: [
        {
          sender: '127.0.0.1 (client/1)',
          code: given.malformed,
          message: `a span is left out because ${given.defect}`,
          spans: 2,
        },
      ],
    });
  });

  test('a request of which no span can be kept is refused', async () => {
    const { counters, post, records } = receiver();
    const response = await post({ payload: given.allDefective });
    expect(response.statusCode).toBe(400);
    expect(response.body).toBe(`${given.malformed}: a span is left out because ${given.defect}\n`);
    expect(records).toEqual([]);
    expect(counters.snapshot()).toMatchObject({
      requests: 1,
      rejected: { [given.malformed]: { requests: 1, spans: 1 } },
    });
  });

  interface Refusal {
    options?: Partial<ReceiverOptions>;
    request?: InjectOptions;
    status: number;
    text: string;
    spans?: number;
  }
  const REFUSALS: Record<string, Refusal> = {
    'a malformed body': {
      request: { payload: '\u0001\u0002' },
      status: 400,
      text: given.malformed,
    },
    'broken gzip': {
      request: { headers: { 'content-encoding': 'gzip' } },
      status: 400,
      text: 'TL_OTLP_MALFORMED: broken gzip',
    },
    'another Content-Encoding': {
      request: { headers: { 'content-encoding': 'br' } },
      status: 415,
      text: 'TL_OTLP_UNSUPPORTED_TYPE: Content-Encoding',
    },
    'another media type': {
      request: { headers: { 'content-type': 'application/x-protobuf' } },
      status: 415,
      text: 'TL_OTLP_UNSUPPORTED_TYPE: Content-Type "application/x-protobuf"',
    },
    'a body over the limit': {
      options: { bodyBytesMax: 20 },
      status: 413,
      text: 'TL_OTLP_TOO_LARGE',
    },
    'a gzip bomb': {
      options: { bodyBytesMax: 1_000_000 },
      request: {
        payload: gzipSync(Buffer.alloc(50_000_000)),
        headers: { 'content-encoding': 'gzip' },
      },
      status: 413,
      text: 'TL_OTLP_TOO_LARGE',
    },
    'more bytes at once than the limit': {
      options: { inFlight: new BytesInFlight(20) },
      status: 429,
      text: 'TL_OVERLOADED',
    },
    'a full journal': {
      options: { append: refuse('TL_OVERLOADED') },
      status: 429,
      text: 'TL_OVERLOADED: not now',
      spans: 2,
    },
    'a journal that fails': {
      options: { append: refuse('TL_JOURNAL_FAILED') },
      status: 503,
      text: 'TL_JOURNAL_FAILED: not now',
      spans: 2,
    },
    'an unforeseen failure': {
      options: { append: () => Promise.reject(new TypeError('secret detail')) },
      status: 500,
      text: 'TL_INTERNAL: see the server log',
      spans: 2,
    },
    'a missing token': {
      options: { access: accessCheck('secret') },
      status: 401,
      text: 'TL_UNAUTHORIZED',
    },
    'a web page': {
      request: { headers: { origin: 'http://evil.example' } },
      status: 403,
      text: 'TL_FORBIDDEN_HOST',
    },
    'another path': {
      request: { url: '/api/v9' },
      status: 404,
      text: 'TL_NOT_FOUND: POST /api/v9',
    },
    'another method': { request: { method: 'GET' }, status: 404, text: 'TL_NOT_FOUND: GET' },
    'a path that does not decode': {
      request: { url: '/api/%zz' },
      status: 400,
      text: 'TL_BAD_REQUEST',
    },
  };

  test.each(Object.entries(REFUSALS))('%s is refused in one line of text', async (_, refusal) => {
    const { counters, post, records } = receiver(refusal.options);
    const response = await post(refusal.request);
    expect(response.statusCode).toBe(refusal.status);
    expect(response.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(response.body.startsWith(refusal.text)).toBe(true);
    expect(response.body.split('\n')).toHaveLength(2);
    if (refusal.status === 404 || refusal.text.includes('Content-Type')) {
      expect(response.body).toContain(given.hint);
    }
    const isRetryable = refusal.status === 429 || refusal.status === 503;
    expect(response.headers['retry-after']).toBe(isRetryable ? '1' : undefined);
    expect(records).toEqual([]);
    const [code = ''] = refusal.text.split(':');
    const { requests, spansAccepted, rejected } = counters.snapshot();
    expect({ requests, spansAccepted, rejected }).toEqual({
      requests: 1,
      spansAccepted: 0,
      rejected: { [code]: { requests: 1, spans: refusal.spans ?? 0 } },
    });
  });

  test('the bytes of a body are given back, whatever became of it', async () => {
    const inFlight = new BytesInFlight(body.length);
    const outcomes = ['kept', 'failed', 'kept', 'failed', 'kept'];
    const { post } = receiver({
      inFlight,
      append: async () => {
        if (outcomes.shift() === 'failed') throw new ThroughlineError('TL_JOURNAL_FAILED', 'no');
      },
    });
    const statuses: number[] = [];
    for (let round = 0; round < 5; round += 1) statuses.push((await post()).statusCode);
    expect(statuses).toEqual([202, 503, 202, 503, 202]);
  });
});

test('Zipkin v1, protobuf and Thrift are refused by name', async () => {
  const app = plainHttpApp(ZIPKIN_HTTP, {
    append: async () => undefined,
    counters: new IngestCounters().of('zipkin'),
    inFlight: new BytesInFlight(1_000),
    access: accessCheck(undefined),
    tls: undefined,
    logger: pino({ level: 'silent' }),
  });
  const post = (url: string, type: string) =>
    app.inject({ method: 'POST', url, payload: '[]', headers: { 'content-type': type } });
  expect((await post('/api/v1/spans', 'application/json')).body).toContain(
    'Send Zipkin v2 JSON as application/json with POST /api/v2/spans; v1 is not read.',
  );
  expect((await post('/api/v2/spans', 'application/x-protobuf')).body).toContain(
    'protobuf and Thrift are not read.',
  );
});
