import fc from 'fast-check';
import protobuf from 'protobufjs';

/**
 * OTLP as senders make it, for tests: encoded by protobufjs from opentelemetry-proto as its authors
 * wrote it down, not from our own tables, so that the two are held against each other.
 */
const { root } = protobuf.parse(`syntax = "proto3";
  message Request { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans {
    Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3;
  }
  message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
  message ScopeSpans { Scope scope = 1; repeated Span spans = 2; string schema_url = 3; }
  message Scope {
    string name = 1; string version = 2; repeated KeyValue attributes = 3;
    uint32 dropped_attributes_count = 4;
  }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4;
    string name = 5; int32 kind = 6; fixed64 start_time_unix_nano = 7;
    fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
    uint32 dropped_attributes_count = 10; repeated Event events = 11;
    uint32 dropped_events_count = 12; repeated Link links = 13; uint32 dropped_links_count = 14;
    Status status = 15; fixed32 flags = 16;
  }
  message Event {
    fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3;
    uint32 dropped_attributes_count = 4;
  }
  message Link {
    bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4;
    uint32 dropped_attributes_count = 5; fixed32 flags = 6;
  }
  message Status { string message = 2; int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue {
    oneof value {
      string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
      ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7;
    }
  }
  message ArrayValue { repeated AnyValue values = 1; }
  message KeyValueList { repeated KeyValue values = 1; }
  message Response { PartialSuccess partial_success = 1; }
  message PartialSuccess { int64 rejected_spans = 1; string error_message = 2; }
  message RpcStatus { int32 code = 1; string message = 2; repeated Any details = 3; }
  message Any { string type_url = 1; bytes value = 2; }
  message BadRequest { repeated FieldViolation field_violations = 1; }
  message FieldViolation { string field = 1; string description = 2; }
  message RetryInfo { Duration retry_delay = 1; }
  message Duration { int64 seconds = 1; int32 nanos = 2; }`);
const Request = root.lookupType('Request');
const Response = root.lookupType('Response');
const RpcStatus = root.lookupType('RpcStatus');

/** In the words of OTLP/JSON, but ids and bytes are bytes and 64-bit integers decimal strings. */
export interface OtlpRequest {
  resourceSpans?: OtlpResourceSpans[];
}

interface OtlpResourceSpans {
  resource?: object;
  scopeSpans?: { scope?: object; spans?: object[]; schemaUrl?: string }[];
  schemaUrl?: string;
}

export function encodeRequest(request: OtlpRequest): Uint8Array {
  return Request.encode(Request.fromObject(request)).finish();
}

/** What a decoder reads out of the bytes, for comparing meanings; 64-bit integers are strings. */
export function decodeRequest(bytes: Uint8Array): Record<string, unknown> {
  return Request.toObject(Request.decode(bytes), { longs: String, bytes: String });
}

/** An answer of success as it is in JSON. */
export function decodeResponse(bytes: Uint8Array): unknown {
  return Response.toObject(Response.decode(bytes), { longs: String });
}

/** A `google.rpc.Status` as it is in JSON, but a duration is still an object. */
export function decodeRpcStatus(bytes: Uint8Array): RpcStatusJson {
  const { details, ...status } = RpcStatus.toObject(RpcStatus.decode(bytes));
  if (details === undefined) return status as RpcStatusJson;
  return { ...status, details: (details as AnyMessage[]).map(decodeAny) } as RpcStatusJson;
}

export interface RpcStatusJson {
  code: number;
  message: string;
  details?: Record<string, unknown>[];
}

interface AnyMessage {
  typeUrl: string;
  value: Uint8Array;
}

function decodeAny({ typeUrl, value }: AnyMessage): Record<string, unknown> {
  const type = root.lookupType(typeUrl.slice(typeUrl.lastIndexOf('.') + 1));
  return { '@type': typeUrl, ...type.toObject(type.decode(value), { longs: String }) };
}

/** The same request as an OTLP/JSON text. */
export function jsonRequest(request: OtlpRequest): Uint8Array {
  const text = JSON.stringify(request, (key, value: unknown) => {
    if (value instanceof Uint8Array) {
      return Buffer.from(value).toString(key === 'bytesValue' ? 'base64' : 'hex');
    }
    if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
    return value;
  });
  return Buffer.from(text);
}

/** A request with these spans, each completed with valid ids. */
export function requestOf(...spans: object[]): OtlpRequest {
  const complete = spans.map((span) => ({
    traceId: new Uint8Array(16).fill(0xab),
    spanId: new Uint8Array(8).fill(0xcd),
    ...span,
  }));
  return { resourceSpans: [{ scopeSpans: [{ spans: complete }] }] };
}

/** A value inside `depth - 1` arrays, so that the innermost one has this depth. */
export function nestedValue(depth: number): object {
  let value: object = { boolValue: true };
  for (let level = 1; level < depth; level += 1) value = { arrayValue: { values: [value] } };
  return value;
}

export function spanCountOf(request: OtlpRequest): number {
  const scopes = (request.resourceSpans ?? []).flatMap((resource) => resource.scopeSpans ?? []);
  return scopes.reduce((sum, scope) => sum + (scope.spans?.length ?? 0), 0);
}

// Default values are left out, as every proto3 encoder does; so one request has one encoding.
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 });
const id = (size: number) =>
  fc.uint8Array({ minLength: size, maxLength: size }).filter((bytes) => bytes.some((b) => b > 0));
const count = fc.integer({ min: 1, max: 2 ** 32 - 1 });
const time = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }).map(String);

const { keyValue } = fc.letrec<{ keyValue: object; value: object }>((tie) => ({
  keyValue: fc.record({ key: text, value: tie('value') }, { requiredKeys: [] }),
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({ stringValue: fc.string({ unit: 'grapheme' }) }),
    fc.record({ boolValue: fc.boolean() }),
    fc.record({ intValue: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String) }),
    fc.record({ doubleValue: fc.double().filter((double) => !Object.is(double, -0)) }),
    fc.record({ bytesValue: fc.uint8Array({ maxLength: 40 }) }),
    fc.constant({}),
    fc.record({ arrayValue: fc.record({ values: fc.array(tie('value'), { maxLength: 3 }) }) }),
    fc.record({ kvlistValue: fc.record({ values: fc.array(tie('keyValue'), { maxLength: 3 }) }) }),
  ),
}));
const attributes = fc.array(keyValue, { maxLength: 4 });

const event = fc.record(
  { timeUnixNano: time, name: text, attributes, droppedAttributesCount: count },
  { requiredKeys: [] },
);
const link = fc.record(
  { traceId: id(16), spanId: id(8), traceState: text, attributes, flags: count },
  { requiredKeys: ['traceId', 'spanId'] },
);
const status = fc.record(
  { message: text, code: fc.integer({ min: 1, max: 2 }) },
  { requiredKeys: [] },
);
const span = fc.record(
  {
    traceId: id(16),
    spanId: id(8),
    traceState: text,
    parentSpanId: id(8),
    name: text,
    kind: fc.integer({ min: 1, max: 5 }),
    startTimeUnixNano: time,
    endTimeUnixNano: time,
    attributes,
    droppedAttributesCount: count,
    events: fc.array(event, { maxLength: 2 }),
    droppedEventsCount: count,
    links: fc.array(link, { maxLength: 2 }),
    droppedLinksCount: count,
    status,
    flags: count,
  },
  { requiredKeys: ['traceId', 'spanId'] },
);
const scopeSpans = fc.record(
  {
    scope: fc.record(
      { name: text, version: text, attributes, droppedAttributesCount: count },
      { requiredKeys: [] },
    ),
    spans: fc.array(span, { maxLength: 4 }),
    schemaUrl: text,
  },
  { requiredKeys: [] },
);
const resourceSpans = fc.record(
  {
    resource: fc.record({ attributes, droppedAttributesCount: count }, { requiredKeys: [] }),
    scopeSpans: fc.array(scopeSpans, { maxLength: 3 }),
    schemaUrl: text,
  },
  { requiredKeys: [] },
);

/** Every valid request that uses every field. */
export const requestArbitrary: fc.Arbitrary<OtlpRequest> = fc.record({
  resourceSpans: fc.array(resourceSpans, { maxLength: 3 }),
});

/** What breaks a span, in either encoding; undefined leaves it as it is. */
const SPOILS: readonly (object | undefined)[] = [
  undefined,
  undefined,
  { traceId: new Uint8Array(16) },
  { spanId: new Uint8Array(3).fill(1) },
  { links: [{ traceId: new Uint8Array(16).fill(1), spanId: new Uint8Array(8) }] },
  { endTimeUnixNano: String(2n ** 63n) },
];

function withSpans(request: OtlpRequest, change: (spans: object[]) => object[]): OtlpRequest {
  const resourceSpans = (request.resourceSpans ?? []).map((resource) => {
    if (resource.scopeSpans === undefined) return resource;
    const scopeSpans = resource.scopeSpans.map((scope) =>
      scope.spans === undefined ? scope : { ...scope, spans: change(scope.spans) },
    );
    return { ...resource, scopeSpans };
  });
  return { ...request, resourceSpans };
}

/** A request in which some spans have a defect, and the same without these. */
export const spoiledRequestArbitrary: fc.Arbitrary<{
  request: OtlpRequest;
  withoutSpoiled: OtlpRequest;
}> = fc
  .tuple(requestArbitrary, fc.infiniteStream(fc.constantFrom(...SPOILS)))
  .map(([request, spoils]) => {
    const spoiled = new Set<object>();
    const spoil = (span: object): object => {
      const defect = spoils.next().value;
      if (defect === undefined) return span;
      const broken = { ...span, ...defect };
      spoiled.add(broken);
      return broken;
    };
    const whole = withSpans(request, (spans) => spans.map(spoil));
    const rest = withSpans(whole, (spans) => spans.filter((span) => !spoiled.has(span)));
    return { request: whole, withoutSpoiled: rest };
  });

/** A field by hand, for what no encoder would write: its number, its wire type, its content. */
export function rawField(number: number, wireType: number, ...content: number[]): number[] {
  return [...rawVarint(number * 8 + wireType), ...content];
}

/** A length-delimited field. */
export function rawLen(number: number, content: Iterable<number>): number[] {
  const bytes = [...content];
  return rawField(number, 2, ...rawVarint(bytes.length), ...bytes);
}

export function rawVarint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return [...bytes, rest];
}
