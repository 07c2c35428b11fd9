import { ThroughlineError } from '@throughline/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkOtlpWire } from '../otlp-wire.ts';
import { decodeRequest } from '../testing/otlp.ts';
import { admitZipkin } from './translate.ts';

const SPAN = { traceId: '5b8efff798038103d269b633813fc60c', id: 'eee19b7ec3c1b174', timestamp: 1 };

interface DecodedSpan {
  [member: string]: unknown;
  spanId: string;
  attributes?: { key?: string; value: Record<string, unknown> }[];
}
interface Decoded {
  resourceSpans?: {
    resource: object;
    scopeSpans: { scope?: object; spans: DecodedSpan[] }[];
  }[];
}

/** What became of a body, as an OTLP decoder reads it. */
function decoded(body: string | Uint8Array): Decoded {
  const { record, spanCount } = admitZipkin(Buffer.from(body));
  expect(checkOtlpWire(record)).toEqual({ spanCount });
  return decodeRequest(record);
}

function decodedSpans(...spans: object[]): DecodedSpan[] {
  const { resourceSpans = [] } = decoded(JSON.stringify(spans));
  return resourceSpans.flatMap((resource) => resource.scopeSpans).flatMap((scope) => scope.spans);
}

function decodedSpan(members: object): DecodedSpan {
  const [span] = decodedSpans({ ...SPAN, ...members });
  return span as DecodedSpan;
}

function attributesOf(span: DecodedSpan): Record<string, unknown> {
  const entries = (span.attributes ?? []).map(({ key = '', value }) => [key, value]);
  return Object.fromEntries(entries);
}

/** Why the span is left out of a list with another one. */
function defectOf(span: unknown): string {
  const { spanCount, rejected } = admitZipkin(Buffer.from(JSON.stringify([span, SPAN])));
  expect([spanCount, rejected?.spans]).toEqual([1, 1]);
  return rejected?.error.message ?? '';
}

function refusalOf(body: string | Uint8Array): string {
  try {
    admitZipkin(Buffer.from(body));
    return 'accepted';
  } catch (error) {
    expect(error).toBeInstanceOf(ThroughlineError);
    const { code, message } = error as ThroughlineError;
    return `${code} ${message}`;
  }
}

const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');

test('ids are hex of either case, filled up on the left', () => {
  const span = decodedSpan({ traceId: 'ABC', id: '1', parentId: '00000000000000Ff' });
  expect(span).toMatchObject({
    traceId: base64(`${'0'.repeat(29)}abc`),
    spanId: base64('0000000000000001'),
    parentSpanId: base64('00000000000000ff'),
  });
});

test.each([null, '0', '0000000000000000', SPAN.id])('the parent id %j is none', (parentId) => {
  expect(decodedSpan({ parentId }).parentSpanId).toBeUndefined();
});

test('microseconds become nanoseconds exactly', () => {
  const span = decodedSpan({ timestamp: 1_700_000_000_123_457, duration: 3 });
  expect(span.startTimeUnixNano).toBe('1700000000123457000');
  expect(span.endTimeUnixNano).toBe('1700000000123460000');
  expect(decodedSpan({ timestamp: '1700000000123457' }).startTimeUnixNano).toBe(
    '1700000000123457000',
  );
});

test('a span without a timestamp starts with its first annotation', () => {
  const annotations = [
    { timestamp: 9, value: 'b' },
    { timestamp: 5, value: 'a' },
  ];
  expect(decodedSpan({ timestamp: undefined, annotations }).startTimeUnixNano).toBe('5000');
  expect(decodedSpan({ timestamp: 0, annotations }).startTimeUnixNano).toBe('5000');
});

test.each([
  ['CLIENT', 3],
  ['SERVER', 2],
  ['PRODUCER', 4],
  ['CONSUMER', 5],
  [undefined, 1],
  [null, 1],
])('the kind %s is kind %i', (kind, expected) => {
  expect(decodedSpan({ kind })).toMatchObject({ kind: expected });
});

test('a kind that is none of Zipkin’s is kept beside', () => {
  const span = decodedSpan({ kind: 'PROXY' });
  expect([span.kind, attributesOf(span)]).toEqual([1, { 'zipkin.kind': { stringValue: 'PROXY' } }]);
});

test('tags are text, and say status and scope', () => {
  const tags = {
    'http.path': '/orders',
    retries: 3,
    cached: true,
    __proto__: undefined,
    error: 'refused',
    'otel.status_code': 'ERROR',
    'otel.scope.name': 'lib',
    'otel.scope.version': '1',
    'otel.library.name': 'lib',
    'otel.library.version': '1',
    'w3c.tracestate': 'a=b',
  };
  const text = JSON.stringify([{ ...SPAN, tags }]).replace('"cached"', '"__proto__":"x","cached"');
  const [scopeSpans] = decoded(text).resourceSpans?.[0]?.scopeSpans ?? [];
  expect(scopeSpans?.scope).toEqual({ name: 'lib', version: '1' });
  const [span] = scopeSpans?.spans ?? [];
  expect(span).toMatchObject({ traceState: 'a=b', status: { code: 2, message: 'refused' } });
  expect(span?.attributes).toEqual([
    { key: 'http.path', value: { stringValue: '/orders' } },
    { key: 'retries', value: { stringValue: '3' } },
    { key: '__proto__', value: { stringValue: 'x' } },
    { key: 'cached', value: { stringValue: 'true' } },
  ]);
});

test('tags and annotations that hold no text are counted as dropped', () => {
  const span = decodedSpan({
    tags: { a: 'text', b: null, c: {}, d: [], 'otel.dropped_attributes_count': '4' },
    annotations: [
      { timestamp: 5, value: 'kept' },
      { timestamp: 5 },
      { timestamp: 1.5, value: 'x' },
      { timestamp: -1, value: 'x' },
      7,
    ],
  });
  expect(attributesOf(span)).toEqual({ a: { stringValue: 'text' } });
  expect(span).toMatchObject({
    droppedAttributesCount: 7,
    events: [{ timeUnixNano: '5000', name: 'kept' }],
    droppedEventsCount: 4,
  });
});

test('the attributes of an event are read out of the form that OpenTelemetry writes', () => {
  const eventOf = (value: string) =>
    (decodedSpan({ annotations: [{ timestamp: 1, value }] }).events as object[])[0];
  expect(eventOf('"sent \\"all\\"": {"to":"b","n":2,"x":0.5,"ok":false}')).toEqual({
    timeUnixNano: '1000',
    name: 'sent "all"',
    attributes: [
      { key: 'to', value: { stringValue: 'b' } },
      { key: 'n', value: { intValue: '2' } },
      { key: 'x', value: { doubleValue: 0.5 } },
      { key: 'ok', value: { boolValue: false } },
    ],
  });
  expect(eventOf('{"sent": {"n": 2}}')).toEqual({
    timeUnixNano: '1000',
    name: 'sent',
    attributes: [{ key: 'n', value: { intValue: '2' } }],
  });
  for (const plain of [
    'ws',
    '{"a":{},"b":{}}',
    '{"a":5}',
    '{}',
    '"a": 5',
    '"a": {"b":{}}',
    '"a": [1]',
    '"a":{},"b":{}',
    '"a": {',
    '"',
    `"a": ${'{"b":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
  ]) {
    expect(eventOf(plain)).toEqual({ timeUnixNano: '1000', name: plain });
  }
});

test('endpoints become the service and network attributes', () => {
  const localEndpoint = { serviceName: 'gateway', ipv4: '10.0.0.1', ipv6: '::1', port: 80 };
  const remoteEndpoint = { serviceName: 'exchange', ipv6: '2001:db8::1', port: 443 };
  const request = decoded(JSON.stringify([{ ...SPAN, localEndpoint, remoteEndpoint }]));
  expect(request.resourceSpans?.[0]?.resource).toEqual({
    attributes: [{ key: 'service.name', value: { stringValue: 'gateway' } }],
  });
  expect(attributesOf(decodedSpan({ localEndpoint, remoteEndpoint }))).toEqual({
    'peer.service': { stringValue: 'exchange' },
    'network.local.address': { stringValue: '10.0.0.1' },
    'zipkin.local.ipv6': { stringValue: '::1' },
    'network.local.port': { intValue: '80' },
    'network.peer.address': { stringValue: '2001:db8::1' },
    'network.peer.port': { intValue: '443' },
  });
  const tags = { 'peer.service': 'mine', 'network.peer.port': '1' };
  expect(attributesOf(decodedSpan({ remoteEndpoint, tags }))).toMatchObject({
    'peer.service': { stringValue: 'mine' },
    'network.peer.port': { stringValue: '1' },
  });
  expect(attributesOf(decodedSpan({ localEndpoint: { port: 70_000 } }))).toEqual({});
});

test('spans are grouped by service and scope', () => {
  const spans = [
    { ...SPAN, localEndpoint: { serviceName: 'a' } },
    { ...SPAN, localEndpoint: { serviceName: 'b' } },
    { ...SPAN, localEndpoint: { serviceName: 'a' }, tags: { 'otel.scope.name': 'lib' } },
    { ...SPAN, localEndpoint: { serviceName: 'a' } },
    SPAN,
  ];
  const { resourceSpans = [] } = decoded(JSON.stringify(spans));
  expect(resourceSpans.map((r) => r.scopeSpans.map(({ spans }) => spans.length))).toEqual([
    [2, 1],
    [1],
    [1],
  ]);
});

test('the server’s side of a shared span becomes a child of the caller’s', () => {
  const ids = { traceId: SPAN.traceId, timestamp: 1 };
  const server = { localEndpoint: { serviceName: 'server' } };
  const spans = [
    { ...ids, id: 'a', parentId: '1', kind: 'CLIENT', localEndpoint: { serviceName: 'client' } },
    { ...ids, id: 'a', parentId: '1', kind: 'SERVER', shared: true, ...server },
    { ...ids, id: 'b', parentId: 'a', ...server },
    { ...ids, id: 'c', parentId: 'a', localEndpoint: { serviceName: 'client' } },
    { ...ids, id: 'a', traceId: 'ff', shared: true, ...server },
  ];
  const all = decodedSpans(...spans);
  const byKind = (kind: number) => all.filter((span) => span.kind === kind);
  const [client] = byKind(3);
  const [serverSide] = byKind(2);
  expect(all).toHaveLength(5);
  expect(new Set(all.map((span) => span.spanId)).size).toBe(5);
  expect(client).toMatchObject({ spanId: base64('000000000000000a') });
  expect(serverSide).toMatchObject({ parentSpanId: client?.spanId });
  expect(attributesOf(serverSide as DecodedSpan)).toEqual({
    'zipkin.shared': { boolValue: true },
    'zipkin.parent_id': { stringValue: '0000000000000001' },
  });
  const parentOf = (id: string) => all.find((span) => span.spanId === base64(id))?.parentSpanId;
  expect(parentOf('000000000000000b')).toBe(serverSide?.spanId);
  expect(parentOf('000000000000000c')).toBe(client?.spanId);
  expect(decodedSpans(...spans)).toEqual(all);
});

test('debug becomes an attribute', () => {
  expect(attributesOf(decodedSpan({ debug: true }))).toEqual({
    'zipkin.debug': { boolValue: true },
  });
});

test('half a surrogate pair is replaced, the rest of the text stays', () => {
  const body = `[{"traceId":"1","id":"1","timestamp":1,"name":"a\\ud800b"}]`;
  const [span] = decoded(body).resourceSpans?.[0]?.scopeSpans[0]?.spans ?? [];
  expect(span?.name).toBe('a\ufffdb');
});

test.each<[string, unknown]>([
  ['it is not an object', 5],
  ['it is not an object', null],
  ['it is not an object', []],
  ['it has no traceId, or a zero one', { ...SPAN, traceId: undefined }],
  ['it has no traceId, or a zero one', { ...SPAN, traceId: '0'.repeat(32) }],
  ['its traceId is not 1 to 32 hex digits', { ...SPAN, traceId: '1'.repeat(33) }],
  ['its traceId is not 1 to 32 hex digits', { ...SPAN, traceId: 'x' }],
  ['its traceId is not a string', { ...SPAN, traceId: 5 }],
  ['it has no id, or a zero one', { ...SPAN, id: null }],
  ['its id is not 1 to 16 hex digits', { ...SPAN, id: '1'.repeat(17) }],
  ['its parentId is not 1 to 16 hex digits', { ...SPAN, parentId: '-1' }],
  ['its parentId is not 1 to 16 hex digits', { ...SPAN, parentId: '' }],
  ['it has no timestamp', { ...SPAN, timestamp: undefined }],
  ['its timestamp is not a whole number of microseconds', { ...SPAN, timestamp: 1.5 }],
  ['its timestamp is not a whole number of microseconds', { ...SPAN, timestamp: 1e300 }],
  ['it starts before 1970', { ...SPAN, timestamp: -1 }],
  ['it ends after the year 2262', { ...SPAN, timestamp: '999999999999999999' }],
  ['its duration is negative', { ...SPAN, duration: -1 }],
  ['its duration is not a whole number of microseconds', { ...SPAN, duration: '1s' }],
  ['its name is not a string', { ...SPAN, name: {} }],
  ['its tags are not an object', { ...SPAN, tags: [] }],
  ['its annotations are not a list', { ...SPAN, annotations: {} }],
  ['its localEndpoint is not an object', { ...SPAN, localEndpoint: 'a' }],
  ['its localEndpoint.serviceName is not a string', { ...SPAN, localEndpoint: { serviceName: 1 } }],
])('a span is left out because %s', (defect, span) => {
  expect(defectOf(span)).toBe(`a span is left out because ${defect}`);
});

test('what is not a list in JSON is refused', () => {
  expect(refusalOf('[{]')).toMatch(/^TL_ZIPKIN_MALFORMED not JSON: /);
  expect(refusalOf(Uint8Array.of(0x5b, 0x22, 0xff, 0x22, 0x5d))).toMatch(/not JSON: /);
  expect(refusalOf('{}')).toBe('TL_ZIPKIN_MALFORMED not a list of spans');
  expect(refusalOf('null')).toBe('TL_ZIPKIN_MALFORMED not a list of spans');
  expect(refusalOf(`[${'0,'.repeat(262_144)}0]`)).toMatch(/^TL_OTLP_TOO_LARGE more than 262144/);
  expect(refusalOf(`${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`)).toBe('accepted');
});

const word = fc.string({ unit: 'grapheme', maxLength: 20 });
const hex = (length: number) =>
  fc
    .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 1, maxLength: length })
    .filter((digits) => /[^0]/.test(digits));
const micros = fc.integer({ min: 1, max: 2 ** 51 });
const zipkinSpan = fc.record(
  {
    traceId: hex(32),
    id: hex(16),
    parentId: hex(16),
    name: word,
    kind: fc.constantFrom('CLIENT', 'SERVER', 'PRODUCER', 'CONSUMER'),
    timestamp: micros,
    duration: micros,
    debug: fc.boolean(),
    shared: fc.boolean(),
    localEndpoint: fc.record({ serviceName: word, ipv4: fc.ipV4(), port: fc.nat(65_535) }),
    remoteEndpoint: fc.record({ ipv6: fc.ipV6() }),
    annotations: fc.array(fc.record({ timestamp: micros, value: word }), { maxLength: 3 }),
    tags: fc.dictionary(word, word, { maxKeys: 5 }),
  },
  { requiredKeys: ['traceId', 'id', 'timestamp'] },
);

test('nothing of any list of spans is lost', () => {
  fc.assert(
    fc.property(fc.array(zipkinSpan, { maxLength: 10 }), (list) => {
      const spans = decodedSpans(...list);
      expect(spans).toHaveLength(list.length);
      const meaning = (parts: unknown[]): string => JSON.stringify(parts);
      const sent = list.map(({ name, timestamp, duration = 0, tags = {}, annotations = [] }) => {
        const { error: _, ...others } = tags;
        return meaning([
          name ?? '',
          `${timestamp}000`,
          `${timestamp + duration}000`,
          Object.entries(others).sort(),
          annotations.map((a) => [`${a.timestamp}000`, a.value]),
        ]);
      });
      const kept = spans.map((span) => {
        const tags = Object.entries(attributesOf(span))
          .filter(([key]) => !/^(zipkin|network)\.|^error$/.test(key))
          .map(([key, value]) => [key, (value as { stringValue: string }).stringValue]);
        const events = (span.events ?? []) as { timeUnixNano: string; name?: string }[];
        return meaning([
          span.name ?? '',
          span.startTimeUnixNano,
          span.endTimeUnixNano,
          tags.sort(),
          events.map((event) => [event.timeUnixNano, event.name ?? '']),
        ]);
      });
      expect(kept.sort()).toEqual(sent.sort());
    }),
  );
});

test('any JSON is read or refused with a code, and what is read is valid OTLP', () => {
  const attempt = (body: string): void => {
    if (refusalOf(body) === 'accepted') decoded(body);
  };
  const mutations = fc.array(fc.tuple(fc.nat(), word), { maxLength: 10 });
  fc.assert(
    fc.property(fc.json(), fc.array(zipkinSpan, { maxLength: 3 }), mutations, (json, list, at) => {
      attempt(json);
      attempt(`[${json}]`);
      for (const member of ['tags', 'annotations', 'localEndpoint', 'kind', 'name', 'debug']) {
        attempt(JSON.stringify([{ ...SPAN, [member]: JSON.parse(json) }]));
      }
      const text = JSON.stringify(list);
      for (const [place, insertion] of at) {
        const index = place % (text.length + 1);
        attempt(text.slice(0, index) + insertion + text.slice(index));
        attempt(text.slice(0, index) + insertion + text.slice(index + 1));
      }
    }),
  );
});
