import {
  type ClockSkew,
  formatDuration,
  formatSkew,
  type Span,
  type Warning,
} from '@throughline/model';
import { ORDER_LIFECYCLE } from './definitions.ts';
import { buildGraph, type SpanGraph, type SpanNode } from './graph.ts';
import { boundsOf, type ClockBounds, estimateSkew, type SkewEstimate } from './skew.ts';
import { hostOf, readMessages } from './skew-readings.ts';

/** A graph whose spans have the times that the clock of one host would have shown. */
export interface CorrectedGraph {
  readonly graph: SpanGraph;
  readonly estimate: SkewEstimate;
}

interface Memo {
  readonly bounds: ClockBounds | undefined;
  readonly byReference: Map<string, CorrectedGraph>;
}

const ALL_RIGHT: SkewEstimate = { skews: [], contradictions: [] };

/** Graphs do not change, and hundreds of lifecycles are built from one. It lives as long as the graph. */
const memos = new WeakMap<SpanGraph, Memo>();

/**
 * The graph by the clock of the host where the lifecycle begins, so that its begin stays where it is.
 * The same graph when all clocks are right. All messages in the graph count, those of others too.
 */
export function correctClocks(graph: SpanGraph, begin: SpanNode): CorrectedGraph {
  const memo = memos.get(graph) ?? {
    bounds: boundsOf(readMessages(graph)),
    byReference: new Map(),
  };
  memos.set(graph, memo);
  const reference = hostOf(begin.span);
  const known = memo.byReference.get(reference);
  if (known) return known;
  const estimate = memo.bounds ? estimateSkew(memo.bounds, reference) : ALL_RIGHT;
  const corrected = { graph: shifted(graph, estimate.skews), estimate };
  memo.byReference.set(reference, corrected);
  return corrected;
}

function shifted(graph: SpanGraph, skews: readonly ClockSkew[]): SpanGraph {
  if (skews.length === 0) return graph;
  const offsets = new Map(skews.map(({ host, offsetNs }) => [host, offsetNs]));
  const spans = [...graph.nodes.values()].map(({ span }) => {
    const offsetNs = offsets.get(hostOf(span));
    return offsetNs === undefined ? span : earlierBy(offsetNs, span);
  });
  return buildGraph(graph.definition, spans);
}

function earlierBy(offsetNs: bigint, span: Span): Span {
  return {
    ...span,
    startNs: span.startNs - offsetNs,
    endNs: span.endNs - offsetNs,
    events: span.events.map((event) => ({ ...event, timeNs: event.timeNs - offsetNs })),
  };
}

/** The clocks of those hosts that the spans are from, each under the host's name. */
export function skewOf({ estimate }: CorrectedGraph, nodes: readonly SpanNode[]): ClockSkew[] {
  const names = namesOf(nodes);
  return estimate.skews.flatMap((skew) => {
    const host = names.get(skew.host);
    return host === undefined ? [] : [{ ...skew, host }];
  });
}

/** The clocks of one trace, by that of the host where it begins. Its spans stay as they were sent. */
export function skewOfTrace(spans: readonly Span[]): ClockSkew[] {
  // What is an order's own matters to no edge between spans.
  const graph = buildGraph(ORDER_LIFECYCLE, spans);
  const nodes = [...graph.nodes.values()];
  const root = nodes.find(({ span }) => span.parentSpanId === undefined) ?? nodes[0];
  return root ? skewOf(correctClocks(graph, root), nodes) : [];
}

/** What a reader of the spans must know: that times were changed, by how much, and how sure that is. */
export function skewWarnings(corrected: CorrectedGraph, nodes: readonly SpanNode[]): Warning[] {
  const names = namesOf(nodes);
  const clocks = skewOf(corrected, nodes).map((skew) => `${formatSkew(skew)}; corrected`);
  const contradictions = corrected.estimate.contradictions.flatMap(({ from, to, byNs }) => {
    const [sender, receiver] = [names.get(from), names.get(to)];
    if (sender === undefined || receiver === undefined) return [];
    const gap = formatDuration(byNs);
    return [
      `messages from ${sender} to ${receiver} are ${gap} too early for any offset: a clock drifts or was set`,
    ];
  });
  return [...clocks, ...contradictions].map((message) => ({ code: 'clock_skew', message }));
}

function namesOf(nodes: readonly SpanNode[]): ReadonlyMap<string, string> {
  return new Map(nodes.map(({ span }) => [hostOf(span), span.host || hostOf(span)]));
}
