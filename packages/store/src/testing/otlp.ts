import { randomBytes } from 'node:crypto';
import protobuf from 'protobufjs';

/**
 * OTLP as a sender would encode it, for tests. The schema is the recursive one of
 * opentelemetry-proto (not the store's own reading of it), so that the two are held against each
 * other.
 */
const { root } = protobuf.parse(
  `syntax = "proto3";
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
    string name = 5; int32 kind = 6;
    fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8;
    repeated KeyValue attributes = 9; uint32 dropped_attributes_count = 10;
    repeated Event events = 11; uint32 dropped_events_count = 12;
    repeated Link links = 13; uint32 dropped_links_count = 14;
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
  message KeyValueList { repeated KeyValue values = 1; }`,
  { keepCase: true },
);
const Request = root.lookupType('Request');
const AnyValue = root.lookupType('AnyValue');

export interface OtlpValue {
  string_value?: string;
  bool_value?: boolean;
  int_value?: string;
  double_value?: number;
  array_value?: { values: OtlpValue[] };
  kvlist_value?: { values: OtlpAttribute[] };
  bytes_value?: Uint8Array;
}

export interface OtlpAttribute {
  key: string;
  value: OtlpValue;
}

export interface OtlpSpan {
  trace_id: Uint8Array;
  span_id: Uint8Array;
  parent_span_id?: Uint8Array;
  name: string;
  kind?: number;
  start_time_unix_nano: string;
  end_time_unix_nano: string;
  attributes?: OtlpAttribute[];
  dropped_attributes_count?: number;
  events?: { time_unix_nano: string; name: string; attributes?: OtlpAttribute[] }[];
  dropped_events_count?: number;
  links?: { trace_id: Uint8Array; span_id: Uint8Array; attributes?: OtlpAttribute[] }[];
  dropped_links_count?: number;
  status?: { code: number; message: string };
}

/** A span with random ids that says nothing more than it must. */
export function otlpSpan(span: Partial<OtlpSpan> = {}): OtlpSpan {
  return {
    trace_id: randomBytes(16),
    span_id: randomBytes(8),
    name: 'work',
    start_time_unix_nano: '1700000000000000000',
    end_time_unix_nano: '1700000000000001000',
    ...span,
  };
}

/** String attributes. */
export function otlpStrings(values: Record<string, string>): OtlpAttribute[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: { string_value: value } }));
}

/** An `ExportTraceServiceRequest` of one resource and scope. */
export function encodeRequest(
  spans: OtlpSpan[],
  resource: OtlpAttribute[] = otlpStrings({ 'service.name': 'service-a', 'host.name': 'host-1' }),
): Uint8Array {
  const scope_spans = [{ scope: { name: 'scope-a', version: '1.2.3' }, spans }];
  const request = { resource_spans: [{ resource: { attributes: resource }, scope_spans }] };
  return Request.encode(Request.fromObject(request)).finish();
}

/** An `ExportTraceServiceRequest` of anything that it can hold, in the names of the .proto file. */
export function encodeFull(request: { resource_spans: object[] }): Uint8Array {
  return Request.encode(Request.fromObject(request)).finish();
}

export function encodeValue(value: OtlpValue): Uint8Array {
  return AnyValue.encode(AnyValue.fromObject(value)).finish();
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
