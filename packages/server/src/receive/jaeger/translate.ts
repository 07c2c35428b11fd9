import { isUtf8 } from 'node:buffer';
import type { Admitted } from '../otlp-wire.ts';
import type { AnyValue, Event, Link, Span } from '../otlp-writer.ts';
import { SPAN_KIND, TIME_NS_MAX } from '../otlp-writer.ts';
import {
  admitTranslated,
  boundedAttributes,
  countOf,
  groupByScope,
  type ScopedSpan,
  SpanDefect,
  type Tags,
  takeKind,
  takeScope,
  takeSpanFields,
  takeStatus,
  takeText,
  timesNs,
  translateEach,
} from '../translated.ts';
import {
  type JaegerBatch,
  type JaegerLog,
  type JaegerProcess,
  type JaegerReference,
  type JaegerSpan,
  type JaegerTag,
  REFERENCE_TYPE,
  TAG_TYPE,
} from './batch.ts';

const SAMPLED = 1;
/** How OpenTelemetry says which kind of OpenTracing reference a link was. */
const REF_TYPE_KEY = 'opentracing.ref_type';

/**
 * A batch in the words of OTLP, after OpenTelemetry's "Jaeger transformation" read backwards. What
 * OTLP has no field for becomes an attribute: `jaeger.flags` (when more than "sampled" is set) and
 * `jaeger.incomplete`. A span without ids, with a negative duration, or outside of 1970 to 2262 is
 * left out; a log or reference of that kind is left out of its span and counted there as dropped.
 *
 * @throws ThroughlineError `TL_OTLP_TOO_LARGE`
 * @see https://github.com/open-telemetry/opentelemetry-specification/blob/v1.22.0/specification/trace/sdk_exporters/jaeger.md
 */
export function admitJaeger(batch: JaegerBatch): Admitted {
  const translated = translateEach(batch.spans, spanOf);
  const resource = boundedAttributes(resourceTags(batch.process));
  const scopeSpans = groupByScope(translated.kept);
  const request = { resourceSpans: [{ resource, scopeSpans }] };
  return admitTranslated(request, translated, 'TL_JAEGER_MALFORMED');
}

function resourceTags(process: JaegerProcess): Tags {
  const service: Tags = new Map();
  if (process.serviceName !== '') {
    service.set('service.name', { stringValue: process.serviceName });
  }
  // The name comes first, where no bound cuts it off, and outweighs a tag of that name.
  const tags: Tags = new Map([...service, ...tagsOf(process.tags), ...service]);
  const hostname = tags.get('hostname');
  if (hostname !== undefined && !tags.has('host.name')) {
    tags.delete('hostname');
    tags.set('host.name', hostname);
  }
  return tags;
}

function spanOf(jaeger: JaegerSpan): ScopedSpan | SpanDefect {
  const traceId = traceIdOf(jaeger);
  if (traceId === undefined) return new SpanDefect('its trace id is zero');
  if (jaeger.spanId === 0n) return new SpanDefect('its span id is zero');
  const times = timesNs(jaeger.startTime, jaeger.duration);
  if (times instanceof SpanDefect) return times;

  const tags = tagsOf(jaeger.tags);
  if ((jaeger.flags & ~SAMPLED) !== 0) {
    tags.set('jaeger.flags', { intValue: BigInt(jaeger.flags) });
  }
  if (jaeger.incomplete === true) tags.set('jaeger.incomplete', { boolValue: true });
  const scope = takeScope(tags);
  const fields = takeSpanFields(tags);
  const parentId = parentIdOf(jaeger);
  const { links, unlinkable } = linksOf(jaeger, parentId);
  const { events, timeless } = eventsOf(jaeger.logs ?? []);
  const span: Span = {
    traceId,
    spanId: idBytes(jaeger.spanId),
    traceState: fields.traceState,
    parentSpanId: parentId === 0n ? undefined : idBytes(parentId),
    name: jaeger.operationName,
    kind: takeKind(tags) ?? SPAN_KIND.internal,
    startTimeUnixNano: times.startNs,
    endTimeUnixNano: times.endNs,
    status: takeStatus(tags),
    ...boundedAttributes(tags, fields.droppedAttributesCount),
    events,
    droppedEventsCount: countOf((fields.droppedEventsCount ?? 0) + timeless),
    links,
    droppedLinksCount: countOf((fields.droppedLinksCount ?? 0) + unlinkable),
    flags: jaeger.flags & SAMPLED,
  };
  return { scope, span };
}

/**
 * The field, or the first reference to a span of the same trace: one that says "child of" if there
 * is any. A span that names itself has no parent.
 */
function parentIdOf(span: JaegerSpan): bigint {
  let parentId = span.parentSpanId;
  if (parentId === 0n) {
    const near = (span.references ?? []).filter((reference) => isSameTrace(reference, span));
    const parent = near.find(({ refType }) => refType === REFERENCE_TYPE.childOf) ?? near[0];
    parentId = parent?.spanId ?? 0n;
  }
  return parentId === span.spanId ? 0n : parentId;
}

/** Every reference but the one to the parent as its child. */
function linksOf(span: JaegerSpan, parentId: bigint): { links: Link[]; unlinkable: number } {
  const links: Link[] = [];
  let unlinkable = 0;
  for (const reference of span.references ?? []) {
    const isChildOf = reference.refType === REFERENCE_TYPE.childOf;
    if (isChildOf && reference.spanId === parentId && isSameTrace(reference, span)) continue;
    const traceId = traceIdOf(reference);
    if (traceId === undefined || reference.spanId === 0n) {
      unlinkable += 1;
      continue;
    }
    const stringValue = isChildOf ? 'child_of' : 'follows_from';
    const attributes = [{ key: REF_TYPE_KEY, value: { stringValue } }];
    links.push({ traceId, spanId: idBytes(reference.spanId), attributes });
  }
  return { links, unlinkable };
}

/** OpenTracing names what happened in the field `event`, or says it in `message`. */
function eventsOf(logs: readonly JaegerLog[]): { events: Event[]; timeless: number } {
  const events: Event[] = [];
  for (const { timestamp, fields } of logs) {
    const timeUnixNano = timestamp * 1_000n;
    if (timeUnixNano < 0n || timeUnixNano > TIME_NS_MAX) continue;
    const tags = tagsOf(fields);
    const name = takeText(tags, 'event') ?? takeText(tags, 'message') ?? '';
    events.push({ timeUnixNano, name, ...boundedAttributes(tags) });
  }
  return { events, timeless: logs.length - events.length };
}

function tagsOf(tags: readonly JaegerTag[] = []): Tags {
  return new Map(tags.map((tag) => [tag.key, tagValue(tag)]));
}

/** A client may leave out a value that is empty or zero. */
function tagValue(tag: JaegerTag): AnyValue {
  switch (tag.vType) {
    case TAG_TYPE.double:
      return { doubleValue: tag.vDouble ?? 0 };
    case TAG_TYPE.bool:
      return { boolValue: tag.vBool ?? false };
    case TAG_TYPE.long:
      return { intValue: tag.vLong ?? 0n };
    case TAG_TYPE.binary:
      return { bytesValue: tag.vBinary ?? new Uint8Array() };
    default:
      return textValue(tag.vStr ?? new Uint8Array());
  }
}

/** Thrift does not check its strings. What is no text is kept as what it is: bytes. */
function textValue(bytes: Uint8Array): AnyValue {
  return isUtf8(bytes)
    ? { stringValue: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString() }
    : { bytesValue: bytes };
}

function isSameTrace(a: JaegerReference, b: JaegerSpan): boolean {
  return a.traceIdLow === b.traceIdLow && a.traceIdHigh === b.traceIdHigh;
}

function traceIdOf(ids: { traceIdHigh: bigint; traceIdLow: bigint }): Uint8Array | undefined {
  if (ids.traceIdHigh === 0n && ids.traceIdLow === 0n) return undefined;
  const bytes = Buffer.alloc(16);
  bytes.writeBigInt64BE(ids.traceIdHigh, 0);
  bytes.writeBigInt64BE(ids.traceIdLow, 8);
  return bytes;
}

function idBytes(id: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(id);
  return bytes;
}
