import type {
  Attributes,
  AttributeValue,
  Span,
  SpanKind,
  SpanStatusCode,
} from '@throughline/model';

/**
 * Spans as an OTLP/JSON `TracesData` message (opentelemetry-proto, trace/v1, in the specification's
 * "JSON Protobuf Encoding"): the one form in which everything comes back exactly as it was sent, and
 * can be sent again.
 */
export interface OtlpTraces {
  resourceSpans: OtlpResourceSpans[];
}

interface OtlpResourceSpans {
  resource: { attributes: OtlpAttribute[]; droppedAttributesCount?: number };
  scopeSpans: OtlpScopeSpans[];
  schemaUrl?: string;
}

interface OtlpScopeSpans {
  scope: {
    name: string;
    version: string;
    attributes?: OtlpAttribute[];
    droppedAttributesCount?: number;
  };
  spans: OtlpSpan[];
  schemaUrl?: string;
}

interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  traceState?: string;
  flags?: number;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: OtlpAttribute[];
  droppedAttributesCount?: number;
  events?: object[];
  droppedEventsCount?: number;
  links?: object[];
  droppedLinksCount?: number;
  status: { code?: number; message?: string };
}

interface OtlpAttribute {
  key: string;
  value: OtlpValue;
}

type OtlpValue =
  | { stringValue: string }
  | { boolValue: boolean }
  | { intValue: string }
  | { doubleValue: number | string }
  | { bytesValue: string }
  | { arrayValue: { values: OtlpValue[] } }
  | { kvlistValue: { values: OtlpAttribute[] } }
  | Record<string, never>;

const KINDS: Readonly<Record<SpanKind, number>> = {
  internal: 1,
  server: 2,
  client: 3,
  producer: 4,
  consumer: 5,
};
const STATUS_CODES: Readonly<Record<SpanStatusCode, number>> = { unset: 0, ok: 1, error: 2 };

interface GroupedByScope extends OtlpResourceSpans {
  scopes: Map<string, OtlpScopeSpans>;
}

/** Spans of one resource and scope are put together; otherwise they keep their order. */
export function toOtlpTraces(spans: readonly Span[]): OtlpTraces {
  const resources = new Map<string, GroupedByScope>();
  for (const span of spans) {
    const { resource, ...origin } = resourceOf(span);
    const resourceKey = JSON.stringify([resource, origin]);
    const ofResource: GroupedByScope = resources.get(resourceKey) ?? {
      resource,
      scopeSpans: [],
      ...origin,
      scopes: new Map(),
    };
    resources.set(resourceKey, ofResource);
    const scope = scopeOf(span);
    const scopeKey = JSON.stringify(scope);
    const ofScope = ofResource.scopes.get(scopeKey) ?? { ...scope, spans: [] };
    if (!ofResource.scopes.has(scopeKey)) ofResource.scopeSpans.push(ofScope);
    ofResource.scopes.set(scopeKey, ofScope);
    ofScope.spans.push(toOtlpSpan(span));
  }
  return { resourceSpans: [...resources.values()].map(({ scopes: _, ...rest }) => rest) };
}

function resourceOf(span: Span): Omit<OtlpResourceSpans, 'scopeSpans'> {
  const { resource, resourceDroppedAttributes, resourceSchemaUrl } = span;
  return {
    resource: {
      attributes: toAttributes(resource),
      ...dropped('Attributes', resourceDroppedAttributes),
    },
    ...(resourceSchemaUrl === undefined ? {} : { schemaUrl: resourceSchemaUrl }),
  };
}

function scopeOf({ scope }: Span): Omit<OtlpScopeSpans, 'spans'> {
  const { name, version, attributes, droppedAttributes, schemaUrl } = scope;
  return {
    scope: {
      name,
      version,
      ...(attributes === undefined ? {} : { attributes: toAttributes(attributes) }),
      ...dropped('Attributes', droppedAttributes),
    },
    ...(schemaUrl === undefined ? {} : { schemaUrl }),
  };
}

function toOtlpSpan(span: Span): OtlpSpan {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentSpanId === undefined ? {} : { parentSpanId: span.parentSpanId }),
    ...(span.traceState === undefined ? {} : { traceState: span.traceState }),
    ...(span.flags === undefined ? {} : { flags: span.flags }),
    name: span.name,
    kind: KINDS[span.kind],
    startTimeUnixNano: `${span.startNs}`,
    endTimeUnixNano: `${span.endNs}`,
    attributes: toAttributes(span.attributes),
    ...dropped('Attributes', span.dropped.attributes),
    ...(span.events.length === 0 ? {} : { events: span.events.map(toOtlpEvent) }),
    ...dropped('Events', span.dropped.events),
    ...(span.links.length === 0 ? {} : { links: span.links.map(toOtlpLink) }),
    ...dropped('Links', span.dropped.links),
    status: {
      ...(span.status.code === 'unset' ? {} : { code: STATUS_CODES[span.status.code] }),
      ...(span.status.message === '' ? {} : { message: span.status.message }),
    },
  };
}

function toOtlpEvent({
  timeNs,
  name,
  attributes,
  droppedAttributes,
}: Span['events'][number]): object {
  return {
    timeUnixNano: `${timeNs}`,
    name,
    attributes: toAttributes(attributes),
    ...dropped('Attributes', droppedAttributes),
  };
}

function toOtlpLink(link: Span['links'][number]): object {
  return {
    traceId: link.traceId,
    spanId: link.spanId,
    ...(link.traceState === undefined ? {} : { traceState: link.traceState }),
    ...(link.flags === undefined ? {} : { flags: link.flags }),
    attributes: toAttributes(link.attributes),
    ...dropped('Attributes', link.droppedAttributes),
  };
}

/** A default value is left out, as proto3 JSON does. */
function dropped<What extends string>(
  what: What,
  count: number | undefined,
): { [key in `dropped${What}Count`]?: number } {
  type Counts = { [key in `dropped${What}Count`]: number };
  return count ? ({ [`dropped${what}Count`]: count } as Counts) : {};
}

function toAttributes(attributes: Attributes): OtlpAttribute[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: toValue(value) }));
}

function toValue(value: AttributeValue): OtlpValue {
  if (value === null) return {};
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'bigint') return { intValue: `${value}` };
  if (typeof value === 'number') return { doubleValue: toDouble(value) };
  if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(toValue) } };
  return { kvlistValue: { values: toAttributes(value as Attributes) } };
}

/** JSON has no infinities, no NaN and, in JavaScript's hands, no negative zero. */
function toDouble(value: number): number | string {
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? value : String(value);
}
