import {
  ATTR,
  type Attributes,
  type AttributeValue,
  type Span,
  type SpanEvent,
  type SpanKind,
  type SpanLink,
  type SpanStatusCode,
} from '@throughline/model';
import { exactNumber, finiteNumber, parseAttributeValue } from './any-value.ts';

/**
 * A row of `spans` as queries/spans-of-traces.sql returns it. 64-bit integers are decimal strings.
 */
export interface SpanRow {
  trace_id: string;
  span_id: string;
  parent_span_id: string;
  name: string;
  kind: SpanKind;
  service: string;
  host: string;
  start_ns: string;
  end_ns: string;
  status_code: SpanStatusCode;
  status_message: string;
  scope_name: string;
  scope_version: string;
  attributes_string: Record<string, string>;
  attributes_int: Record<string, string>;
  /** Infinities and NaN are strings. */
  attributes_float: Record<string, number | string>;
  attributes_bool: Record<string, boolean>;
  attributes_json: Record<string, string>;
  resource_string: Record<string, string>;
  resource_json: Record<string, string>;
  event_times_ns: string[];
  event_names: string[];
  event_attributes: string[];
  link_trace_ids: string[];
  link_span_ids: string[];
  link_attributes: string[];
  dropped_attributes: number;
  dropped_events: number;
  dropped_links: number;
}

export function toSpan(row: SpanRow): Span {
  return {
    traceId: row.trace_id,
    spanId: row.span_id,
    ...(row.parent_span_id === '' ? {} : { parentSpanId: row.parent_span_id }),
    name: row.name,
    kind: row.kind,
    service: row.service,
    host: row.host,
    startNs: BigInt(row.start_ns),
    endNs: BigInt(row.end_ns),
    status: { code: row.status_code, message: row.status_message },
    attributes: toAttributes(row),
    resource: merge(row.resource_string, parseEach(row.resource_json)),
    scope: { name: row.scope_name, version: row.scope_version },
    events: toEvents(row),
    links: toLinks(row),
    dropped: {
      attributes: row.dropped_attributes,
      events: row.dropped_events,
      links: row.dropped_links,
    },
  };
}

/** Attributes that the store keeps as one JSON object (those of events and links). */
export function parseAttributes(json: string): Attributes {
  const entries = Object.entries(JSON.parse(json) as Record<string, unknown>);
  return Object.fromEntries(entries.map(([key, value]) => [key, parseAttributeValue(value)]));
}

/** A link's `throughline.link.type`, where it is a string. */
export function linkTypeOf(attributes: Attributes): string | undefined {
  const type = attributes[ATTR.linkType];
  return typeof type === 'string' ? type : undefined;
}

type Entries = [string, AttributeValue][];

function toAttributes(row: SpanRow): Span['attributes'] {
  const ints = Object.entries(row.attributes_int).map<Entries[number]>(([key, value]) => [
    key,
    exactNumber(BigInt(value)),
  ]);
  const floats = Object.entries(row.attributes_float).map<Entries[number]>(([key, value]) => [
    key,
    finiteNumber(toDouble(value)),
  ]);
  return {
    ...merge(row.attributes_string, row.attributes_bool),
    ...Object.fromEntries([...ints, ...floats, ...parseEach(row.attributes_json)]),
  };
}

/** The engine writes `inf` where JavaScript says `Infinity`. */
function toDouble(value: number | string): number {
  return Number(typeof value === 'string' ? value.replace('inf', 'Infinity') : value);
}

function parseEach(texts: Record<string, string>): Entries {
  return Object.entries(texts).map(([key, text]) => [key, parseAttributeValue(JSON.parse(text))]);
}

function merge(
  first: Record<string, AttributeValue>,
  second: Record<string, AttributeValue> | Entries,
): Span['attributes'] {
  const rest = Array.isArray(second) ? Object.fromEntries(second) : second;
  return { ...first, ...rest };
}

function toEvents(row: SpanRow): SpanEvent[] {
  return row.event_names.map((name, index) => ({
    timeNs: BigInt(row.event_times_ns[index] ?? 0),
    name,
    attributes: parseAttributes(row.event_attributes[index] ?? '{}'),
  }));
}

function toLinks(row: SpanRow): SpanLink[] {
  return row.link_trace_ids.map((traceId, index) => {
    const attributes = parseAttributes(row.link_attributes[index] ?? '{}');
    const type = linkTypeOf(attributes);
    return {
      traceId,
      spanId: row.link_span_ids[index] ?? '',
      ...(type === undefined ? {} : { type }),
      attributes,
    };
  });
}
