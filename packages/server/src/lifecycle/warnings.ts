import { formatDuration, type Warning } from '@throughline/model';
import type { Cone } from './cone.ts';
import { formatKey, type SpanGraph, type SpanNode } from './graph.ts';

const WARNINGS_MAX = 100;

/** What is wrong with the spans of a cone, given in their order; at most 100 warnings. */
export function warningsOf(
  graph: SpanGraph,
  cone: Cone,
  nodes: readonly SpanNode[],
): readonly Warning[] {
  const warnings: Warning[] = [];
  if (beginsTwice(graph, cone)) {
    const message = `${formatKey(cone.key)} begins more than once`;
    warnings.push({ code: 'duplicate_begin', message, span: cone.begin.ref });
  }
  const cycle = nodeOnCycle(nodes);
  if (cycle) {
    const message = `${cycle.span.name} is among its own causes`;
    warnings.push({ code: 'cycle', message, span: cycle.ref });
  }
  for (const node of nodes) {
    warnings.push(...warningsOfSpan(cone, node));
    if (warnings.length >= WARNINGS_MAX) break;
  }
  return warnings.slice(0, WARNINGS_MAX);
}

function beginsTwice(graph: SpanGraph, { key, begin }: Cone): boolean {
  return (graph.named.get(key) ?? []).some((node) => node.begins && node !== begin);
}

/** What caused the begin came before the lifecycle: it may be missing. */
function warningsOfSpan(cone: Cone, { ref, span, absent, causes, startNs }: SpanNode): Warning[] {
  const warnings: Warning[] = [];
  const warn = (code: Warning['code'], message: string) =>
    warnings.push({ code, message: `${span.name} ${message}`, span: ref });
  if (span.endNs < span.startNs) {
    warn('negative_duration', `ends ${formatDuration(span.startNs - span.endNs)} before its start`);
  }
  if (span.dropped.links > 0) warn('dropped_links', `lost ${span.dropped.links} links`);
  if (ref === cone.begin.ref) return warnings;
  for (const { from } of causes) {
    if (from.startNs <= startNs || !cone.relevance.has(from)) continue;
    const earlyNs = formatDuration(from.startNs - startNs);
    warn('negative_duration', `starts ${earlyNs} before its cause ${from.span.name}`);
  }
  if (absent?.type === 'parent') warn('missing_parent', `has a parent that is not in the store`);
  if (absent?.type === 'link') {
    const type = absent.linkType ?? 'untyped';
    warn('missing_link_target', `has a link (${type}) to a span that is not in the store`);
  }
  return warnings;
}

/**
 * A span on a cycle: what remains when those without causes among the rest are taken away, again and again
 * (Kahn, 1962), and then those without effects.
 */
function nodeOnCycle(nodes: readonly SpanNode[]): SpanNode | undefined {
  const members = new Set(nodes);
  const causes = new Map<SpanNode, number>();
  for (const node of nodes) {
    causes.set(node, node.causes.filter(({ from }) => members.has(from)).length);
  }
  const free = nodes.filter((node) => causes.get(node) === 0);
  for (let node = free.pop(); node; node = free.pop()) {
    members.delete(node);
    for (const { to } of node.effects) {
      const left = (causes.get(to) ?? 0) - 1;
      causes.set(to, left);
      if (left === 0 && members.has(to)) free.push(to);
    }
  }
  const remaining = nodes.find((node) => members.has(node));
  return remaining && lastRepeated(remaining, members);
}

/** Every remaining span has a remaining cause, so a walk from cause to cause must come back to a span. */
function lastRepeated(first: SpanNode, members: ReadonlySet<SpanNode>): SpanNode {
  const passed = new Set<SpanNode>();
  let node = first;
  while (!passed.has(node)) {
    passed.add(node);
    node = node.causes.find(({ from }) => members.has(from))?.from ?? node;
  }
  return node;
}
