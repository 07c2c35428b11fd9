import { LINK_TYPE, type SegmentKind } from '@throughline/model';
import type { Arrival, Inbound } from './arrival.ts';
import { waitKind } from './attribution.ts';
import type { Cone } from './cone.ts';
import type { CausalEdge, SpanNode } from './graph.ts';
import { later } from './instant.ts';
import { nestedChildren } from './nesting.ts';

/** A stretch [fromNs, toNs) of the path, never empty: work in `node`, or the wait before it. */
export interface Stretch {
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly kind: SegmentKind;
  readonly node: SpanNode;
  /** What a wait lies on, where it is known. */
  readonly edge: CausalEdge | undefined;
}

export interface CriticalPath {
  /** In time order, without a hole or an overlap, from the begin to the end. */
  readonly stretches: readonly Stretch[];
  readonly edges: ReadonlySet<CausalEdge>;
}

/**
 * Where the time went (tracing-model, section 4): the walk from the end of `last` back to the begin, in
 * each span through the nested children that finished last, from a span's start on in the cause that
 * arrived latest.
 *
 * It always ends and always covers [begin, end) exactly, whatever the clocks say and whatever is missing:
 * the cursor only goes back, each stretch starts where the next one ends, and no span is entered twice.
 * Where no cause is left, the rest is a gap.
 */
export function criticalPath(
  cone: Cone,
  inbound: ReadonlyMap<SpanNode, Inbound>,
  last: SpanNode,
  endNs: bigint,
): CriticalPath {
  const walk = new Walk(cone, inbound, last, endNs);
  while (walk.step());
  return { stretches: walk.stretches.reverse(), edges: walk.edges };
}

/** A span that the walk is in, and its nested children that it has not passed, latest end first. */
interface Frame {
  readonly node: SpanNode;
  readonly children: CausalEdge[];
}

class Walk {
  readonly stretches: Stretch[] = [];
  readonly edges = new Set<CausalEdge>();
  readonly #cone: Cone;
  readonly #inbound: ReadonlyMap<SpanNode, Inbound>;
  readonly #entered = new Set<SpanNode>();
  /** The spans that enclose the current one, entered through their nested children. */
  readonly #enclosing: Frame[] = [];
  #frame: Frame;
  #cursorNs: bigint;

  constructor(cone: Cone, inbound: ReadonlyMap<SpanNode, Inbound>, last: SpanNode, endNs: bigint) {
    this.#cone = cone;
    this.#inbound = inbound;
    this.#cursorNs = endNs;
    this.#frame = this.#enter(last);
  }

  /** One step back. @returns whether there is more to go */
  step(): boolean {
    if (this.#cursorNs <= this.#cone.begin.startNs) return false;
    const { node } = this.#frame;
    const edge = this.#takeChild();
    if (edge) {
      this.#back(edge.to.endNs, 'work', node);
      this.edges.add(edge);
      this.#enclosing.push(this.#frame);
      this.#frame = this.#enter(edge.to);
      return true;
    }
    this.#back(node.startNs, 'work', node);
    const outer = this.#enclosing.pop();
    if (outer) this.#frame = outer;
    else this.#leave(node);
    return true;
  }

  #enter(node: SpanNode): Frame {
    this.#entered.add(node);
    return { node, children: nestedChildren(this.#cone, node).reverse() };
  }

  /** The nested child that ended last before the cursor. Those passed over ran beside the path. */
  #takeChild(): CausalEdge | undefined {
    for (;;) {
      const edge = this.#frame.children.pop();
      if (!edge) return undefined;
      if (edge.to.endNs <= this.#cursorNs && !this.#entered.has(edge.to)) return edge;
    }
  }

  /** Goes on in the cause that arrived latest, or ends in a gap. */
  #leave(node: SpanNode): void {
    const { begin } = this.#cone;
    const inbound = this.#inbound.get(node);
    const arrival = inbound?.arrivals
      .filter((one) => !this.#entered.has(one.node))
      .reduce<Arrival | undefined>(laterArrival, undefined);
    if (!inbound || !arrival) {
      this.#back(begin.startNs, 'gap', node);
      return;
    }
    const { edge, atNs } = arrival;
    if (inbound.unknown || !edge) {
      this.#back(atNs, 'gap', node, edge);
    } else if (edge.linkType === LINK_TYPE.memberOf) {
      this.#back(inbound.lastNs, 'batch_linger', node, edge);
      this.#back(atNs, 'batch_peer', node, edge);
    } else {
      this.#back(atNs, waitKind(edge), node, edge);
    }
    if (edge) this.edges.add(edge);
    this.#frame = this.#enter(arrival.node);
  }

  /** Moves the cursor back to the time, unless it is there already, and notes the stretch between. */
  #back(toNs: bigint, kind: SegmentKind, node: SpanNode, edge?: CausalEdge): void {
    const fromNs = later(this.#cone.begin.startNs, toNs);
    if (fromNs >= this.#cursorNs) return;
    this.stretches.push({ fromNs, toNs: this.#cursorNs, kind, node, edge });
    this.#cursorNs = fromNs;
  }
}

/**
 * The later arrival; of equal ones the parent's before a link's, then the span that started later (it is
 * the innermost), then the lesser reference: a total order, so that the same spans give the same path.
 */
function laterArrival(best: Arrival | undefined, next: Arrival): Arrival {
  if (!best || next.atNs > best.atNs) return next;
  if (next.atNs < best.atNs) return best;
  const parents = Number(next.edge?.type === 'child') - Number(best.edge?.type === 'child');
  if (parents !== 0) return parents > 0 ? next : best;
  const [left, right] = [next.node, best.node];
  if (left.startNs !== right.startNs) return left.startNs > right.startNs ? next : best;
  return left.ref < right.ref ? next : best;
}
