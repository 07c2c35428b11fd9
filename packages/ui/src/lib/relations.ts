import {
  type Attributes,
  type Lifecycle,
  type Span,
  type SpanRef,
  spanRef,
  type TraceResponse,
} from '@throughline/model';

/**
 * A cause or an effect of a span. `name` and `service` are known when the span is on the page or
 * the server named it; `here`: it is on the page and can be selected, else it is in another trace.
 */
export interface Relation {
  readonly ref: SpanRef;
  readonly traceId: string;
  readonly spanId: string;
  /** `parent` or `child`, else the link's type. */
  readonly type: string;
  readonly name: string | undefined;
  readonly service: string | undefined;
  readonly attributes: Attributes;
  readonly here: boolean;
}

/** Named by causality, because "incoming" and "outgoing" are read both ways. */
export interface Relations {
  readonly causes: readonly Relation[];
  readonly effects: readonly Relation[];
}

const NO_TYPE = 'link';

function relationOf(
  ids: { traceId: string; spanId: string },
  type: string,
  attributes: Attributes,
  target: Span | undefined,
): Relation {
  return {
    ref: spanRef(ids),
    traceId: ids.traceId,
    spanId: ids.spanId,
    type,
    name: target?.name,
    service: target?.service,
    attributes,
    here: target !== undefined,
  };
}

/** What the span itself says: its parent and its links. `find` knows the spans on the page. */
function causesOf(span: Span, find: (ref: SpanRef) => Span | undefined): Relation[] {
  const causes: Relation[] = [];
  if (span.parentSpanId !== undefined) {
    const parent = { traceId: span.traceId, spanId: span.parentSpanId };
    causes.push(relationOf(parent, 'parent', {}, find(spanRef(parent))));
  }
  for (const link of span.links) {
    causes.push(relationOf(link, link.type ?? NO_TYPE, link.attributes, find(spanRef(link))));
  }
  return causes;
}

/**
 * Looks up relations of an order's spans. Effects outside the order belong to others and are left
 * out.
 */
export function relationsInLifecycle(
  lifecycle: Pick<Lifecycle, 'spans' | 'edges'>,
): (span: Span) => Relations {
  const spans = new Map(lifecycle.spans.map((span) => [spanRef(span), span]));
  return (span) => {
    const own = spanRef(span);
    const effects = lifecycle.edges.flatMap((edge) => {
      const target = edge.from === own ? spans.get(edge.to) : undefined;
      if (!target) return [];
      const type = edge.type === 'child' ? 'child' : (edge.linkType ?? NO_TYPE);
      return [relationOf(target, type, edge.attributes, target)];
    });
    return { causes: causesOf(span, (ref) => spans.get(ref)), effects };
  };
}

/** Looks up relations of a trace's spans, with the links that come in from other traces. */
export function relationsInTrace(
  trace: Pick<TraceResponse, 'spans' | 'inboundLinks'>,
): (span: Span) => Relations {
  const spans = new Map(trace.spans.map((span) => [spanRef(span), span]));
  return (span) => {
    const children = trace.spans
      .filter((other) => other.parentSpanId === span.spanId)
      .map((child) => relationOf(child, 'child', {}, child));
    const linking = trace.inboundLinks
      .filter((link) => link.targetSpanId === span.spanId)
      .map((link) => ({
        ...relationOf(link, link.type ?? NO_TYPE, {}, spans.get(spanRef(link))),
        name: link.name,
        service: link.service,
      }));
    return {
      causes: causesOf(span, (ref) => spans.get(ref)),
      effects: [...children, ...linking],
    };
  };
}
