import { ThroughlineError } from '@throughline/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { admitJson } from './otlp-json.ts';
import { checkOtlpWire, VALUE_DEPTH_MAX } from './otlp-wire.ts';
import {
  decodeRequest,
  encodeRequest,
  jsonRequest,
  nestedValue,
  requestArbitrary,
  requestOf,
  spanCountOf,
  spoiledRequestArbitrary,
} from './testing/otlp.ts';

const SPAN = 'resourceSpans[0].scopeSpans[0].spans[0]';
const IDS = '"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"eee19b7ec3c1b174"';

/** A request of one span with valid ids and the given further members, as JSON text. */
function spanText(members: string): Uint8Array {
  return Buffer.from(`{"resourceSpans":[{"scopeSpans":[{"spans":[{${IDS}${members}}]}]}]}`);
}

/** The one span as a decoder reads it. */
function spanOf(members: string): unknown {
  const request = decodeRequest(admitJson(spanText(members)).record) as {
    resourceSpans: [{ scopeSpans: [{ spans: [Record<string, unknown>] }] }];
  };
  return request.resourceSpans[0].scopeSpans[0].spans[0];
}

function attributeOf(value: string): unknown {
  return spanOf(`,"attributes":[{"key":"k","value":${value}}]`);
}

function messageOf(text: string | Uint8Array): string {
  try {
    admitJson(Buffer.from(text));
    return 'accepted';
  } catch (error) {
    expect(error).toBeInstanceOf(ThroughlineError);
    expect((error as ThroughlineError).code).toBe('TL_OTLP_MALFORMED');
    return (error as ThroughlineError).message;
  }
}

test('a request in JSON becomes the bytes that a protobuf encoder writes for it', () => {
  fc.assert(
    fc.property(requestArbitrary, (request) => {
      const { record, spanCount, rejected } = admitJson(jsonRequest(request));
      expect(Buffer.from(record)).toEqual(Buffer.from(encodeRequest(request)));
      expect([spanCount, rejected]).toEqual([spanCountOf(request), undefined]);
    }),
  );
});

test('spans with a defect are left out, and everything else stays as it was', () => {
  fc.assert(
    fc.property(spoiledRequestArbitrary, ({ request, withoutSpoiled }) => {
      const text = jsonRequest(request);
      const left = spanCountOf(withoutSpoiled);
      const spoiled = spanCountOf(request) - left;
      if (left === 0 && spoiled > 0) {
        expect(() => admitJson(text)).toThrow(ThroughlineError);
        return;
      }
      const { record, spanCount, rejected } = admitJson(text);
      expect([spanCount, rejected?.spans ?? 0]).toEqual([left, spoiled]);
      expect(Buffer.from(record)).toEqual(Buffer.from(encodeRequest(withoutSpoiled)));
    }),
    { numRuns: 300 },
  );
});

test('whatever is admitted of broken JSON passes the check, and its spans are counted', () => {
  let cut = 0;
  const pieces = fc.constantFrom('"', '{', '}', '[', ']', ',', '0', 'null', '-1', '"x"', '\\u0000');
  fc.assert(
    fc.property(
      requestArbitrary,
      fc.array(fc.tuple(fc.nat(), fc.nat(12), pieces), { minLength: 1, maxLength: 3 }),
      (request, changes) => {
        let text = Buffer.from(jsonRequest(request)).toString();
        for (const [at, length, piece] of changes) {
          const place = at % (text.length + 1);
          text = text.slice(0, place) + piece + text.slice(place + length);
        }
        try {
          const { record, spanCount, rejected } = admitJson(Buffer.from(text));
          expect(checkOtlpWire(record).spanCount).toBe(spanCount);
          cut += rejected?.spans ?? 0;
        } catch (error) {
          expect(error).toBeInstanceOf(ThroughlineError);
        }
      },
    ),
    { numRuns: 2_000 },
  );
  expect(cut).toBeGreaterThan(0);
});

test('any JSON is read or refused with a code', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      messageOf(text);
      messageOf(`{"resourceSpans":[{"scopeSpans":[{"spans":[${text}]}]}]}`);
      messageOf(spanText(`,"attributes":[{"value":${text}}],"name":${text},"kind":${text}`));
    }),
  );
});

test('ids are hex of either case', () => {
  expect(spanOf(',"parentSpanId":"00F067aa0BA902B7"')).toEqual({
    traceId: Buffer.from('5b8efff798038103d269b633813fc60c', 'hex').toString('base64'),
    spanId: Buffer.from('eee19b7ec3c1b174', 'hex').toString('base64'),
    parentSpanId: Buffer.from('00f067aa0ba902b7', 'hex').toString('base64'),
  });
});

test('64-bit integers are exact as number and as string', () => {
  const exact = { startTimeUnixNano: '1544712660000000001' };
  expect(spanOf(',"startTimeUnixNano":1544712660000000001')).toMatchObject(exact);
  expect(spanOf(',"startTimeUnixNano":"1544712660000000001"')).toMatchObject(exact);
  for (const integer of [
    '-9223372036854775808',
    '9223372036854775807',
    '-1',
    '0',
    '9007199254740993',
  ]) {
    const stored = { attributes: [{ key: 'k', value: { intValue: integer } }] };
    expect(attributeOf(`{"intValue":${integer}}`)).toMatchObject(stored);
    expect(attributeOf(`{"intValue":"${integer}"}`)).toMatchObject(stored);
  }
});

test('a long number is a double where a double is meant', () => {
  expect(attributeOf('{"doubleValue":12345678901234567890}')).toMatchObject({
    attributes: [{ value: { doubleValue: 1.2345678901234567e19 } }],
  });
  expect(attributeOf('{"doubleValue":"-Infinity"}')).toMatchObject({
    attributes: [{ value: { doubleValue: Number.NEGATIVE_INFINITY } }],
  });
});

test('null means absent, and unknown keys are ignored', () => {
  const plain = spanOf('');
  expect(spanOf(',"name":null,"status":null,"events":null,"attributes":[]')).toEqual(plain);
  expect(spanOf(',"start_time_unix_nano":5,"fancy":{"deep":[1]}')).toEqual(plain);
  expect(attributeOf('null')).toMatchObject({ attributes: [{ key: 'k' }] });
});

test('a __proto__ key is an unknown key like any other', () => {
  expect(spanOf(',"__proto__":{"name":"evil"}')).toEqual(spanOf(''));
  expect(({} as Record<string, unknown>).name).toBeUndefined();
});

test('bytes are base64 of either alphabet, padded or not', () => {
  for (const text of ['+/8=', '-_8=', '-_8']) {
    expect(attributeOf(`{"bytesValue":"${text}"}`)).toMatchObject({
      attributes: [{ value: { bytesValue: '+/8=' } }],
    });
  }
});

test.each<[string, string, string]>([
  ['an id that is not hex', ',"parentSpanId":"xyz"', 'parentSpanId: "xyz" is not hex'],
  ['an enum name', ',"kind":"SPAN_KIND_SERVER"', 'kind: "SPAN_KIND_SERVER", but OTLP/JSON sends'],
  ['a fraction', ',"startTimeUnixNano":1.5', 'startTimeUnixNano: 1.5, expected an exact integer'],
  ['an inexact integer', ',"startTimeUnixNano":1e19', 'startTimeUnixNano: 10000000000000000000'],
  ['a negative time', ',"startTimeUnixNano":"-1"', 'startTimeUnixNano: -1, expected 0 to 1844'],
  ['a time beyond 64 bits', ',"endTimeUnixNano":18446744073709551616', 'endTimeUnixNano: 18446744'],
  ['a count beyond 32 bits', ',"droppedLinksCount":4294967296', 'droppedLinksCount: 4294967296'],
  ['a number as name', ',"name":5', 'name: 5, expected a string'],
  ['an object for a list', ',"events":{}', 'events: an object, expected an array'],
  ['a list for an object', ',"status":[]', 'status: an array, expected an object'],
  ['null in a list', ',"events":[{},null]', 'events[1]: null, expected an object'],
  ['half a surrogate pair', ',"name":"\\ud800"', 'name: half of a surrogate pair'],
  ['a link without ids', ',"links":[{}]', 'links[0]: no traceId'],
])('%s is refused by path and name', (_, members, message) => {
  expect(messageOf(spanText(members))).toContain(`${SPAN}.${message}`);
});

test.each<[string, string, string]>([
  ['an integer beyond 64 bits', '{"intValue":"9223372036854775808"}', 'intValue: 92233720368547'],
  ['a word as boolean', '{"boolValue":"true"}', 'boolValue: "true", expected true or false'],
  ['a word as double', '{"doubleValue":"much"}', 'doubleValue: "much", expected a number'],
  ['broken base64', '{"bytesValue":"a"}', 'bytesValue: not base64'],
  ['two values', '{"intValue":1,"boolValue":true}', ': a second value in one AnyValue'],
])('as a value, %s is refused by path and name', (_, value, message) => {
  const text = spanText(`,"attributes":[{"key":"k","value":${value}}]`);
  expect(messageOf(text)).toContain(`${SPAN}.attributes[0].value`);
  expect(messageOf(text)).toContain(message);
});

test('what is not JSON, not UTF-8 or not an object is refused', () => {
  expect(messageOf('{"resourceSpans":')).toMatch(/^not JSON: /);
  expect(messageOf(Uint8Array.of(0x22, 0xff, 0x22))).toMatch(/^not JSON: /);
  expect(messageOf('[]')).toBe('ExportTraceServiceRequest: an array, expected an object');
  expect(messageOf('null')).toBe('ExportTraceServiceRequest: null, expected an object');
});

test('values nest to the limit; a bomb of brackets is refused, also beside a long integer', () => {
  const request = (depth: number) =>
    jsonRequest(requestOf({ attributes: [{ key: 'deep', value: nestedValue(depth) }] }));
  expect(messageOf(request(VALUE_DEPTH_MAX))).toBe('accepted');
  expect(messageOf(request(VALUE_DEPTH_MAX + 1))).toContain('values nested deeper than 32');

  const open = '{"arrayValue":{"values":['.repeat(200_000);
  const close = ']}}'.repeat(200_000);
  const bomb = `,"attributes":[{"key":"k","value":${open}${close}}]`;
  expect(messageOf(spanText(bomb))).toContain('values nested deeper than 32');
  const withLongInteger = `${bomb},"startTimeUnixNano":1544712660000000001`;
  expect(messageOf(spanText(withLongInteger))).toContain('values nested deeper than 32');
});

/** The message and hint with which a whole request is refused. */
function refusalOf(text: string): string {
  try {
    admitJson(Buffer.from(text));
    return 'accepted';
  } catch (error) {
    const { message, hint } = error as ThroughlineError;
    return `${message}. ${hint}`;
  }
}

test.each([
  ['a trace id', { traceId: 'W47/95gDgQPSabYzgT/GDA==', spanId: '00f067aa0ba902b7' }, 'traceId'],
  ['a span id', { traceId: 'ab'.repeat(16), spanId: 'APBnqgupArc=' }, 'spanId'],
  ['a URL-safe one without padding', { traceId: 'ab'.repeat(16), spanId: 'APBnqg-pAr_' }, 'spanId'],
])('%s in base64 is refused, and the message names the fix', (_, span, key) => {
  const text = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
  expect(refusalOf(text)).toMatch(
    new RegExp(
      `^resourceSpans\\[0\\].scopeSpans\\[0\\].spans\\[0\\].${key}: ".*" looks like base64; ` +
        'OTLP/JSON sends ids as hex. Upgrade the exporter, or have it send protobuf.$',
    ),
  );
});

test('an enum name is refused, and the message names the fix', () => {
  expect(refusalOf(spanText(',"kind":"SPAN_KIND_SERVER"').toString())).toBe(
    `${SPAN}.kind: "SPAN_KIND_SERVER", but OTLP/JSON sends enums as integers. ` +
      'Upgrade the exporter, or have it send protobuf.',
  );
});

test('ids under keys in snake_case are refused, and the message says what the keys are', () => {
  const span = { trace_id: 'ab'.repeat(16), span_id: 'cd'.repeat(8) };
  const text = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
  expect(refusalOf(text)).toBe(
    `${SPAN}: no traceId. OTLP/JSON calls trace_id traceId. ` +
      'Upgrade the exporter, or have it send protobuf.',
  );
});

test('of a span that cannot be read nothing is written', () => {
  const ids = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) };
  const value = { arrayValue: { values: [{ stringValue: 'x' }, { boolValue: 'no' }] } };
  const deep = { ...ids, name: 'written first', attributes: [{ key: 'k', value }] };
  const read = (...spans: object[]) =>
    admitJson(Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] })));
  const good = [
    { ...ids, name: 'a' },
    { ...ids, name: 'b' },
  ] as const;
  const { record, spanCount, rejected } = read(good[0], deep, { ...ids, kind: 'x' }, good[1]);
  expect(Buffer.from(record)).toEqual(Buffer.from(read(...good).record));
  expect([spanCount, rejected?.spans]).toEqual([2, 2]);
  expect(rejected?.message).toBe(
    '2 of 4 spans are left out; the first: TL_OTLP_MALFORMED: ' +
      'resourceSpans[0].scopeSpans[0].spans[1].attributes[0].value.arrayValue.values[1].boolValue: ' +
      '"no", expected true or false',
  );

  expect(() => read({ ...ids, links: 5 })).toThrow(`${SPAN}.links: 5, expected an array`);
});

test('other keys in snake_case are ignored with a warning', () => {
  const { spanCount, rejected } = admitJson(spanText(',"start_time_unix_nano":"5"'));
  expect([spanCount, rejected?.spans]).toEqual([1, 0]);
  expect(rejected?.message).toBe(
    `TL_OTLP_MALFORMED: ${SPAN}.start_time_unix_nano: ignored, as unknown keys are. ` +
      'OTLP/JSON calls start_time_unix_nano startTimeUnixNano. ' +
      'Upgrade the exporter, or have it send protobuf.',
  );
  expect(admitJson(spanText(',"fancy_new_key":1')).rejected).toBeUndefined();
});
