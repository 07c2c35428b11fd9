import { type ErrorCode, ThroughlineError } from '@throughline/model';
import { type Admitted, ATTRIBUTES_MAX, checkOtlpWire, rejectedOf } from './otlp-wire.ts';
import {
  type AnyValue,
  encodeTraceRequest,
  type KeyValue,
  type ScopeSpans,
  SPAN_KIND,
  type Span,
  type SpanKind,
  STATUS_CODE,
  TIME_NS_MAX,
  type TraceRequest,
} from './otlp-writer.ts';

/**
 * The tags of a span while it is translated. A key that comes again overwrites, as setting a tag
 * twice does in every client.
 */
export type Tags = Map<string, AnyValue>;

/** Why a span is left out. */
export class SpanDefect {
  /** Completes "a span is left out because ..."; a fixed text, so that equal ones can be counted. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The spans of a request that can be kept, and what became of the others. */
export interface Translated<Kept> {
  kept: Kept[];
  leftOut: number;
  /** Of the first that is left out. */
  firstDefect: SpanDefect | undefined;
}

/** @param translate returns the defect of a span that cannot be kept */
export function translateEach<Foreign, Kept extends object>(
  spans: readonly Foreign[],
  translate: (span: Foreign) => Kept | SpanDefect,
): Translated<Kept> {
  const kept: Kept[] = [];
  let firstDefect: SpanDefect | undefined;
  for (const span of spans) {
    const result = translate(span);
    if (result instanceof SpanDefect) firstDefect ??= result;
    else kept.push(result);
  }
  return { kept, leftOut: spans.length - kept.length, firstDefect };
}

/**
 * The request to keep, in protobuf and checked. Unlike in OTLP, it may be that no span is left.
 *
 * @param code of spans that are left out
 * @throws ThroughlineError `TL_OTLP_TOO_LARGE`
 */
export function admitTranslated(
  request: TraceRequest,
  { kept, leftOut, firstDefect }: Translated<unknown>,
  code: ErrorCode,
): Admitted {
  const spanCount = kept.length;
  const record = encodeTraceRequest(request);
  checkOtlpWire(record);
  if (firstDefect === undefined) return { record, spanCount, rejected: undefined };
  const defect = `a span is left out because ${firstDefect.text}`;
  const error = new ThroughlineError(code, defect);
  return { record, spanCount, rejected: rejectedOf(leftOut, spanCount + leftOut, error) };
}

/** Nanoseconds of the span's two ends, or why there are none; both in microseconds since the epoch. */
export function timesNs(
  startUs: bigint,
  durationUs: bigint,
): { startNs: bigint; endNs: bigint } | SpanDefect {
  if (durationUs < 0n) return new SpanDefect('its duration is negative');
  const startNs = startUs * 1_000n;
  const endNs = startNs + durationUs * 1_000n;
  if (startNs < 0n) return new SpanDefect('it starts before 1970');
  if (endNs > TIME_NS_MAX) return new SpanDefect('it ends after the year 2262');
  return { startNs, endNs };
}

/** A span and the instrumentation that its tags name. */
export interface ScopedSpan {
  scope: ScopeSpans['scope'];
  span: Span;
}

/** The spans of one resource, those of one instrumentation together. */
export function groupByScope(spans: readonly ScopedSpan[]): ScopeSpans[] {
  const groups = new Map<string, { scope: ScopeSpans['scope']; spans: Span[] }>();
  for (const { scope, span } of spans) {
    const key = JSON.stringify([scope?.name, scope?.version]);
    const group = groups.get(key) ?? { scope, spans: [] };
    groups.set(key, group);
    group.spans.push(span);
  }
  return [...groups.values()];
}

/** As many attributes as a span may have; the number of the others goes into its dropped count. */
export function boundedAttributes(
  tags: Tags,
  droppedBefore = 0,
): { attributes: KeyValue[]; droppedAttributesCount: number | undefined } {
  const attributes: KeyValue[] = [];
  for (const [key, value] of tags) {
    if (attributes.length === ATTRIBUTES_MAX) break;
    attributes.push({ key, value });
  }
  return {
    attributes,
    droppedAttributesCount: countOf(droppedBefore + tags.size - attributes.length),
  };
}

/** A count as OTLP sends it: not at all when it is zero, and in 32 bits. */
export function countOf(count: number): number | undefined {
  return count === 0 ? undefined : Math.min(count, 2 ** 32 - 1);
}

const KINDS: Readonly<Record<string, SpanKind>> = SPAN_KIND;

/** Removes the tag `span.kind` and returns what it says; an unknown word stays where it is. */
export function takeKind(tags: Tags): SpanKind | undefined {
  const kind = kindOf(textOf(tags, 'span.kind'));
  if (kind !== undefined) tags.delete('span.kind');
  return kind;
}

/** The kind of this name, in either case, such as `CLIENT` or `client`. */
export function kindOf(name: string | undefined): SpanKind | undefined {
  const key = name?.toLowerCase() ?? '';
  return Object.hasOwn(KINDS, key) ? KINDS[key] : undefined;
}

/**
 * The name and version of the instrumentation, as OpenTelemetry's exporters write them into tags:
 * older ones under `otel.library`, some under both.
 */
export function takeScope(tags: Tags): { name: string; version?: string } | undefined {
  const olderName = takeText(tags, 'otel.library.name');
  const olderVersion = takeText(tags, 'otel.library.version');
  const name = takeText(tags, 'otel.scope.name') ?? olderName;
  const version = takeText(tags, 'otel.scope.version') ?? olderVersion;
  if (name === undefined && version === undefined) return undefined;
  return { name: name ?? '', ...(version !== undefined && { version }) };
}

/**
 * The status that tags say: `error`, which OpenTracing sets to true and Zipkin to what went wrong,
 * and the `otel.status_*` of OpenTelemetry's exporters. `error` outweighs the others. The tags are
 * removed, unless they say more than the status can.
 */
export function takeStatus(tags: Tags): Span['status'] {
  const error = tags.get('error');
  const errorText = error !== undefined && 'stringValue' in error ? error.stringValue : undefined;
  const isFlag = errorText === undefined || errorText === '' || errorText === 'true';
  const isTrue = error !== undefined && 'boolValue' in error && error.boolValue;
  const code = textOf(tags, 'otel.status_code')?.toUpperCase();
  const isError = isTrue || (errorText !== undefined && errorText !== 'false');
  if (code === 'OK' || code === 'ERROR' || code === 'UNSET') tags.delete('otel.status_code');
  if (!isError && code !== 'ERROR') {
    return code === 'OK' ? { code: STATUS_CODE.ok } : undefined;
  }
  const description = takeText(tags, 'otel.status_description');
  const message = description ?? (isFlag ? undefined : errorText);
  if (isError && (isFlag || message === errorText)) tags.delete('error');
  return { code: STATUS_CODE.error, ...(message !== undefined && { message }) };
}

/** What OpenTelemetry's exporters say of a span in tags, for want of a field. */
export function takeSpanFields(
  tags: Tags,
): Pick<
  Span,
  'traceState' | 'droppedAttributesCount' | 'droppedEventsCount' | 'droppedLinksCount'
> {
  return {
    traceState: takeText(tags, 'w3c.tracestate'),
    droppedAttributesCount: takeCount(tags, 'otel.dropped_attributes_count'),
    droppedEventsCount: takeCount(tags, 'otel.dropped_events_count'),
    droppedLinksCount: takeCount(tags, 'otel.dropped_links_count'),
  };
}

/** Removes the tag and returns its text; another type stays where it is. */
export function takeText(tags: Tags, key: string): string | undefined {
  const text = textOf(tags, key);
  if (text !== undefined) tags.delete(key);
  return text;
}

function textOf(tags: Tags, key: string): string | undefined {
  const value = tags.get(key);
  return value !== undefined && 'stringValue' in value ? value.stringValue : undefined;
}

function takeCount(tags: Tags, key: string): number | undefined {
  const value = tags.get(key);
  if (value === undefined) return undefined;
  const count = Number(Object.values(value)[0]);
  if (!Number.isInteger(count) || count < 0 || count > 2 ** 32 - 1) return undefined;
  tags.delete(key);
  return count;
}
