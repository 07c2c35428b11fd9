import {
  type Edge,
  LINK_TYPE,
  type Lifecycle,
  type LifecycleDefinition,
  type LifecycleSpan,
  type Segment,
  type Sibling,
  SPAN_STATUS,
  type SpanRef,
  ThroughlineError,
  type Warning,
} from '@throughline/model';
import { arrivalsAt, inboundOf } from './arrival.ts';
import { stageLabel, stagesOf } from './attribution.ts';
import { buildCone, CONE_BOUNDS, type Cone, type ConeBounds } from './cone.ts';
import { conserve, type Outcome } from './conservation.ts';
import { type CriticalPath, criticalPath } from './critical-path.ts';
import { compareNodes, formatKey, type SpanGraph, type SpanNode } from './graph.ts';
import { later } from './instant.ts';
import { correctClocks, skewOf, skewWarnings } from './skew-correction.ts';
import { type Slack, slackOf } from './slack.ts';
import { warningsOf } from './warnings.ts';

export interface LifecycleOptions {
  readonly bounds?: ConeBounds;
  /** Whether the graph itself lacks spans that the store has, because a read was cut off. */
  readonly readTruncated?: boolean;
}

/** Siblings that are shown; a batch may have thousands of members. */
const SIBLINGS_MAX = 1_000;

/** The status of a lifecycle that no end span has told anything of yet. */
const OPEN = 'open';

/**
 * One lifecycle, from the spans around it (tracing-model, sections 3 and 4). Pure; the same spans give the
 * same result. The segments are never empty, share endpoints and sum exactly to `end - begin`, for any
 * graph. An open lifecycle ends, for now, with the latest end among its own spans. All times are by the
 * clock of the host where it begins, as far as the messages tell (see {@link correctClocks}).
 *
 * @param begin the span with which it begins
 * @throws ThroughlineError `TL_LIFECYCLE_NOT_FOUND` when it is not a begin span of the graph
 */
export function buildLifecycle(
  graphAsSent: SpanGraph,
  begin: SpanRef,
  options: LifecycleOptions = {},
): Lifecycle {
  const corrected = correctClocks(graphAsSent, beginOf(graphAsSent, begin));
  const { graph } = corrected;
  const first = beginOf(graph, begin);
  const cone = buildCone(graph, first, options.bounds ?? CONE_BOUNDS);
  const nodes = [...cone.relevance.keys()].sort(compareNodes);
  const { last, outcome, status } = endOf(graph.definition, cone, nodes);
  const endNs = later(first.startNs, last.endNs);
  const inbound = inboundOf(cone);
  const path = criticalPath(cone, inbound, last, endNs);
  const slack = slackOf(cone, inbound, last, endNs);
  const segments = segmentsOf(graph.definition, path, slack);
  const siblings = siblingsOf(cone, nodes);
  const conserved = conserve(graph, cone, outcome);
  const cut = cutOf(cone, siblings, options.readTruncated === true);
  const gap = segments.some(({ kind }) => kind === 'gap');
  const skew = skewOf(corrected, nodes);
  return {
    name: graph.definition.name,
    key: formatKey(cone.key),
    begin: first.startNs,
    end: endNs,
    durationNs: endNs - first.startNs,
    status,
    complete: outcome.terminal && !gap && cut.length === 0,
    truncated: cut.length > 0,
    warnings: [
      ...cut,
      ...skewWarnings(corrected, nodes),
      ...(conserved?.warnings ?? []),
      ...warningsOf(graph, cone, nodes),
    ],
    attributes: { ...first.span.attributes, ...outcome.node?.span.attributes },
    spans: spansOf(cone, nodes, path),
    edges: edgesOf(cone, nodes, path, slack),
    segments,
    stages: stagesOf(segments),
    siblings: siblings.slice(0, SIBLINGS_MAX),
    ...(conserved && { quantities: conserved.quantities }),
    ...(skew.length > 0 && { skew }),
  };
}

function beginOf(graph: SpanGraph, begin: SpanRef): SpanNode {
  const node = graph.nodes.get(begin);
  if (node?.begins && node.key !== undefined) return node;
  const message = `no ${graph.definition.name} begins with the span ${begin}`;
  throw new ThroughlineError('TL_LIFECYCLE_NOT_FOUND', message);
}

/** Whether the status is one with which a lifecycle is over. */
export function isTerminal(definition: LifecycleDefinition, status: string): boolean {
  return definition.terminalStatuses.includes(status);
}

/** The earliest terminal end span that carries the key; without one, what is known last. */
function endOf(
  definition: LifecycleDefinition,
  cone: Cone,
  nodes: readonly SpanNode[],
): { last: SpanNode; outcome: Outcome; status: string } {
  const updates = nodes
    .filter((node) => node.key === cone.key && definition.endSpans.includes(node.span.name))
    .map((node) => ({ node, status: statusOf(definition, node) }))
    .filter(({ status }) => status !== '')
    .sort((left, right) => compareEnds(left.node, right.node));
  const terminal = updates.find(({ status }) => isTerminal(definition, status));
  if (terminal) {
    const { node, status } = terminal;
    return { last: node, outcome: { node, terminal: true }, status };
  }
  const own = nodes.filter((node) => cone.relevance.get(node) === 'own').sort(compareEnds);
  const update = updates.at(-1);
  return {
    last: own.at(-1) ?? cone.begin,
    outcome: { node: update?.node, terminal: false },
    status: update?.status ?? OPEN,
  };
}

/** What an end span tells; empty when it tells nothing. */
function statusOf({ statusAttribute }: LifecycleDefinition, { span }: SpanNode): string {
  if (statusAttribute !== undefined) return String(span.attributes[statusAttribute] ?? '');
  return span.status.code === 'error' ? SPAN_STATUS.failed : SPAN_STATUS.completed;
}

function compareEnds(left: SpanNode, right: SpanNode): number {
  if (left.endNs !== right.endNs) return left.endNs < right.endNs ? -1 : 1;
  return compareNodes(left, right);
}

function segmentsOf(definition: LifecycleDefinition, path: CriticalPath, slack: Slack): Segment[] {
  return path.stretches.map(({ fromNs, toNs, kind, node, edge }) => {
    const label = stageLabel(definition, node);
    const slackNs = kind === 'work' ? slack.ofWork(node, fromNs, toNs) : slack.ofStart(node);
    const segment = { fromNs, toNs, kind, label, slackNs: slackNs ?? 0n };
    return edge
      ? { ...segment, edge: { from: edge.from.ref, to: edge.to.ref } }
      : { ...segment, span: node.ref };
  });
}

function spansOf(cone: Cone, nodes: readonly SpanNode[], path: CriticalPath): LifecycleSpan[] {
  const working = path.stretches.filter(({ kind }) => kind === 'work').map(({ node }) => node);
  const critical = new Set(working);
  return nodes.map((node) => ({
    ...node.span,
    relevance: cone.relevance.get(node) ?? 'shared',
    critical: critical.has(node),
  }));
}

function edgesOf(cone: Cone, nodes: readonly SpanNode[], path: CriticalPath, slack: Slack): Edge[] {
  const edges = nodes.flatMap((node) => node.causes).filter(({ from }) => cone.relevance.has(from));
  return edges.map((edge) => {
    const { from, to, type, linkType, attributes } = edge;
    const slackNs = slack.ofEdge(edge);
    return {
      from: from.ref,
      to: to.ref,
      type,
      ...(linkType !== undefined && { linkType }),
      attributes,
      ...(slackNs !== undefined && { slackNs }),
      critical: path.edges.has(edge),
    };
  });
}

/** The other lifecycles that share a span of the cone, once for each such span, in time order. */
function siblingsOf(cone: Cone, nodes: readonly SpanNode[]): Sibling[] {
  const siblings: Sibling[] = [];
  for (const via of nodes) {
    if (cone.relevance.get(via) !== 'shared' || via.memberKeys === undefined) continue;
    const joinedNs = memberArrivals(via);
    const members = new Set(via.causes.map(({ from }) => from));
    for (const member of members) {
      if (!member.begins || member.key === undefined || member.key === cone.key) continue;
      if (siblings.length > SIBLINGS_MAX) return siblings;
      const arrivalNs = joinedNs.get(member);
      const sibling = { key: formatKey(member.key), span: member.ref, via: via.ref };
      siblings.push(arrivalNs === undefined ? sibling : { ...sibling, arrivalNs });
    }
  }
  return siblings;
}

/** When each member of a batch arrived at it. */
function memberArrivals(batch: SpanNode): ReadonlyMap<SpanNode, bigint> {
  const arrivals = new Map<SpanNode, bigint>();
  for (const { edge, atNs } of arrivalsAt(batch)) {
    if (edge?.linkType !== LINK_TYPE.memberOf) continue;
    arrivals.set(edge.from, later(arrivals.get(edge.from) ?? atNs, atNs));
  }
  return arrivals;
}

function cutOf(cone: Cone, siblings: readonly Sibling[], readTruncated: boolean): Warning[] {
  const cut: Warning[] = [];
  const warn = (message: string) => cut.push({ code: 'truncated', message });
  if (cone.cut !== undefined) warn(`the lifecycle was cut off ${cone.cut}`);
  if (siblings.length > SIBLINGS_MAX) warn(`only the first ${SIBLINGS_MAX} siblings are shown`);
  if (readTruncated) warn('the store has more spans around the lifecycle than were read');
  return cut;
}
