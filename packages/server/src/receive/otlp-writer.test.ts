import { expect, test } from 'vitest';
import { checkOtlpWire } from './otlp-wire.ts';
import { encodeTraceRequest, SPAN_KIND, STATUS_CODE, type TraceRequest } from './otlp-writer.ts';
import { decodeRequest } from './testing/otlp.ts';

const TRACE_ID = new Uint8Array(16).fill(0xab);
const SPAN_ID = new Uint8Array(8).fill(0xcd);

test('every member of a request is written under its field number', () => {
  const request: TraceRequest = {
    resourceSpans: [
      {
        resource: {
          attributes: [{ key: 'service.name', value: { stringValue: 'gateway' } }],
          droppedAttributesCount: 1,
        },
        scopeSpans: [
          {
            scope: { name: 'scope', version: '1.2' },
            spans: [
              {
                traceId: TRACE_ID,
                spanId: SPAN_ID,
                traceState: 'a=b',
                parentSpanId: SPAN_ID,
                name: 'send ü',
                kind: SPAN_KIND.client,
                startTimeUnixNano: 1_700_000_000_000_000_001n,
                endTimeUnixNano: 1_700_000_000_000_000_002n,
                attributes: [
                  { key: 'bool', value: { boolValue: false } },
                  { key: 'int', value: { intValue: -(2n ** 63n) } },
                  { key: 'double', value: { doubleValue: 0.25 } },
                  { key: 'bytes', value: { bytesValue: Uint8Array.of(0, 255) } },
                ],
                droppedAttributesCount: 2,
                events: [
                  { timeUnixNano: 5n, name: 'e', attributes: [], droppedAttributesCount: 3 },
                ],
                droppedEventsCount: 4,
                links: [{ traceId: TRACE_ID, spanId: SPAN_ID, attributes: [] }],
                droppedLinksCount: 5,
                status: { message: 'refused', code: STATUS_CODE.error },
                flags: 1,
              },
            ],
          },
        ],
      },
    ],
  };
  const bytes = encodeTraceRequest(request);
  expect(checkOtlpWire(bytes)).toEqual({ spanCount: 1 });
  const base64 = (id: Uint8Array) => Buffer.from(id).toString('base64');
  expect(decodeRequest(bytes)).toEqual({
    resourceSpans: [
      {
        resource: {
          attributes: [{ key: 'service.name', value: { stringValue: 'gateway' } }],
          droppedAttributesCount: 1,
        },
        scopeSpans: [
          {
            scope: { name: 'scope', version: '1.2' },
            spans: [
              {
                traceId: base64(TRACE_ID),
                spanId: base64(SPAN_ID),
                traceState: 'a=b',
                parentSpanId: base64(SPAN_ID),
                name: 'send ü',
                kind: 3,
                startTimeUnixNano: '1700000000000000001',
                endTimeUnixNano: '1700000000000000002',
                attributes: [
                  { key: 'bool', value: { boolValue: false } },
                  { key: 'int', value: { intValue: '-9223372036854775808' } },
                  { key: 'double', value: { doubleValue: 0.25 } },
                  { key: 'bytes', value: { bytesValue: 'AP8=' } },
                ],
                droppedAttributesCount: 2,
                events: [{ timeUnixNano: '5', name: 'e', droppedAttributesCount: 3 }],
                droppedEventsCount: 4,
                links: [{ traceId: base64(TRACE_ID), spanId: base64(SPAN_ID) }],
                droppedLinksCount: 5,
                status: { message: 'refused', code: 2 },
                flags: 1,
              },
            ],
          },
        ],
      },
    ],
  });
});

test('an absent or undefined member is not written', () => {
  const empty = { attributes: [], droppedAttributesCount: undefined };
  const bytes = encodeTraceRequest({ resourceSpans: [{ resource: empty, scopeSpans: [] }] });
  expect(decodeRequest(bytes)).toEqual({ resourceSpans: [{ resource: {} }] });
});
