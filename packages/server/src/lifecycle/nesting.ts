import type { Cone } from './cone.ts';
import type { CausalEdge, SpanNode } from './graph.ts';

/**
 * The edges to the spans of the cone that run inside this one: its children by parent whose time lies
 * within its own. Latest end first; of equal ends the later start, then the greater reference, so that an
 * instant at the end of a longer child comes before it.
 */
export function nestedChildren(cone: Cone, node: SpanNode): CausalEdge[] {
  return node.effects
    .filter(({ type, to }) => type === 'child' && isNested(node, to) && cone.relevance.has(to))
    .sort((left, right) => -compareEnds(left.to, right.to));
}

/** Whether the child's time lies within the parent's. */
function isNested(parent: SpanNode, child: SpanNode): boolean {
  return child !== parent && child.startNs >= parent.startNs && child.endNs <= parent.endNs;
}

function compareEnds(left: SpanNode, right: SpanNode): number {
  if (left.endNs !== right.endNs) return left.endNs < right.endNs ? -1 : 1;
  if (left.startNs !== right.startNs) return left.startNs < right.startNs ? -1 : 1;
  return left.ref < right.ref ? -1 : left.ref > right.ref ? 1 : 0;
}
