import { createHash } from 'node:crypto';
import { ThroughlineError } from '@throughline/model';
import { type Admitted, SPANS_PER_REQUEST_MAX } from '../otlp-wire.ts';
import type { AnyValue, Event, KeyValue, Span } from '../otlp-writer.ts';
import { SPAN_KIND, TIME_NS_MAX } from '../otlp-writer.ts';
import {
  admitTranslated,
  boundedAttributes,
  countOf,
  groupByScope,
  kindOf,
  type ScopedSpan,
  SpanDefect,
  type Tags,
  takeKind,
  takeScope,
  takeSpanFields,
  takeStatus,
  timesNs,
  translateEach,
} from '../translated.ts';
import { SpanReader, type ZipkinAnnotation, type ZipkinEndpoint } from './spans.ts';

/**
 * A Zipkin v2 list of spans in the words of OTLP, after OpenTelemetry's "Zipkin transformation" read
 * backwards. What OTLP has no field for becomes an attribute: the addresses of the endpoints
 * (`network.local.*`, `network.peer.*`), `zipkin.debug`, `zipkin.kind` for a kind that is none of
 * Zipkin's. A span without ids or time, with a negative duration, or outside of 1970 to 2262 is left
 * out; an annotation or tag of that sort is left out of its span and counted there as dropped.
 *
 * @param body UTF-8
 * @throws ThroughlineError `TL_ZIPKIN_MALFORMED` when it is not a list in JSON, `TL_OTLP_TOO_LARGE`
 * @see https://github.com/open-telemetry/opentelemetry-specification/blob/main/specification/trace/sdk_exporters/zipkin.md
 */
export function admitZipkin(body: Uint8Array): Admitted {
  const translated = translateEach(parseList(body), spanOf);
  followShared(translated.kept);
  const services = new Map<string | undefined, ZipkinSpan[]>();
  for (const span of translated.kept) {
    const others = services.get(span.service);
    if (others === undefined) services.set(span.service, [span]);
    else others.push(span);
  }
  const resourceSpans = [...services].map(([service, spans]) => ({
    resource: { attributes: serviceAttributes(service) },
    scopeSpans: groupByScope(spans),
  }));
  return admitTranslated({ resourceSpans }, translated, 'TL_ZIPKIN_MALFORMED');
}

function parseList(body: Uint8Array): unknown[] {
  let list: unknown;
  try {
    list = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ThroughlineError('TL_ZIPKIN_MALFORMED', `not JSON: ${reason}`, { cause });
  }
  if (!Array.isArray(list)) {
    throw new ThroughlineError('TL_ZIPKIN_MALFORMED', 'not a list of spans', {
      hint: 'Send Zipkin v2 JSON: [{"traceId": ..., "id": ...}, ...].',
    });
  }
  if (list.length > SPANS_PER_REQUEST_MAX) {
    const message = `more than ${SPANS_PER_REQUEST_MAX} spans in one request`;
    throw new ThroughlineError('TL_OTLP_TOO_LARGE', message, { hint: 'Send smaller batches.' });
  }
  return list;
}

interface ZipkinSpan extends ScopedSpan {
  service: string | undefined;
  /** The id that it had in common with the caller's span; undefined when it had its own. */
  sharedId: Uint8Array | undefined;
}

function spanOf(json: unknown): ZipkinSpan | SpanDefect {
  const reader = new SpanReader(json);
  const traceId = reader.id('traceId', 16);
  const spanId = reader.id('id', 8);
  const parentId = reader.id('parentId', 8);
  const { annotations, unreadable } = reader.annotations();
  const startUs = reader.micros('timestamp') || earliest(annotations);
  const durationUs = reader.micros('duration') ?? 0n;
  const local = reader.endpoint('localEndpoint');
  const { tags, textless } = tagsOf(reader, local);
  const name = reader.text('name') ?? '';
  const kindName = reader.text('kind');
  if (reader.defect !== undefined) return new SpanDefect(reader.defect);
  if (traceId === undefined) return new SpanDefect('it has no traceId, or a zero one');
  if (spanId === undefined) return new SpanDefect('it has no id, or a zero one');
  if (startUs === undefined) return new SpanDefect('it has no timestamp');
  const times = timesNs(startUs, durationUs);
  if (times instanceof SpanDefect) return times;

  const kind = kindFrom(kindName, tags);
  const scope = takeScope(tags);
  const fields = takeSpanFields(tags);
  const status = takeStatus(tags);
  const { events, timeless } = eventsOf(annotations);
  // As for Zipkin's own server, a span that names itself has no parent.
  const parentSpanId = parentId?.equals(spanId) ? undefined : parentId;
  const isShared = reader.flag('shared');
  if (isShared) setSharedTags(tags, parentSpanId);
  const span: Span = {
    traceId,
    spanId: isShared ? ownIdOf(traceId, spanId) : spanId,
    traceState: fields.traceState,
    parentSpanId: isShared ? spanId : parentSpanId,
    name,
    kind,
    startTimeUnixNano: times.startNs,
    endTimeUnixNano: times.endNs,
    status,
    ...boundedAttributes(tags, (fields.droppedAttributesCount ?? 0) + textless),
    events,
    droppedEventsCount: countOf((fields.droppedEventsCount ?? 0) + unreadable + timeless),
    links: [],
    droppedLinksCount: fields.droppedLinksCount,
  };
  return { service: local.serviceName, scope, sharedId: isShared ? spanId : undefined, span };
}

/** A span may be reported before its start is known, or by the side that did not start it. */
function earliest(annotations: readonly ZipkinAnnotation[]): bigint | undefined {
  let first: bigint | undefined;
  for (const { timestampUs } of annotations) {
    if (first === undefined || timestampUs < first) first = timestampUs;
  }
  return first;
}

/** Zipkin sends no kind for what OpenTelemetry calls internal. */
function kindFrom(name: string | undefined, tags: Tags): Span['kind'] {
  const kind = kindOf(name) ?? (name === undefined ? takeKind(tags) : undefined);
  if (kind !== undefined) return kind;
  if (name !== undefined) tags.set('zipkin.kind', { stringValue: name });
  return SPAN_KIND.internal;
}

/** Tags stay as they are; what the endpoints say goes beside them. */
function tagsOf(reader: SpanReader, local: ZipkinEndpoint): { tags: Tags; textless: number } {
  const { tags: sent, textless } = reader.tags();
  const tags: Tags = new Map(sent.map(([key, stringValue]) => [key, { stringValue }]));
  const remote = reader.endpoint('remoteEndpoint');
  const add = (key: string, value: AnyValue | undefined): void => {
    if (value !== undefined && !tags.has(key)) tags.set(key, value);
  };
  add('peer.service', textValue(remote.serviceName));
  for (const [side, endpoint] of [
    ['local', local],
    ['peer', remote],
  ] as const) {
    add(`network.${side}.address`, textValue(endpoint.ipv4 ?? endpoint.ipv6));
    if (endpoint.ipv4 !== undefined) add(`zipkin.${side}.ipv6`, textValue(endpoint.ipv6));
    if (endpoint.port !== undefined) {
      add(`network.${side}.port`, { intValue: BigInt(endpoint.port) });
    }
  }
  if (reader.flag('debug')) add('zipkin.debug', { boolValue: true });
  return { tags, textless };
}

function eventsOf(annotations: readonly ZipkinAnnotation[]): { events: Event[]; timeless: number } {
  const events: Event[] = [];
  for (const { timestampUs, value } of annotations) {
    const timeUnixNano = timestampUs * 1_000n;
    if (timeUnixNano < 0n || timeUnixNano > TIME_NS_MAX) continue;
    events.push({ timeUnixNano, ...namedEvent(value) });
  }
  return { events, timeless: annotations.length - events.length };
}

/**
 * OpenTelemetry's exporters put an event's attributes into the text: `"name": {"key": "value"}`, some
 * in braces. Any other text is the name.
 */
function namedEvent(text: string): Omit<Event, 'timeUnixNano'> {
  const plain = { name: text, attributes: [] };
  if (!/^["{]/.test(text)) return plain;
  try {
    const json = text.startsWith('{') ? text : `{${text}}`;
    const [entry, ...others] = Object.entries(JSON.parse(json) as object);
    if (entry === undefined || others.length > 0) return plain;
    const [name, members] = entry as [string, unknown];
    if (typeof members !== 'object' || members === null || Array.isArray(members)) return plain;
    const values = Object.entries(members).map(([key, value]) => [key, jsonValue(value)] as const);
    const tags: Tags = new Map();
    for (const [key, value] of values) {
      if (value === undefined) return plain;
      tags.set(key, value);
    }
    return { name, ...boundedAttributes(tags) };
  } catch {
    return plain;
  }
}

function jsonValue(value: unknown): AnyValue | undefined {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (Number.isSafeInteger(value)) return { intValue: BigInt(value as number) };
  return typeof value === 'number' ? { doubleValue: value } : undefined;
}

/**
 * With B3 headers, the two sides of a call may report spans of one id: the caller's, and the
 * server's with `shared`. In OTLP an id names one span, so the server's becomes a child of the
 * caller's, under an id that follows from the shared one: sent again, it is the same.
 */
function ownIdOf(traceId: Uint8Array, sharedId: Uint8Array): Uint8Array {
  return createHash('sha256').update(traceId).update(sharedId).digest().subarray(0, 8);
}

/** The parent that both sides have in common is kept: the caller may report elsewhere, or not at all. */
function setSharedTags(tags: Tags, parentId: Uint8Array | undefined): void {
  tags.set('zipkin.shared', { boolValue: true });
  if (parentId !== undefined) tags.set('zipkin.parent_id', { stringValue: hexOf(parentId) });
}

/**
 * Spans below the server's side of a shared span name the shared id as their parent. Where they come
 * in the same request from the same service, they follow it to its own id; others stay with the
 * caller's side.
 */
function followShared(spans: readonly ZipkinSpan[]): void {
  const ownIds = new Map<string, Uint8Array>();
  const keyOf = (service: string | undefined, traceId: Uint8Array, id: Uint8Array): string =>
    `${hexOf(traceId)} ${hexOf(id)} ${service}`;
  for (const { service, sharedId, span } of spans) {
    if (sharedId !== undefined) ownIds.set(keyOf(service, span.traceId, sharedId), span.spanId);
  }
  if (ownIds.size === 0) return;
  for (const { service, sharedId, span } of spans) {
    const { traceId, parentSpanId } = span;
    if (sharedId !== undefined || parentSpanId === undefined) continue;
    span.parentSpanId = ownIds.get(keyOf(service, traceId, parentSpanId)) ?? parentSpanId;
  }
}

function serviceAttributes(service: string | undefined): KeyValue[] {
  return service === undefined ? [] : [{ key: 'service.name', value: { stringValue: service } }];
}

function textValue(text: string | undefined): AnyValue | undefined {
  return text === undefined ? undefined : { stringValue: text };
}

function hexOf(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.length).toString('hex');
}
