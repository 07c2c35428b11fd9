import { ThroughlineError } from '@throughline/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ATTRIBUTES_MAX,
  admit,
  checkOtlpWire,
  SPANS_PER_REQUEST_MAX,
  VALUE_DEPTH_MAX,
} from './otlp-wire.ts';
import {
  decodeRequest,
  encodeRequest,
  nestedValue,
  rawField,
  rawLen,
  rawVarint,
  requestArbitrary,
  requestOf,
  spanCountOf,
  spoiledRequestArbitrary,
} from './testing/otlp.ts';

const TRACE_ID = rawLen(1, Buffer.alloc(16, 1));
const SPAN_ID = rawLen(2, Buffer.alloc(8, 2));
const SPAN = 'resource_spans[0].scope_spans[0].spans[0]';

/** A request of one span, whose fields are the given bytes. */
function rawRequest(...spanFields: number[]): Uint8Array {
  return Uint8Array.from(rawLen(1, rawLen(2, rawLen(2, spanFields))));
}

/** The same with valid ids before the given fields. */
function rawSpan(...fields: number[]): Uint8Array {
  return rawRequest(...TRACE_ID, ...SPAN_ID, ...fields);
}

/** The error of the check, or undefined when the bytes pass. */
function defectOf(bytes: Uint8Array): ThroughlineError | undefined {
  try {
    checkOtlpWire(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof ThroughlineError) return error;
    throw error;
  }
}

test('every valid request passes, and its spans are counted', () => {
  fc.assert(
    fc.property(requestArbitrary, (request) => {
      expect(checkOtlpWire(encodeRequest(request)).spanCount).toBe(spanCountOf(request));
    }),
  );
});

test('what is cut off anywhere is refused with a code, or is itself a whole request', () => {
  fc.assert(
    fc.property(requestArbitrary, (request) => {
      const bytes = encodeRequest(request);
      for (let length = 0; length < bytes.length; length += 1) {
        const part = bytes.subarray(0, length);
        const defect = defectOf(part);
        if (defect === undefined) decodeRequest(part);
        else expect(defect.code).toBe('TL_OTLP_MALFORMED');
      }
    }),
    { numRuns: 20 },
  );
});

test('with a byte changed, a request is refused with a code or still decodes', () => {
  fc.assert(
    fc.property(requestArbitrary, fc.nat(), fc.nat(255), (request, place, byte) => {
      const bytes = encodeRequest(request);
      bytes[place % Math.max(bytes.length, 1)] = byte;
      if (defectOf(bytes) === undefined) decodeRequest(bytes);
    }),
    { numRuns: 1_000 },
  );
});

test('random bytes never make the check fail in another way', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void defectOf(bytes)),
    { numRuns: 2_000 },
  );
});

test.each<[string, Uint8Array, string]>([
  [
    'a short trace id',
    rawRequest(...rawLen(1, [1, 2, 3]), ...SPAN_ID),
    'trace_id: 3 bytes, expected 16',
  ],
  ['a long span id', rawRequest(...TRACE_ID, ...rawLen(2, Buffer.alloc(9, 1))), 'span_id: 9 bytes'],
  [
    'an all-zero trace id',
    rawRequest(...rawLen(1, Buffer.alloc(16)), ...SPAN_ID),
    'trace_id: all zero',
  ],
  ['a parent id of 4 bytes', rawSpan(...rawLen(4, [1, 2, 3, 4])), 'parent_span_id: 4 bytes'],
  ['a name that is not UTF-8', rawSpan(...rawLen(5, [0x61, 0xff])), 'name: not UTF-8'],
  [
    'a long name that is not UTF-8',
    rawSpan(...rawLen(5, Buffer.alloc(99, 0xc3))),
    'name: not UTF-8',
  ],
  ['a name as varint', rawSpan(...rawField(5, 0, 7)), 'name: wire type 0, expected 2'],
  ['a kind as bytes', rawSpan(...rawLen(6, [1])), 'kind: wire type 2, expected 0'],
  ['a kind beyond int32', rawSpan(...rawField(6, 0, ...rawVarint(2 ** 31))), 'kind: 2147483648'],
  [
    'a count beyond uint32',
    rawSpan(...rawField(10, 0, ...rawVarint(2 ** 32))),
    'count: 4294967296',
  ],
  [
    'a time after 2262',
    rawSpan(...rawField(7, 1, ...Buffer.alloc(8, 0xff))),
    'nano: after the year',
  ],
  ['a name sent twice', rawSpan(...rawLen(5, [65]), ...rawLen(5, [66])), 'name: sent twice'],
  ['a status sent twice', rawSpan(...rawLen(15, []), ...rawLen(15, [])), 'status: sent twice'],
  [
    'a name longer than the span',
    rawSpan(...rawField(5, 2, 9, 65)),
    'name: 9 bytes long, but only 1',
  ],
  ['a fixed32 cut off', rawSpan(...rawField(16, 5, 1, 2)), 'flags: 4 bytes long, but only 2'],
  [
    'a varint of 11 bytes',
    rawSpan(...rawField(6, 0), ...Buffer.alloc(11, 0x80)),
    'kind: an overlong',
  ],
  [
    'a varint of 65 bits',
    rawSpan(...rawField(6, 0), ...Buffer.alloc(9, 0x80), 2),
    'kind: an overlong',
  ],
  ['a varint cut off', rawSpan(...rawField(6, 0), 0x80), 'kind: a varint cut off'],
  ['a group', rawSpan(...rawField(77, 3), ...rawField(77, 4)), 'field 77: a group'],
  ['a wire type 7', rawSpan(...rawField(77, 7)), 'field 77: wire type 7 does not exist'],
  ['a field numbered 0', rawSpan(...rawField(0, 0, 1)), 'field 0: field numbers start at 1'],
  ['a field numbered 2^29', rawSpan(...rawField(2 ** 29, 0, 1)), 'field numbers end at 536870911'],
  ['an unknown field cut off', rawSpan(...rawField(99, 2, 5, 1)), 'field 99: 5 bytes long'],
])('%s is refused by name and place', (_, bytes, message) => {
  expect(defectOf(bytes)?.message).toContain(message);
  expect(defectOf(bytes)?.message).toContain(`${SPAN}.`);
  expect(defectOf(bytes)?.code).toBe('TL_OTLP_MALFORMED');
});

test('a varint of ten bytes whose last is 0 is refused: the engine cannot read it', () => {
  const padded = rawSpan(...rawField(77, 0), ...Buffer.alloc(9, 0x80), 0);
  expect(defectOf(padded)?.message).toBe(`${SPAN}.field 77: an overlong varint`);
});

test('a missing id is refused at the message that lacks it', () => {
  expect(defectOf(rawRequest(...TRACE_ID))?.message).toBe(`${SPAN}: no span_id`);
  expect(defectOf(rawRequest())?.message).toBe(`${SPAN}: no trace_id`);
  const links = [{ traceId: Buffer.alloc(16, 1), spanId: Buffer.alloc(8, 1) }, {}];
  const bytes = encodeRequest(requestOf({ links }));
  expect(defectOf(bytes)?.message).toBe(`${SPAN}.links[1]: no trace_id`);
});

test('the path counts repeated messages and goes into nested values', () => {
  const good = { key: 'a', value: { intValue: '1' } };
  const bad = { key: 'b', value: { arrayValue: { values: [{}, { stringValue: 'MARK' }] } } };
  const bytes = encodeRequest(requestOf({}, {}, { name: 'x', attributes: [good, good, bad] }));
  const at = Buffer.from(bytes).indexOf('MARK');
  bytes[at] = 0xff;
  expect(defectOf(bytes)?.message).toBe(
    'resource_spans[0].scope_spans[0].spans[2].attributes[2].value.array_value.values[1]' +
      '.string_value: not UTF-8',
  );
});

test('two values in one AnyValue are refused', () => {
  const value = [...rawField(2, 0, 1), ...rawField(3, 0, 5)];
  const bytes = rawSpan(...rawLen(9, rawLen(2, value)));
  expect(defectOf(bytes)?.message).toContain('int_value: a second value in one AnyValue');
});

test('a tag that never ends is placed in its message', () => {
  expect(defectOf(Uint8Array.of(0x80))?.message).toBe(
    'ExportTraceServiceRequest: a varint cut off',
  );
  expect(defectOf(rawSpan(0xff))?.message).toBe(`${SPAN}: a varint cut off`);
});

test('unknown fields of every wire type are skipped', () => {
  const unknown = [
    ...rawField(2 ** 29 - 1, 0, ...Buffer.alloc(9, 0xff), 1),
    ...rawField(40, 1, 1, 2, 3, 4, 5, 6, 7, 8),
    ...rawLen(50, [1, 2, 3]),
    ...rawField(60, 5, 1, 2, 3, 4),
  ];
  expect(checkOtlpWire(rawSpan(...unknown)).spanCount).toBe(1);
});

test('values may nest to the limit and no deeper', () => {
  const request = (depth: number) =>
    encodeRequest(requestOf({ attributes: [{ key: 'deep', value: nestedValue(depth) }] }));
  expect(defectOf(request(VALUE_DEPTH_MAX))).toBeUndefined();
  expect(defectOf(request(VALUE_DEPTH_MAX + 1))?.message).toContain('nested deeper than 32');
});

test('a span may have attributes to the limit and no more', () => {
  const attributes = Array.from({ length: ATTRIBUTES_MAX + 1 }, (_, i) => ({ key: `k${i}` }));
  expect(defectOf(encodeRequest(requestOf({ attributes: attributes.slice(1) })))).toBeUndefined();
  const defect = defectOf(encodeRequest(requestOf({ attributes })));
  expect(defect?.code).toBe('TL_OTLP_TOO_LARGE');
  expect(defect?.message).toBe(`${SPAN}.attributes[1024]: more than 1024 entries`);
});

test('a request may have spans to the limit and no more', () => {
  const span = Buffer.from(rawLen(2, [...TRACE_ID, ...SPAN_ID]));
  const request = (spanCount: number): Uint8Array => {
    const spans = Buffer.concat(Array.from({ length: spanCount }, () => span));
    const scope = Buffer.concat([Buffer.from(rawField(2, 2, ...rawVarint(spans.length))), spans]);
    return Buffer.concat([Buffer.from(rawField(1, 2, ...rawVarint(scope.length))), scope]);
  };
  expect(checkOtlpWire(request(SPANS_PER_REQUEST_MAX)).spanCount).toBe(SPANS_PER_REQUEST_MAX);
  expect(defectOf(request(SPANS_PER_REQUEST_MAX + 1))?.code).toBe('TL_OTLP_TOO_LARGE');
});

test('a request without a defect is admitted as it is', () => {
  const bytes = encodeRequest(requestOf({}, {}));
  expect(admit(bytes)).toEqual({ record: bytes, spanCount: 2, rejected: undefined });
  expect(admit(bytes).record).toBe(bytes);
  expect(admit(new Uint8Array())).toMatchObject({ spanCount: 0, rejected: undefined });
});

test('spans with a defect are left out, and everything else stays as it was', () => {
  fc.assert(
    fc.property(spoiledRequestArbitrary, ({ request, withoutSpoiled }) => {
      const bytes = encodeRequest(request);
      const left = spanCountOf(withoutSpoiled);
      const spoiled = spanCountOf(request) - left;
      if (left === 0 && spoiled > 0) {
        expect(() => admit(bytes)).toThrow(ThroughlineError);
        return;
      }
      const { record, spanCount, rejected } = admit(bytes);
      expect([spanCount, rejected?.spans ?? 0]).toEqual([left, spoiled]);
      expect(Buffer.from(record)).toEqual(Buffer.from(encodeRequest(withoutSpoiled)));
    }),
    { numRuns: 300 },
  );
});

test('whatever is admitted of broken bytes passes the check, and its spans are counted', () => {
  let cut = 0;
  fc.assert(
    fc.property(
      requestArbitrary,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 }),
      (request, changes) => {
        const bytes = encodeRequest(request);
        for (const [place, byte] of changes) bytes[place % Math.max(bytes.length, 1)] = byte;
        try {
          const { record, spanCount, rejected } = admit(bytes);
          expect(checkOtlpWire(record).spanCount).toBe(spanCount);
          decodeRequest(record);
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

test('a span whose bytes make no sense costs only itself, since its length is known', () => {
  const good = rawLen(2, [...TRACE_ID, ...SPAN_ID]);
  const senseless = rawLen(2, [0xff, 0xff, 0xff]);
  const request = (...spans: number[][]) => Uint8Array.from(rawLen(1, rawLen(2, spans.flat())));
  const { record, spanCount, rejected } = admit(request(senseless, good, senseless));
  expect([spanCount, rejected?.spans]).toEqual([1, 2]);
  expect(Buffer.from(record)).toEqual(Buffer.from(request(good)));
  expect(rejected?.message).toBe(
    `2 of 3 spans are left out; the first: TL_OTLP_MALFORMED: ${SPAN}: a varint cut off`,
  );
});

test('a defect outside of spans costs the request, also behind a span that is left out', () => {
  const spans = rawLen(2, [...rawLen(2, []), ...rawLen(2, [...TRACE_ID, ...SPAN_ID])]);
  const scope = rawLen(2, rawLen(1, rawLen(1, [0xff])));
  const bytes = Uint8Array.from(rawLen(1, [...spans, ...scope]));
  expect(() => admit(bytes)).toThrow('resource_spans[0].scope_spans[1].scope.name: not UTF-8');
});

test('a span over a limit is left out like any other', () => {
  const attributes = Array.from({ length: ATTRIBUTES_MAX + 1 }, (_, i) => ({ key: `k${i}` }));
  const { rejected } = admit(encodeRequest(requestOf({ attributes }, {})));
  expect(rejected?.error.code).toBe('TL_OTLP_TOO_LARGE');
  expect(rejected?.message).toContain('Send smaller batches');
});
