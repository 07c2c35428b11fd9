import type { Attributes, Span, SpanLink } from '@throughline/model';
import { ATTR } from '@throughline/model';

/** A span in few words: small numbers for ids and times. */
export interface SpanSketch {
  readonly trace: number;
  readonly id: number;
  readonly parent?: number | undefined;
  readonly name?: string;
  readonly kind?: Span['kind'];
  readonly service?: string;
  readonly host?: string;
  readonly from: number;
  readonly to: number;
  readonly attributes?: Attributes;
  readonly links?: readonly LinkSketch[];
  readonly linksDropped?: number;
  readonly failed?: boolean;
}

export interface LinkSketch {
  readonly trace: number;
  readonly id: number;
  readonly type?: string;
  readonly attributes?: Attributes;
}

export function sketchSpan(sketch: SpanSketch): Span {
  const { trace, id, parent, name = 'work', kind = 'internal', service = 'service' } = sketch;
  return {
    traceId: traceIdOf(trace),
    spanId: spanIdOf(id),
    ...(parent !== undefined && { parentSpanId: spanIdOf(parent) }),
    name,
    kind,
    service,
    host: sketch.host ?? '',
    startNs: BigInt(sketch.from),
    endNs: BigInt(sketch.to),
    status: { code: sketch.failed ? 'error' : 'unset', message: '' },
    attributes: { ...sketch.attributes },
    resource: {},
    scope: { name: 'test', version: '' },
    events: [],
    links: (sketch.links ?? []).map(sketchLink),
    dropped: { attributes: 0, events: 0, links: sketch.linksDropped ?? 0 },
  };
}

function sketchLink({ trace, id, type, attributes = {} }: LinkSketch): SpanLink {
  const link = { traceId: traceIdOf(trace), spanId: spanIdOf(id) };
  if (type === undefined) return { ...link, attributes: { ...attributes } };
  return { ...link, type, attributes: { ...attributes, [ATTR.linkType]: type } };
}

export function refOf(trace: number, id: number): `${string}:${string}` {
  return `${traceIdOf(trace)}:${spanIdOf(id)}`;
}

export function traceIdOf(trace: number): string {
  return trace.toString(16).padStart(32, '0');
}

function spanIdOf(id: number): string {
  return id.toString(16).padStart(16, '0');
}
