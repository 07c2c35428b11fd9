/**
 * The messages of an OTLP trace request, as data: the wire check walks it, the JSON reader writes
 * by it. Names and numbers are those of opentelemetry-proto (trace/v1, common/v1, resource/v1,
 * collector/trace/v1).
 */

/** How a field's value looks on the wire, beyond its protobuf type where OTLP asks for more. */
export const KIND = {
  unknown: 0,
  string: 1,
  bytes: 2,
  /** 16 bytes, not all zero, required. */
  traceId: 3,
  /** 8 bytes, not all zero, required. */
  spanId: 4,
  /** Empty or 8 bytes; all zero says the same as empty: a root span. */
  parentSpanId: 5,
  /** A fixed64 of nanoseconds since the Unix epoch. */
  time: 6,
  fixed32: 7,
  uint32: 8,
  int64: 9,
  double: 10,
  bool: 11,
  /** Open, as all enums of proto3: a later OTLP may define more numbers. */
  enum: 12,
  /**
   * Kinds from here on are embedded messages; the named ones are counted or limited by the wire
   * check.
   */
  message: 13,
  span: 14,
  keyValue: 15,
  anyValue: 16,
} as const;
export type Kind = (typeof KIND)[keyof typeof KIND];

/** Wire types of the protobuf encoding. */
export const WIRE = { varint: 0, i64: 1, len: 2, i32: 5 } as const;

/** The wire type in which each kind is sent, by kind. */
export const WIRE_OF_KIND: Uint8Array = wireOfKind();

function wireOfKind(): Uint8Array {
  const wires = new Uint8Array(Object.keys(KIND).length).fill(WIRE.len);
  wires[KIND.time] = wires[KIND.double] = WIRE.i64;
  wires[KIND.fixed32] = WIRE.i32;
  for (const name of ['uint32', 'int64', 'bool', 'enum'] as const) {
    wires[KIND[name]] = WIRE.varint;
  }
  return wires;
}

export interface Field {
  readonly number: number;
  /** As in the .proto file, and so in the paths of wire defects. */
  readonly name: string;
  /** The lowerCamelCase key of OTLP/JSON. */
  readonly jsonName: string;
  readonly kind: Kind;
  readonly repeated: boolean;
  /** The shape of an embedded message; of no meaning for other kinds. */
  readonly shape: Shape;
}

/** A message type. The bit `1 << number` stands for a field in a mask; no number is above 30. */
export interface Shape {
  readonly name: string;
  readonly fields: readonly Field[];
  /** Kind and embedded shape by field number. */
  readonly kinds: Uint8Array;
  readonly shapes: readonly Shape[];
  readonly repeated: number;
  readonly required: number;
  /** At most one field may be set: the whole message is one oneof. */
  readonly oneof: boolean;
}

/** Numbers that fit in {@link Shape.kinds}; a field numbered higher is unknown. */
export const FIELD_NUMBERS = 32;

type FieldRow = readonly [number: number, name: string, type: string];

/** `Name[]` is a repeated field; a type is a kind or a message of this table. */
const MESSAGES: Readonly<Record<string, readonly FieldRow[]>> = {
  ExportTraceServiceRequest: [[1, 'resource_spans', 'ResourceSpans[]']],
  ResourceSpans: [
    [1, 'resource', 'Resource'],
    [2, 'scope_spans', 'ScopeSpans[]'],
    [3, 'schema_url', 'string'],
  ],
  Resource: [
    [1, 'attributes', 'KeyValue[]'],
    [2, 'dropped_attributes_count', 'uint32'],
  ],
  ScopeSpans: [
    [1, 'scope', 'InstrumentationScope'],
    [2, 'spans', 'Span[]'],
    [3, 'schema_url', 'string'],
  ],
  InstrumentationScope: [
    [1, 'name', 'string'],
    [2, 'version', 'string'],
    [3, 'attributes', 'KeyValue[]'],
    [4, 'dropped_attributes_count', 'uint32'],
  ],
  Span: [
    [1, 'trace_id', 'traceId'],
    [2, 'span_id', 'spanId'],
    [3, 'trace_state', 'string'],
    [4, 'parent_span_id', 'parentSpanId'],
    [5, 'name', 'string'],
    [6, 'kind', 'enum'],
    [7, 'start_time_unix_nano', 'time'],
    [8, 'end_time_unix_nano', 'time'],
    [9, 'attributes', 'KeyValue[]'],
    [10, 'dropped_attributes_count', 'uint32'],
    [11, 'events', 'Event[]'],
    [12, 'dropped_events_count', 'uint32'],
    [13, 'links', 'Link[]'],
    [14, 'dropped_links_count', 'uint32'],
    [15, 'status', 'Status'],
    [16, 'flags', 'fixed32'],
  ],
  Event: [
    [1, 'time_unix_nano', 'time'],
    [2, 'name', 'string'],
    [3, 'attributes', 'KeyValue[]'],
    [4, 'dropped_attributes_count', 'uint32'],
  ],
  Link: [
    [1, 'trace_id', 'traceId'],
    [2, 'span_id', 'spanId'],
    [3, 'trace_state', 'string'],
    [4, 'attributes', 'KeyValue[]'],
    [5, 'dropped_attributes_count', 'uint32'],
    [6, 'flags', 'fixed32'],
  ],
  Status: [
    [2, 'message', 'string'],
    [3, 'code', 'enum'],
  ],
  KeyValue: [
    [1, 'key', 'string'],
    [2, 'value', 'AnyValue'],
  ],
  AnyValue: [
    [1, 'string_value', 'string'],
    [2, 'bool_value', 'bool'],
    [3, 'int_value', 'int64'],
    [4, 'double_value', 'double'],
    [5, 'array_value', 'ArrayValue'],
    [6, 'kvlist_value', 'KeyValueList'],
    [7, 'bytes_value', 'bytes'],
  ],
  ArrayValue: [[1, 'values', 'AnyValue[]']],
  KeyValueList: [[1, 'values', 'KeyValue[]']],
};

const MESSAGE_KINDS: Readonly<Record<string, Kind>> = {
  Span: KIND.span,
  KeyValue: KIND.keyValue,
  AnyValue: KIND.anyValue,
};

/** The root message; every other one hangs below it. */
export const EXPORT_TRACE_REQUEST: Shape = shapeOf('ExportTraceServiceRequest', new Map());

function shapeOf(name: string, known: Map<string, Shape>): Shape {
  const existing = known.get(name);
  if (existing !== undefined) return existing;
  const fields: Field[] = [];
  const shapes: Shape[] = [];
  const kinds = new Uint8Array(FIELD_NUMBERS);
  const oneof = name === 'AnyValue';
  const shape = { name, fields, kinds, shapes, repeated: 0, required: 0, oneof };
  for (let number = 0; number < FIELD_NUMBERS; number += 1) shapes.push(shape);
  // Known before its fields are: AnyValue contains itself.
  known.set(name, shape);
  for (const [number, fieldName, type] of MESSAGES[name] ?? []) {
    const repeated = type.endsWith('[]');
    const typeName = repeated ? type.slice(0, -2) : type;
    const embedded = typeName in MESSAGES;
    const kind = embedded
      ? (MESSAGE_KINDS[typeName] ?? KIND.message)
      : KIND[typeName as keyof typeof KIND];
    const child = embedded ? shapeOf(typeName, known) : shape;
    const jsonName = fieldName.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    fields.push({ number, name: fieldName, jsonName, kind, repeated, shape: child });
    kinds[number] = kind;
    shapes[number] = child;
    if (repeated) shape.repeated |= 1 << number;
    if (kind === KIND.traceId || kind === KIND.spanId) shape.required |= 1 << number;
  }
  return shape;
}
