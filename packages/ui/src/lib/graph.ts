import type { Edge, LifecycleSpan, SpanRef } from '@throughline/model';
import { spanRef } from '@throughline/model';
import { compareNs } from './nanoseconds.ts';

/** One span, or a stack of spans of the same service and name that are drawn as one. */
export interface GraphNode {
  readonly id: string;
  /** The spans that it stands for, by start; never empty. */
  readonly spans: readonly [LifecycleSpan, ...LifecycleSpan[]];
  /** The trace that all of them belong to, if they do. */
  readonly traceId: string | undefined;
  readonly critical: boolean;
}

/** All edges between two nodes as one. */
export interface GraphEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly type: Edge['type'];
  /** The link's type; for a child edge `undefined`. */
  readonly linkType: string | undefined;
  readonly critical: boolean;
  readonly count: number;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** Past so many nodes a graph is no longer read but searched, so equal spans are stacked. */
export const GRAPH_NODES_MAX = 48;

function stackId(span: LifecycleSpan): string {
  return JSON.stringify([span.service, span.name]);
}

function nodesOf(
  spans: readonly LifecycleSpan[],
  idOf: (span: LifecycleSpan) => string,
): GraphNode[] {
  const groups = new Map<string, [LifecycleSpan, ...LifecycleSpan[]]>();
  for (const span of spans) {
    const id = idOf(span);
    const group = groups.get(id);
    if (group) group.push(span);
    else groups.set(id, [span]);
  }
  return [...groups].map(([id, group]) => ({
    id,
    spans: group,
    traceId: group.every((span) => span.traceId === group[0].traceId)
      ? group[0].traceId
      : undefined,
    critical: group.some((span) => span.critical),
  }));
}

/** Stacks with the members that `stacked` says; a stack of one is just that span. */
function idsOf(
  spans: readonly LifecycleSpan[],
  stacked: (span: LifecycleSpan) => boolean,
): Map<SpanRef, string> {
  const sizes = new Map<string, number>();
  for (const span of spans) {
    if (stacked(span)) sizes.set(stackId(span), (sizes.get(stackId(span)) ?? 0) + 1);
  }
  return new Map(
    spans.map((span) => {
      const ref = spanRef(span);
      return [ref, stacked(span) && (sizes.get(stackId(span)) ?? 0) > 1 ? stackId(span) : ref];
    }),
  );
}

function edgesOf(edges: readonly Edge[], ids: ReadonlyMap<SpanRef, string>): GraphEdge[] {
  const merged = new Map<string, GraphEdge>();
  for (const edge of edges) {
    const from = ids.get(edge.from);
    const to = ids.get(edge.to);
    if (from === undefined || to === undefined || from === to) continue;
    const id = JSON.stringify([from, to, edge.type, edge.linkType]);
    const same = merged.get(id);
    merged.set(id, {
      id,
      from,
      to,
      type: edge.type,
      linkType: edge.linkType,
      critical: edge.critical || same?.critical === true,
      count: (same?.count ?? 0) + 1,
    });
  }
  return [...merged.values()];
}

/** The least stacking with which the graph stays readable; what was taken apart does not count. */
function chooseIds(
  spans: readonly LifecycleSpan[],
  mayStack: (span: LifecycleSpan) => boolean,
): Map<SpanRef, string> {
  if (spans.length <= GRAPH_NODES_MAX) return idsOf(spans, () => false);
  const sparing = idsOf(spans, (span) => mayStack(span) && !span.critical);
  const shown = new Set(spans.filter(mayStack).map((span) => sparing.get(spanRef(span))));
  return shown.size <= GRAPH_NODES_MAX ? sparing : idsOf(spans, mayStack);
}

/**
 * The graph to draw. One with more than {@link GRAPH_NODES_MAX} spans is stacked: spans of the same
 * service and name become one node, first those off the critical path, then, if that is not enough,
 * all.
 *
 * @param expanded ids of stacks to take apart
 */
export function buildGraph(
  spans: readonly LifecycleSpan[],
  edges: readonly Edge[],
  expanded: ReadonlySet<string>,
): Graph {
  const sorted = [...spans].sort((left, right) => compareNs(left.startNs, right.startNs));
  const mayStack = (span: LifecycleSpan) => !expanded.has(stackId(span));
  const ids = chooseIds(sorted, mayStack);
  const nodes = nodesOf(sorted, (span) => ids.get(spanRef(span)) ?? spanRef(span));
  return { nodes, edges: edgesOf(edges, ids) };
}
