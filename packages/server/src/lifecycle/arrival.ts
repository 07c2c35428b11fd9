import { LINK_TYPE } from '@throughline/model';
import { type Cone, isForeign } from './cone.ts';
import type { CausalEdge, SpanNode } from './graph.ts';
import { earlier, later } from './instant.ts';

/** A cause at the door of its effect: the span whose end it is, and when. */
export interface Arrival {
  readonly node: SpanNode;
  /** Never after the effect's start. */
  readonly atNs: bigint;
  /** The edge it arrives by; `undefined` where a lost span leaves the edge unknown. */
  readonly edge: CausalEdge | undefined;
}

/** All that a span of the cone may have waited for. */
export interface Inbound {
  /** The causes in the cone. */
  readonly arrivals: readonly Arrival[];
  /** The latest arrival, other members of a batch included. */
  readonly lastNs: bigint;
  /** Whether a cause is not in the store, so that the wait's true reason is unknown. */
  readonly unknown: boolean;
}

/** Edges that are followed for one batch, of all its members together; the rest of them arrive by their link. */
const FOLLOWED_MAX = 100_000;
const DOWNSTREAM_MAX = 10_000;

/** What each span of the cone but its begin waited for. */
export function inboundOf(cone: Cone): ReadonlyMap<SpanNode, Inbound> {
  const inbound = new Map<SpanNode, Inbound>();
  for (const node of cone.relevance.keys()) {
    if (node !== cone.begin) inbound.set(node, inboundOfSpan(cone, node));
  }
  return inbound;
}

function inboundOfSpan(cone: Cone, node: SpanNode): Inbound {
  const all = arrivalsAt(node);
  const arrivals = all.filter((arrival) => cone.relevance.has(arrival.node));
  if (arrivals.length === 0) {
    const last = lastOfBeginTrace(cone, node);
    return { arrivals: [last], lastNs: last.atNs, unknown: true };
  }
  const waitedFor = all.filter(
    ({ node: cause, edge }) => cone.relevance.has(cause) || edge?.linkType === LINK_TYPE.memberOf,
  );
  const lastNs = waitedFor.map(({ atNs }) => atNs).reduce(later);
  return { arrivals, lastNs, unknown: node.absent !== undefined };
}

/**
 * Graphs do not change and a batch is part of many cones: its members' arrivals are found once. The memo
 * lives as long as the span's node.
 */
const memo = new WeakMap<SpanNode, readonly Arrival[]>();

/**
 * The arrivals at a span by all its causes, those of other lifecycles included. A cause that is still open
 * arrives at the span's start. By `member_of` arrive the linked span and all that follows from it outside
 * the batch before the batch starts; the member's own arrival is the latest of these.
 */
export function arrivalsAt(node: SpanNode): readonly Arrival[] {
  let arrivals = memo.get(node);
  if (!arrivals) {
    arrivals = findArrivals(node);
    memo.set(node, arrivals);
  }
  return arrivals;
}

function findArrivals(node: SpanNode): Arrival[] {
  let downstream: ReadonlySet<SpanNode> | undefined;
  const arrivals: Arrival[] = [];
  const budget = { edges: FOLLOWED_MAX };
  for (const edge of node.causes) {
    if (edge.from === node) continue;
    if (edge.linkType === LINK_TYPE.memberOf) {
      downstream ??= downstreamOf(node);
      for (const arrival of memberArrivals(edge, downstream, budget)) arrivals.push(arrival);
    } else {
      arrivals.push({ node: edge.from, atNs: earlier(edge.from.endNs, node.startNs), edge });
    }
  }
  return arrivals;
}

function memberArrivals(
  edge: CausalEdge,
  downstream: ReadonlySet<SpanNode>,
  budget: { edges: number },
): Arrival[] {
  const { from, to: batch } = edge;
  const followed = new Set([from]);
  for (const node of followed) {
    budget.edges -= node.effects.length;
    if (budget.edges < 0) break;
    for (const { to } of node.effects) {
      const outside = !downstream.has(to) && to.startNs < batch.startNs;
      if (outside && !(from.key !== undefined && isForeign(to, from.key))) followed.add(to);
    }
  }
  return [...followed].map((node) => ({ node, atNs: earlier(node.endNs, batch.startNs), edge }));
}

function downstreamOf(batch: SpanNode): ReadonlySet<SpanNode> {
  const downstream = new Set([batch]);
  for (const node of downstream) {
    if (downstream.size >= DOWNSTREAM_MAX) break;
    for (const { to } of node.effects) downstream.add(to);
  }
  return downstream;
}

/**
 * What is known before a span whose cause is lost: the latest end, not after the span's start, in the
 * begin span and its descendants by parent. The stretch after it is a gap.
 */
function lastOfBeginTrace(cone: Cone, effect: SpanNode): Arrival {
  const atBegin = earlier(cone.begin.endNs, effect.startNs);
  let last: Arrival = { node: cone.begin, atNs: atBegin, edge: undefined };
  const followed = new Set([cone.begin]);
  for (const node of followed) {
    if (node.endNs <= effect.startNs && node.endNs > last.atNs && node !== effect) {
      last = { node, atNs: node.endNs, edge: undefined };
    }
    for (const { to, type } of node.effects) {
      if (type === 'child' && cone.relevance.has(to)) followed.add(to);
    }
  }
  return last;
}
