import { EXPORT_TRACE_REQUEST, type Field, KIND, type Shape } from './otlp-proto.ts';
import { ProtoWriter } from './proto-writer.ts';

/**
 * An `ExportTraceServiceRequest` as the receivers of other protocols build it. The words are those of
 * OTLP/JSON; ids and bytes are bytes, 64-bit integers are bigint. A member that is absent or
 * undefined is not sent, and so has its default value.
 */
export interface TraceRequest {
  resourceSpans: readonly ResourceSpans[];
}

export interface ResourceSpans {
  resource: { attributes: readonly KeyValue[]; droppedAttributesCount?: number | undefined };
  scopeSpans: readonly ScopeSpans[];
}

export interface ScopeSpans {
  scope?: { name: string; version?: string | undefined } | undefined;
  spans: readonly Span[];
}

export interface Span {
  /** 16 bytes, not all zero. */
  traceId: Uint8Array;
  /** 8 bytes, not all zero. */
  spanId: Uint8Array;
  traceState?: string | undefined;
  parentSpanId?: Uint8Array | undefined;
  name: string;
  kind: SpanKind;
  startTimeUnixNano: bigint;
  endTimeUnixNano: bigint;
  attributes: readonly KeyValue[];
  droppedAttributesCount?: number | undefined;
  events: readonly Event[];
  droppedEventsCount?: number | undefined;
  links: readonly Link[];
  droppedLinksCount?: number | undefined;
  status?: { message?: string | undefined; code: StatusCode } | undefined;
  /** The lowest byte holds the W3C trace flags. */
  flags?: number | undefined;
}

export interface Event {
  timeUnixNano: bigint;
  name: string;
  attributes: readonly KeyValue[];
  droppedAttributesCount?: number | undefined;
}

export interface Link {
  traceId: Uint8Array;
  spanId: Uint8Array;
  attributes: readonly KeyValue[];
}

export interface KeyValue {
  key: string;
  value: AnyValue;
}

export type AnyValue =
  | { stringValue: string }
  | { boolValue: boolean }
  | { intValue: bigint }
  | { doubleValue: number }
  | { bytesValue: Uint8Array };

/** `Span.SpanKind` of opentelemetry-proto. */
export const SPAN_KIND = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;
export type SpanKind = (typeof SPAN_KIND)[keyof typeof SPAN_KIND];

/** `Status.StatusCode` of opentelemetry-proto. */
export const STATUS_CODE = { ok: 1, error: 2 } as const;
export type StatusCode = (typeof STATUS_CODE)[keyof typeof STATUS_CODE];

/** The last instant that the engine can keep, in the year 2262. */
export const TIME_NS_MAX = 2n ** 63n - 1n;

/** The request as protobuf, with the field numbers of opentelemetry-proto. */
export function encodeTraceRequest(request: TraceRequest): Uint8Array {
  const writer = new ProtoWriter();
  writeMessage(writer, EXPORT_TRACE_REQUEST, request);
  return writer.bytes();
}

function writeMessage(writer: ProtoWriter, shape: Shape, message: object): void {
  const members = message as Readonly<Record<string, unknown>>;
  for (const field of shape.fields) {
    const member = members[field.jsonName];
    if (member === undefined) continue;
    if (field.repeated) {
      for (const element of member as object[]) writeEmbedded(writer, field, element);
    } else if (field.kind >= KIND.message) writeEmbedded(writer, field, member as object);
    else writeScalar(writer, field, member);
  }
}

function writeEmbedded(writer: ProtoWriter, field: Field, message: object): void {
  writer.message(field.number, () => writeMessage(writer, field.shape, message));
}

function writeScalar(writer: ProtoWriter, { number, kind }: Field, value: unknown): void {
  switch (kind) {
    case KIND.string:
      writer.string(number, value as string);
      break;
    case KIND.bytes:
    case KIND.traceId:
    case KIND.spanId:
    case KIND.parentSpanId:
      writer.raw(number, value as Uint8Array);
      break;
    case KIND.time:
      writer.fixed64(number, value as bigint);
      break;
    case KIND.int64:
      writer.bigVarint(number, value as bigint);
      break;
    case KIND.double:
      writer.double(number, value as number);
      break;
    case KIND.fixed32:
      writer.fixed32(number, value as number);
      break;
    case KIND.bool:
      writer.varint(number, value === true ? 1 : 0);
      break;
    default:
      writer.varint(number, value as number);
  }
}
