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
import { decodeKeyValue } from './any-value.ts';
import { type AttributeColumns, given, toAttributes } from './attribute-columns.ts';
import type { Origin } from './origins.ts';

/**
 * A row of `spans` as queries/spans-of-traces.sql returns it. 64-bit integers are decimal strings,
 * ids are hex, messages are base64.
 */
export interface SpanRow {
  trace_id: string;
  span_id: string;
  parent_span_id: string;
  origin_id: string;
  name: string;
  kind: SpanKind;
  service: string;
  start_ns: string;
  end_ns: string;
  trace_state: string;
  flags: number;
  status_code: SpanStatusCode;
  status_message: string;
  attributes: AttributeColumns;
  event_times_ns: string[];
  event_names: string[];
  event_attributes: string[][];
  event_dropped_attributes: number[];
  link_trace_ids: string[];
  link_span_ids: string[];
  link_trace_states: string[];
  link_attributes: string[][];
  link_dropped_attributes: number[];
  link_flags: number[];
  dropped_attributes: number;
  dropped_events: number;
  dropped_links: number;
}

const NO_PARENT = '0'.repeat(16);

export function toSpan(row: SpanRow, origin: Origin): Span {
  return {
    traceId: row.trace_id,
    spanId: row.span_id,
    ...(row.parent_span_id === NO_PARENT ? {} : { parentSpanId: row.parent_span_id }),
    name: row.name,
    kind: row.kind,
    service: row.service,
    ...origin,
    startNs: BigInt(row.start_ns),
    endNs: BigInt(row.end_ns),
    ...given('traceState', row.trace_state),
    ...given('flags', row.flags),
    status: { code: row.status_code, message: row.status_message },
    attributes: toAttributes(row.attributes),
    events: toEvents(row),
    links: toLinks(row),
    dropped: {
      attributes: row.dropped_attributes,
      events: row.dropped_events,
      links: row.dropped_links,
    },
  };
}

/** The attributes of an event or a link: `KeyValue` messages in base64. */
export function decodeKeyValues(messages: readonly string[]): Attributes {
  return Object.fromEntries(messages.map((text) => decodeKeyValue(Buffer.from(text, 'base64'))));
}

/** A link's `throughline.link.type`, where it is a string. */
export function linkTypeOf(attributes: Attributes): string | undefined {
  const type: AttributeValue | undefined = attributes[ATTR.linkType];
  return typeof type === 'string' ? type : undefined;
}

function toEvents(row: SpanRow): SpanEvent[] {
  return row.event_names.map((name, index) => ({
    timeNs: BigInt(row.event_times_ns[index] ?? 0),
    name,
    attributes: decodeKeyValues(row.event_attributes[index] ?? []),
    ...given('droppedAttributes', row.event_dropped_attributes[index]),
  }));
}

function toLinks(row: SpanRow): SpanLink[] {
  return row.link_trace_ids.map((traceId, index) => {
    const attributes = decodeKeyValues(row.link_attributes[index] ?? []);
    const type = linkTypeOf(attributes);
    return {
      traceId,
      spanId: row.link_span_ids[index] ?? '',
      ...(type === undefined ? {} : { type }),
      attributes,
      ...given('droppedAttributes', row.link_dropped_attributes[index]),
      ...given('traceState', row.link_trace_states[index]),
      ...given('flags', row.link_flags[index]),
    };
  });
}
