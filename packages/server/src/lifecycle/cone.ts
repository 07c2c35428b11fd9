import type { Relevance } from '@throughline/model';
import type { SpanGraph, SpanNode } from './graph.ts';

/** How far a cone reaches before it is cut off and marked. */
export interface ConeBounds {
  readonly nodesMax: number;
  /** Edges from a begin span. */
  readonly depthMax: number;
  /** From the begin to the start of a span. */
  readonly timeMaxNs: bigint;
}

export const CONE_BOUNDS: ConeBounds = {
  nodesMax: 5_000,
  depthMax: 128,
  timeMaxNs: 86_400_000_000_000n,
};

const ORPHAN_CHAIN_MAX = 500;

/** Everything that one lifecycle caused, and nothing that belongs to others alone. */
export interface Cone {
  readonly key: string;
  readonly begin: SpanNode;
  readonly relevance: ReadonlyMap<SpanNode, Relevance>;
  /** The bound that cut it off, in words. */
  readonly cut: string | undefined;
}

/**
 * The cone of the lifecycle that begins at `begin` (tracing-model, section 3): what follows from its begin
 * span, and from the spans that carry its key, across traces; left out, with everything below, is what
 * belongs to other lifecycles only. Where a span was lost, the part of the chain between the loss and a
 * span of the cone joins it too (see {@link adopt}), so that one lost span is one gap.
 */
export function buildCone(graph: SpanGraph, begin: SpanNode, bounds: ConeBounds): Cone {
  const key = begin.key ?? '';
  const frontier = new Frontier(key, begin, bounds);
  frontier.add(begin, 0);
  for (const node of ownSpans(graph, begin)) frontier.add(node, 0);
  frontier.follow();
  if (frontier.cut === undefined) adopt(frontier);
  return { key, begin, relevance: relevanceOf(key, frontier.members), cut: frontier.cut };
}

/**
 * Whether the span belongs to other lifecycles only: its own attributes name another, or it joins
 * lifecycles and this one is not among them.
 */
export function isForeign(node: SpanNode, key: string): boolean {
  if (node.key !== undefined) return node.key !== key;
  return node.memberKeys !== undefined && !node.memberKeys.has(key);
}

/**
 * All spans that carry the key. None when the key begins twice, as when a client sends an order again:
 * which of the two a span belongs to is then known by its causes only.
 */
function ownSpans(graph: SpanGraph, begin: SpanNode): readonly SpanNode[] {
  const named = graph.named.get(begin.key ?? '') ?? [];
  return named.some((node) => node.begins && node !== begin) ? [] : named;
}

class Frontier {
  readonly members = new Set<SpanNode>();
  readonly begin: SpanNode;
  cut: string | undefined;
  readonly #key: string;
  readonly #bounds: ConeBounds;
  #layer: SpanNode[] = [];

  constructor(key: string, begin: SpanNode, bounds: ConeBounds) {
    this.#key = key;
    this.begin = begin;
    this.#bounds = bounds;
  }

  accepts(node: SpanNode): boolean {
    return !isForeign(node, this.#key) && (!node.begins || node === this.begin);
  }

  /** @returns whether the span is now, or was before, a member */
  add(node: SpanNode, depth: number): boolean {
    if (this.members.has(node)) return true;
    if (!this.accepts(node)) return false;
    const { nodesMax, depthMax, timeMaxNs } = this.#bounds;
    if (this.members.size >= nodesMax) this.cut ??= `at ${nodesMax} spans`;
    else if (depth > depthMax) this.cut ??= `at ${depthMax} edges from the begin`;
    else if (node.startNs > this.begin.startNs + timeMaxNs) this.cut ??= 'by its duration';
    else {
      this.members.add(node);
      this.#layer.push(node);
      return true;
    }
    return false;
  }

  /** Breadth first, so that a cone that is cut off keeps what is nearest to its begin. */
  follow(): void {
    for (let depth = 1; this.#layer.length > 0; depth += 1) {
      const layer = this.#layer;
      this.#layer = [];
      for (const node of layer) for (const { to } of node.effects) this.add(to, depth);
    }
  }
}

/**
 * A span that was lost cuts off what follows from it, though the rest of the chain is there: without
 * `order_batching`, say, `fill_matching` is a member by its link to the order, and the fill that it names
 * is not. Such causes of members join, if they descend from a lost span or from one that joined so,
 * started after the begin, and have no ancestor that belongs to others.
 */
function adopt(frontier: Frontier): void {
  const refused = new Set<SpanNode>();
  for (const member of frontier.members) {
    if (member === frontier.begin) continue;
    for (const { from } of member.causes) {
      if (frontier.members.has(from) || refused.has(from)) continue;
      const chain = orphanChain(frontier, from, refused);
      for (const node of chain) frontier.add(node, 0);
      if (chain.size === 0) refused.add(from);
    }
  }
}

function orphanChain(
  frontier: Frontier,
  from: SpanNode,
  refused: ReadonlySet<SpanNode>,
): ReadonlySet<SpanNode> {
  const chain = new Set([from]);
  let orphaned = false;
  for (const node of chain) {
    const early = node.startNs < frontier.begin.startNs;
    const refusal = early || refused.has(node) || !frontier.accepts(node);
    if (refusal || chain.size > ORPHAN_CHAIN_MAX) return new Set();
    orphaned ||= node.absent !== undefined;
    for (const { from: cause } of node.causes) {
      if (frontier.members.has(cause)) orphaned = true;
      else chain.add(cause);
    }
  }
  return orphaned ? chain : new Set();
}

/**
 * `own` is what carries the key, or joins no other lifecycle and descends from no span that does. The
 * rest is `shared`: a batch with other members, and what follows from it.
 */
function relevanceOf(key: string, members: ReadonlySet<SpanNode>): Map<SpanNode, Relevance> {
  const shared = new Set<SpanNode>();
  for (const node of members) if (joinsOthers(node, key)) shared.add(node);
  for (const node of shared) {
    for (const { to } of node.effects) {
      if (members.has(to) && to.key === undefined && to.memberKeys === undefined) shared.add(to);
    }
  }
  const relevance = new Map<SpanNode, Relevance>();
  for (const node of members) relevance.set(node, shared.has(node) ? 'shared' : 'own');
  return relevance;
}

function joinsOthers({ key: own, memberKeys }: SpanNode, key: string): boolean {
  if (own !== undefined || memberKeys === undefined) return false;
  return memberKeys.size > 1 || !memberKeys.has(key);
}
