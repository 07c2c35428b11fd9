import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchArbitrary, jaegerSpan, textTag } from '../testing/jaeger.ts';
import { decodeRequest } from '../testing/otlp.ts';
import { type JaegerBatch, type JaegerSpan, type JaegerTag, TAG_TYPE } from './batch.ts';
import { admitJaeger } from './translate.ts';

interface Decoded {
  resourceSpans: [
    {
      resource: { attributes?: DecodedAttribute[] };
      scopeSpans?: { scope?: object; spans: DecodedSpan[] }[];
    },
  ];
}
type DecodedAttribute = { key?: string; value: Record<string, unknown> };
type DecodedSpan = Record<string, unknown> & { attributes?: DecodedAttribute[] };

/** The batch as an OTLP decoder reads what became of it. */
function decoded(batch: JaegerBatch): Decoded {
  const { record, spanCount } = admitJaeger(batch);
  expect(spanCount).toBe(batch.spans.length);
  return decodeRequest(record) as unknown as Decoded;
}

function decodedSpan(members: Partial<JaegerSpan>): DecodedSpan {
  const batch = { process: { serviceName: 's' }, spans: [jaegerSpan(members)] };
  return decoded(batch).resourceSpans[0].scopeSpans?.[0]?.spans[0] as DecodedSpan;
}

const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');
const id = (low: number): string => base64(low.toString(16).padStart(16, '0'));
const traceId = (high: number, low: number): string =>
  base64(high.toString(16).padStart(16, '0') + low.toString(16).padStart(16, '0'));

test('ids are big-endian, the high half of a trace id first', () => {
  const span = decodedSpan({ traceIdHigh: 0n, traceIdLow: -1n, spanId: -(2n ** 63n) });
  expect(span.traceId).toBe(base64(`${'0'.repeat(16)}${'f'.repeat(16)}`));
  expect(span.spanId).toBe(base64('8000000000000000'));
  expect(span.parentSpanId).toBeUndefined();
});

test('microseconds become nanoseconds exactly', () => {
  const span = decodedSpan({ startTime: 1_700_000_000_123_457n, duration: 3n });
  expect(span.startTimeUnixNano).toBe('1700000000123457000');
  expect(span.endTimeUnixNano).toBe('1700000000123460000');
});

test('tags keep their types', () => {
  const tags: JaegerTag[] = [
    textTag('text', 'ü'),
    { key: 'double', vType: TAG_TYPE.double, vDouble: 0.25, vStr: Buffer.alloc(0) },
    { key: 'bool', vType: TAG_TYPE.bool, vBool: true, vDouble: 0 },
    { key: 'long', vType: TAG_TYPE.long, vLong: -(2n ** 63n) },
    { key: 'binary', vType: TAG_TYPE.binary, vBinary: Buffer.from([0, 255]) },
    { key: 'empty', vType: TAG_TYPE.string },
    { key: 'zero', vType: TAG_TYPE.long },
    { key: '__proto__', vType: TAG_TYPE.bool },
    { key: 'not text', vType: TAG_TYPE.string, vStr: Buffer.from([0xff]) },
  ];
  expect(decodedSpan({ tags }).attributes).toEqual([
    { key: 'text', value: { stringValue: 'ü' } },
    { key: 'double', value: { doubleValue: 0.25 } },
    { key: 'bool', value: { boolValue: true } },
    { key: 'long', value: { intValue: '-9223372036854775808' } },
    { key: 'binary', value: { bytesValue: 'AP8=' } },
    { key: 'empty', value: { stringValue: '' } },
    { key: 'zero', value: { intValue: '0' } },
    { key: '__proto__', value: { boolValue: false } },
    { key: 'not text', value: { bytesValue: '/w==' } },
  ]);
});

test('a tag that is set twice has its last value', () => {
  const tags = [textTag('k', 'first'), textTag('other', ''), textTag('k', 'last')];
  expect(decodedSpan({ tags }).attributes).toEqual([
    { key: 'k', value: { stringValue: 'last' } },
    { key: 'other', value: { stringValue: '' } },
  ]);
});

test('tags beyond the limit are counted as dropped', () => {
  const tags = Array.from({ length: 1_030 }, (_, index) => textTag(`k${index}`, ''));
  const dropped = { key: 'otel.dropped_attributes_count', vType: TAG_TYPE.long, vLong: 2n };
  const span = decodedSpan({ tags: [...tags, dropped] });
  expect(span.attributes).toHaveLength(1_024);
  expect(span.droppedAttributesCount).toBe(8);
});

test('the process becomes the resource', () => {
  const tags = [
    textTag('service.name', 'other'),
    textTag('hostname', 'h1'),
    textTag('ip', '10.0.0.1'),
    textTag('jaeger.version', '3'),
  ];
  const batch = { process: { serviceName: 'gateway', tags }, spans: [jaegerSpan()] };
  expect(decoded(batch).resourceSpans[0].resource.attributes).toEqual([
    { key: 'service.name', value: { stringValue: 'gateway' } },
    { key: 'ip', value: { stringValue: '10.0.0.1' } },
    { key: 'jaeger.version', value: { stringValue: '3' } },
    { key: 'host.name', value: { stringValue: 'h1' } },
  ]);
});

test('spans are grouped by the scope in their tags', () => {
  const scoped = [textTag('otel.library.name', 'lib'), textTag('otel.library.version', '1')];
  const named = [textTag('otel.scope.name', 'lib'), textTag('otel.scope.version', '1')];
  const spans = [{}, { tags: scoped }, { tags: named }].map(jaegerSpan);
  const scopes = decoded({ process: { serviceName: '' }, spans }).resourceSpans[0].scopeSpans;
  expect(scopes?.map(({ scope, spans }) => [scope, spans.length])).toEqual([
    [undefined, 1],
    [{ name: 'lib', version: '1' }, 2],
  ]);
  expect(scopes?.[1]?.spans[0]?.attributes).toBeUndefined();
});

test.each([
  ['client', 3],
  ['SERVER', 2],
  ['producer', 4],
  ['consumer', 5],
  ['internal', 1],
])('span.kind %s is kind %i', (kind, expected) => {
  const span = decodedSpan({ tags: [textTag('span.kind', kind)] });
  expect([span.kind, span.attributes]).toEqual([expected, undefined]);
});

test('without a known span.kind a span is internal', () => {
  expect(decodedSpan({}).kind).toBe(1);
  const span = decodedSpan({ tags: [textTag('span.kind', 'constructor')] });
  expect(span).toMatchObject({ kind: 1, attributes: [{ key: 'span.kind' }] });
});

const bool = (key: string, vBool: boolean): JaegerTag => ({ key, vType: TAG_TYPE.bool, vBool });
test.each<[string, JaegerTag[], unknown, string[]]>([
  ['nothing', [], undefined, []],
  ['error', [bool('error', true)], { code: 2 }, []],
  ['no error', [bool('error', false)], undefined, ['error']],
  ['error as a word', [textTag('error', 'true')], { code: 2 }, []],
  ['error as a message', [textTag('error', 'refused')], { code: 2, message: 'refused' }, []],
  [
    'error and description',
    [bool('error', true), textTag('otel.status_description', 'late')],
    { code: 2, message: 'late' },
    [],
  ],
  [
    'two messages',
    [textTag('error', 'a'), textTag('otel.status_description', 'b')],
    { code: 2, message: 'b' },
    ['error'],
  ],
  ['ok', [textTag('otel.status_code', 'OK')], { code: 1 }, []],
  ['an error code', [textTag('otel.status_code', 'ERROR')], { code: 2 }, []],
  ['ok but error', [textTag('otel.status_code', 'OK'), bool('error', true)], { code: 2 }, []],
  ['unset', [textTag('otel.status_code', 'UNSET')], undefined, []],
  ['a foreign code', [textTag('otel.status_code', '7')], undefined, ['otel.status_code']],
])('the status that tags say: %s', (_, tags, status, left) => {
  const span = decodedSpan({ tags });
  expect(span.status).toEqual(status);
  expect((span.attributes ?? []).map(({ key }) => key)).toEqual(left);
});

describe('references', () => {
  const reference = (refType: number, low: bigint, spanId: bigint) => ({
    refType,
    traceIdHigh: 0x0101n,
    traceIdLow: low,
    spanId,
  });
  const link = (low: number, spanId: number, type: string) => ({
    traceId: traceId(0x0101, low),
    spanId: id(spanId),
    attributes: [{ key: 'opentracing.ref_type', value: { stringValue: type } }],
  });

  test('the field names the parent; its reference is no link, every other one is', () => {
    const references = [
      reference(0, 0x0203n, 7n),
      reference(0, 0x0203n, 8n),
      reference(1, 0x0203n, 7n),
      reference(0, 0x9n, 7n),
    ];
    const span = decodedSpan({ parentSpanId: 7n, references });
    expect(span.parentSpanId).toBe(id(7));
    expect(span.links).toEqual([
      link(0x0203, 8, 'child_of'),
      link(0x0203, 7, 'follows_from'),
      link(0x9, 7, 'child_of'),
    ]);
  });

  test('without the field, the first "child of" of the same trace is the parent', () => {
    const references = [
      reference(0, 0x9n, 6n),
      reference(1, 0x0203n, 7n),
      reference(0, 0x0203n, 8n),
    ];
    const span = decodedSpan({ references });
    expect(span.parentSpanId).toBe(id(8));
    expect(span.links).toEqual([link(0x9, 6, 'child_of'), link(0x0203, 7, 'follows_from')]);
  });

  test('else the first "follows from" of the same trace, which stays a link', () => {
    const span = decodedSpan({ references: [reference(1, 0x0203n, 7n)] });
    expect(span.parentSpanId).toBe(id(7));
    expect(span.links).toEqual([link(0x0203, 7, 'follows_from')]);
  });

  test('a reference without ids is counted as dropped', () => {
    const zero = { refType: 1, traceIdHigh: 0n, traceIdLow: 0n, spanId: 1n };
    const span = decodedSpan({ references: [zero, { ...zero, traceIdLow: 1n, spanId: 0n }] });
    expect([span.links, span.droppedLinksCount]).toEqual([undefined, 2]);
  });

  test('a span that names itself has no parent', () => {
    expect(decodedSpan({ spanId: 7n, parentSpanId: 7n }).parentSpanId).toBeUndefined();
  });
});

test('logs become events, named by the field event or message', () => {
  const long = { key: 'n', vType: TAG_TYPE.long, vLong: 5n };
  const logs = [
    { timestamp: 1n, fields: [textTag('event', 'sent'), textTag('message', 'all'), long] },
    { timestamp: 2n, fields: [textTag('message', 'all'), { ...long, key: 'event' }] },
    { timestamp: 3n, fields: [] },
    { timestamp: -1n, fields: [] },
    { timestamp: 2n ** 62n, fields: [] },
  ];
  const span = decodedSpan({ logs });
  expect(span.events).toEqual([
    {
      timeUnixNano: '1000',
      name: 'sent',
      attributes: [
        { key: 'message', value: { stringValue: 'all' } },
        { key: 'n', value: { intValue: '5' } },
      ],
    },
    {
      timeUnixNano: '2000',
      name: 'all',
      attributes: [{ key: 'event', value: { intValue: '5' } }],
    },
    { timeUnixNano: '3000' },
  ]);
  expect(span.droppedEventsCount).toBe(2);
});

test('flags beyond "sampled" and "incomplete" become attributes', () => {
  expect(decodedSpan({ flags: 1 })).toMatchObject({ flags: 1 });
  const span = decodedSpan({ flags: 3, incomplete: true });
  expect(span.flags).toBe(1);
  expect(span.attributes).toEqual([
    { key: 'jaeger.flags', value: { intValue: '3' } },
    { key: 'jaeger.incomplete', value: { boolValue: true } },
  ]);
});

const END_2262 = 2n ** 63n / 1_000n;

test.each<[string, Partial<JaegerSpan>]>([
  ['its trace id is zero', { traceIdHigh: 0n, traceIdLow: 0n }],
  ['its span id is zero', { spanId: 0n }],
  ['its duration is negative', { duration: -1n }],
  ['it starts before 1970', { startTime: -1n }],
  ['it ends after the year 2262', { startTime: END_2262, duration: 1n }],
  ['it ends after the year 2262', { startTime: 2n ** 63n - 1n, duration: 2n ** 63n - 1n }],
])('a span is left out because %s', (defect, members) => {
  const process = { serviceName: 's' };
  const last = jaegerSpan({ startTime: END_2262 - 1n, duration: 1n });
  const spans = [jaegerSpan(members), jaegerSpan({ startTime: 0n }), jaegerSpan(members), last];
  const { spanCount, rejected } = admitJaeger({ process, spans });
  expect([spanCount, rejected?.spans, rejected?.error.code, rejected?.error.message]).toEqual([
    2,
    2,
    'TL_JAEGER_MALFORMED',
    `a span is left out because ${defect}`,
  ]);
});

test('nothing of any batch is lost', () => {
  fc.assert(
    fc.property(batchArbitrary, (batch) => {
      const [resourceSpans] = decoded(batch).resourceSpans;
      const spans = (resourceSpans.scopeSpans ?? []).flatMap((scope) => scope.spans);
      const expected = new Map<string, JaegerSpan[]>();
      for (const span of batch.spans) {
        expected.set(span.operationName, [...(expected.get(span.operationName) ?? []), span]);
      }
      expect(spans).toHaveLength(batch.spans.length);
      for (const span of spans) {
        const jaeger = expected.get(String(span.name ?? ''))?.shift() as JaegerSpan;
        expect(BigInt(String(span.startTimeUnixNano ?? 0))).toBe(jaeger.startTime * 1_000n);
        const endUs = jaeger.startTime + jaeger.duration;
        expect(BigInt(String(span.endTimeUnixNano ?? 0))).toBe(endUs * 1_000n);
        expect((span.events as unknown[] | undefined)?.length ?? 0).toBe(jaeger.logs?.length ?? 0);
        const attributes = new Map(
          (span.attributes ?? []).map(({ key = '', value }) => [key, value]),
        );
        const last = new Map((jaeger.tags ?? []).map((tag) => [tag.key, tag]));
        for (const [key, tag] of last) {
          if (attributes.has(key)) expect(attributes.get(key)).toEqual(decodedValue(tag));
          else expect(['error', 'span.kind', 'otel.status_code']).toContain(key);
        }
      }
    }),
  );
});

/** A tag's value as the OTLP decoder writes it. */
function decodedValue(tag: JaegerTag): unknown {
  if (tag.vStr !== undefined) return { stringValue: Buffer.from(tag.vStr).toString() };
  if (tag.vDouble !== undefined) return { doubleValue: tag.vDouble };
  if (tag.vBool !== undefined) return { boolValue: tag.vBool };
  if (tag.vLong !== undefined) return { intValue: String(tag.vLong) };
  return { bytesValue: Buffer.from(tag.vBinary ?? []).toString('base64') };
}
