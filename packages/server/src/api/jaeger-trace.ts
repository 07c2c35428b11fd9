import {
  type Attributes,
  type AttributeValue,
  plainValue,
  type Span,
  type SpanKind,
} from '@throughline/model';

/** One trace in the JSON of Jaeger's query service, version 1: what Grafana and the Jaeger UI read. */
export interface JaegerTrace {
  traceID: string;
  spans: JaegerSpan[];
  processes: Record<string, { serviceName: string; tags: JaegerTag[] }>;
  warnings: null;
}

interface JaegerTag {
  key: string;
  type: 'string' | 'bool' | 'int64' | 'float64';
  value: string | number | boolean;
}

interface JaegerReference {
  refType: 'CHILD_OF' | 'FOLLOWS_FROM';
  traceID: string;
  spanID: string;
}

/** `startTime` and `duration` are microseconds. */
interface JaegerSpan {
  traceID: string;
  spanID: string;
  flags: 1;
  operationName: string;
  references: JaegerReference[];
  startTime: number;
  duration: number;
  tags: JaegerTag[];
  logs: { timestamp: number; fields: JaegerTag[] }[];
  processID: string;
  warnings: null;
}

/**
 * Jaeger's form of a trace. Links become FOLLOWS_FROM references; their attributes have no place in it
 * and are left out, and times lose what is below a microsecond.
 */
export function toJaegerTrace(traceId: string, spans: readonly Span[]): JaegerTrace {
  const processes = new Map<string, { id: string; serviceName: string; tags: JaegerTag[] }>();
  const jaegerSpans = spans.map((span) => {
    const tags = toTags(span.resource).filter((tag) => tag.key !== 'service.name');
    const identity = JSON.stringify([span.service, tags]);
    const process = processes.get(identity) ?? {
      id: `p${processes.size + 1}`,
      serviceName: span.service,
      tags,
    };
    processes.set(identity, process);
    return toJaegerSpan(span, process.id);
  });
  const byId = [...processes.values()].map(({ id, serviceName, tags }) => [
    id,
    { serviceName, tags },
  ]);
  return {
    traceID: traceId,
    spans: jaegerSpans,
    processes: Object.fromEntries(byId),
    warnings: null,
  };
}

function toJaegerSpan(span: Span, processID: string): JaegerSpan {
  const references: JaegerReference[] = span.links.map((link) => ({
    refType: 'FOLLOWS_FROM',
    traceID: link.traceId,
    spanID: link.spanId,
  }));
  if (span.parentSpanId !== undefined) {
    references.unshift({ refType: 'CHILD_OF', traceID: span.traceId, spanID: span.parentSpanId });
  }
  return {
    traceID: span.traceId,
    spanID: span.spanId,
    flags: 1,
    operationName: span.name,
    references,
    startTime: toMicroseconds(span.startNs),
    duration: toMicroseconds(span.endNs - span.startNs),
    tags: [
      ...toTags(span.attributes),
      ...kindTag(span.kind),
      ...statusTags(span),
      ...scopeTags(span),
    ],
    logs: span.events.map((event) => ({
      timestamp: toMicroseconds(event.timeNs),
      fields: [{ key: 'event', type: 'string', value: event.name }, ...toTags(event.attributes)],
    })),
    processID,
    warnings: null,
  };
}

/** Microseconds since the epoch stay below 2^53 until the year 2255. */
function toMicroseconds(ns: bigint): number {
  return Number(ns / 1000n);
}

function kindTag(kind: SpanKind): JaegerTag[] {
  return kind === 'internal' ? [] : [{ key: 'span.kind', type: 'string', value: kind }];
}

function statusTags({ status }: Span): JaegerTag[] {
  if (status.code === 'unset') return [];
  const tags: JaegerTag[] = [
    { key: 'otel.status_code', type: 'string', value: status.code.toUpperCase() },
  ];
  if (status.code === 'error') tags.push({ key: 'error', type: 'bool', value: true });
  if (status.message !== '') {
    tags.push({ key: 'otel.status_description', type: 'string', value: status.message });
  }
  return tags;
}

function scopeTags({ scope }: Span): JaegerTag[] {
  return scope.name === '' ? [] : [{ key: 'otel.scope.name', type: 'string', value: scope.name }];
}

function toTags(attributes: Attributes): JaegerTag[] {
  return Object.entries(attributes).map(([key, value]) => toTag(key, value));
}

/** Integers keep their type; what Jaeger has no type for, bytes but for its own, is text as in our JSON. */
function toTag(key: string, value: AttributeValue): JaegerTag {
  const json = plainValue(value);
  if (typeof value === 'bigint' && typeof json === 'number')
    return { key, type: 'int64', value: json };
  if (typeof json === 'number') return { key, type: 'float64', value: json };
  if (typeof json === 'boolean') return { key, type: 'bool', value: json };
  return { key, type: 'string', value: typeof json === 'string' ? json : JSON.stringify(json) };
}
