import type { Attributes, HrTime, Link, SpanContext } from '@opentelemetry/api';
import type { AttributeRedactor } from '../privacy/attribute-redactor.ts';
import type { AttributeList } from '../tracing/attribute-list.ts';
import type { RecordingSpan, SpanEvent } from '../tracing/recording-span.ts';
import type { Resource } from '../tracing/resource.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

/**
 * Tags of opentelemetry/proto/trace/v1/trace.proto and common.proto: field number times 8 plus wire
 * type; beyond field 15, the two bytes of the varint with the lower one first.
 */
const SPAN = {
  traceId: 0x0a,
  spanId: 0x12,
  traceState: 0x1a,
  parentSpanId: 0x22,
  name: 0x2a,
  kind: 0x30,
  startTime: 0x39,
  endTime: 0x41,
  attribute: 0x4a,
  droppedAttributes: 0x50,
  event: 0x5a,
  droppedEvents: 0x60,
  link: 0x6a,
  droppedLinks: 0x70,
  status: 0x7a,
  flags: 0x01_85,
} as const;
const EVENT = { time: 0x09, name: 0x12, attribute: 0x1a, droppedAttributes: 0x20 } as const;
const LINK = {
  traceId: 0x0a,
  spanId: 0x12,
  traceState: 0x1a,
  attribute: 0x22,
  droppedAttributes: 0x28,
  flags: 0x35,
} as const;
const STATUS = { message: 0x12, code: 0x18 } as const;
const KEY_VALUE = { key: 0x0a, value: 0x12 } as const;
const ANY_VALUE = {
  string: 0x0a,
  bool: 0x10,
  int: 0x18,
  double: 0x21,
  array: 0x2a,
  keyValues: 0x32,
  bytes: 0x3a,
} as const;
const VALUES_OF_ARRAY = 0x0a;
const VALUES_OF_KEY_VALUES = 0x0a;
const RESOURCE_ATTRIBUTE = 0x0a;

/** `SpanFlags` of trace.proto: whether the parent, or the linked span, is known to be remote, and is. */
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

const KEYS_CACHED_MAX = 4_096;
const DEPTH_MAX = 8;

interface EncodedKey {
  /** The field `key` of a KeyValue. */
  readonly field: Uint8Array;
  /** Of a sensitive key, only that it was there is told: this key instead, with `true`. */
  readonly presentField: Uint8Array | undefined;
}

/**
 * Encodes spans as OTLP (opentelemetry-proto 1.x, Span) the moment they end, so that a span lives no
 * longer than its work. Sensitive values are hidden here, the one place that all values pass on their
 * way out. Of our own: OpenTelemetry's serializer costs as much as making the span.
 */
export class SpanEncoder {
  readonly #writer: ProtobufWriter;
  readonly #redactor: AttributeRedactor;
  /** The same few keys come on every span. */
  readonly #keys = new Map<string, EncodedKey>();

  constructor(writer: ProtobufWriter, redactor: AttributeRedactor) {
    this.#writer = writer;
    this.#redactor = redactor;
  }

  /** Appends the fields of the span, without tag and length. */
  writeSpan(span: RecordingSpan): void {
    const writer = this.#writer;
    const { limits, parentSpanContext } = span;
    const spanContext = span.spanContext();
    writer.hexField(SPAN.traceId, spanContext.traceId);
    writer.hexField(SPAN.spanId, spanContext.spanId);
    this.#writeTraceState(SPAN.traceState, spanContext);
    if (parentSpanContext) writer.hexField(SPAN.parentSpanId, parentSpanContext.spanId);
    writer.stringField(SPAN.name, this.#redactor.text(span.name));
    // OTLP counts from 1, the API from 0.
    writer.varintField(SPAN.kind, span.kind + 1);
    this.#writeTime(SPAN.startTime, span.startTime);
    this.#writeTime(SPAN.endTime, span.endTime ?? span.startTime);
    this.#writeList(SPAN.attribute, span.attributeList, limits.attributeValueLengthMax);
    this.#writeCount(SPAN.droppedAttributes, span.droppedAttributesCount);
    for (const event of span.events) this.#writeEvent(event, span);
    this.#writeCount(SPAN.droppedEvents, span.droppedEventsCount);
    for (const link of span.links) this.#writeLink(link, span);
    this.#writeCount(SPAN.droppedLinks, span.droppedLinksCount);
    this.#writeStatus(span);
    writer.fixed32Field(SPAN.flags, flagsOf(spanContext.traceFlags, parentSpanContext));
  }

  /** Appends the attributes of a resource. */
  writeResource(resource: Resource): void {
    for (const [key, value] of Object.entries(resource.attributes)) {
      this.#writeKeyValue(RESOURCE_ATTRIBUTE, key, value, Infinity, 0);
    }
  }

  #writeEvent(event: SpanEvent, { limits }: RecordingSpan): void {
    const writer = this.#writer;
    const from = writer.open(SPAN.event, 2);
    this.#writeTime(EVENT.time, event.time);
    writer.stringField(EVENT.name, this.#redactor.text(event.name));
    const dropped = this.#writeObject(EVENT.attribute, event.attributes, {
      countMax: limits.attributesPerEventMax,
      lengthMax: limits.attributeValueLengthMax,
    });
    this.#writeCount(EVENT.droppedAttributes, dropped);
    writer.close(from, 2);
  }

  #writeLink({ context, attributes }: Link, { limits }: RecordingSpan): void {
    const writer = this.#writer;
    const from = writer.open(SPAN.link);
    writer.hexField(LINK.traceId, context.traceId);
    writer.hexField(LINK.spanId, context.spanId);
    this.#writeTraceState(LINK.traceState, context);
    const dropped = this.#writeObject(LINK.attribute, attributes, {
      countMax: limits.attributesPerLinkMax,
      lengthMax: limits.attributeValueLengthMax,
    });
    this.#writeCount(LINK.droppedAttributes, dropped);
    writer.fixed32Field(LINK.flags, flagsOf(context.traceFlags, context));
    writer.close(from);
  }

  #writeStatus({ status }: RecordingSpan): void {
    const { code, message } = status;
    if (code === 0) return;
    const writer = this.#writer;
    const from = writer.open(SPAN.status);
    if (message) writer.stringField(STATUS.message, this.#redactor.text(message));
    writer.varintField(STATUS.code, code);
    writer.close(from);
  }

  #writeTraceState(tag: number, { traceState }: SpanContext): void {
    const text = traceState?.serialize();
    if (text) this.#writer.stringField(tag, text);
  }

  #writeTime(tag: number, [seconds, nanos]: HrTime): void {
    this.#writer.nanosField(tag, seconds, nanos);
  }

  #writeCount(tag: number, count: number): void {
    if (count > 0) this.#writer.varintField(tag, count);
  }

  #writeList(tag: number, { keys, values }: AttributeList, lengthMax: number): void {
    for (let index = 0; index < keys.length; index += 1) {
      this.#writeKeyValue(tag, keys[index] as string, values[index], lengthMax, 0);
    }
  }

  /** @returns how many were beyond the limit */
  #writeObject(
    tag: number,
    attributes: Attributes | undefined,
    limits: { countMax: number; lengthMax: number },
  ): number {
    let count = 0;
    for (const key in attributes) {
      const value = attributes[key];
      if (value === undefined || value === null) continue;
      count += 1;
      if (count <= limits.countMax) this.#writeKeyValue(tag, key, value, limits.lengthMax, 0);
    }
    return Math.max(count - limits.countMax, 0);
  }

  #writeKeyValue(tag: number, key: string, value: unknown, lengthMax: number, depth: number): void {
    const writer = this.#writer;
    const { field, presentField } = this.#encodedKey(key);
    const from = writer.open(tag);
    writer.raw(presentField ?? field);
    const valueFrom = writer.open(KEY_VALUE.value);
    this.#writeValue(presentField ? true : value, lengthMax, depth);
    writer.close(valueFrom);
    writer.close(from);
  }

  /** An AnyValue; `null` within a list, and what has no form in OTLP, is an empty one. */
  #writeValue(value: unknown, lengthMax: number, depth: number): void {
    const writer = this.#writer;
    if (typeof value === 'string') {
      // Before the cut: what is left of half a secret looks like none.
      const text = this.#redactor.text(value);
      const isLong = text.length > lengthMax;
      writer.stringField(ANY_VALUE.string, isLong ? text.slice(0, lengthMax) : text);
    } else if (typeof value === 'number') {
      if (Number.isSafeInteger(value)) writer.int64Field(ANY_VALUE.int, value);
      else writer.doubleField(ANY_VALUE.double, value);
    } else if (typeof value === 'boolean') {
      writer.varintField(ANY_VALUE.bool, value ? 1 : 0);
    } else if (typeof value === 'bigint') {
      writer.int64Field(ANY_VALUE.int, value);
    } else if (value instanceof Uint8Array) {
      writer.bytesField(ANY_VALUE.bytes, value);
    } else if (typeof value === 'object' && value !== null && depth < DEPTH_MAX) {
      if (Array.isArray(value)) this.#writeArray(value, lengthMax, depth + 1);
      else this.#writeKeyValues(value as Attributes, lengthMax, depth + 1);
    }
  }

  #writeArray(values: readonly unknown[], lengthMax: number, depth: number): void {
    const writer = this.#writer;
    const from = writer.open(ANY_VALUE.array);
    for (const value of values) {
      const valueFrom = writer.open(VALUES_OF_ARRAY);
      this.#writeValue(value, lengthMax, depth);
      writer.close(valueFrom);
    }
    writer.close(from);
  }

  #writeKeyValues(values: Attributes, lengthMax: number, depth: number): void {
    const writer = this.#writer;
    const from = writer.open(ANY_VALUE.keyValues);
    for (const key of Object.keys(values)) {
      this.#writeKeyValue(VALUES_OF_KEY_VALUES, key, values[key], lengthMax, depth);
    }
    writer.close(from);
  }

  #encodedKey(key: string): EncodedKey {
    const known = this.#keys.get(key);
    if (known) return known;
    const isSensitive = this.#redactor.keyIsSensitive(key);
    const encoded: EncodedKey = {
      field: keyField(key),
      presentField: isSensitive ? keyField(`${key}_present`) : undefined,
    };
    if (this.#keys.size < KEYS_CACHED_MAX) this.#keys.set(key, encoded);
    return encoded;
  }
}

function keyField(key: string): Uint8Array {
  const writer = new ProtobufWriter(3 * key.length + 12);
  writer.stringField(KEY_VALUE.key, key);
  return writer.slice(0, writer.length);
}

/** @param other the parent, or the linked span itself */
function flagsOf(traceFlags: number, other: SpanContext | undefined): number {
  return (traceFlags & 0xff) | HAS_IS_REMOTE | (other?.isRemote ? IS_REMOTE : 0);
}
