import {
  LINK_TYPE,
  type LifecycleDefinition,
  matchesName,
  type Segment,
  type SegmentKind,
  type Stage,
} from '@throughline/model';
import type { CausalEdge, SpanNode } from './graph.ts';

/**
 * What the wait on an edge is, from the cause's arrival to the effect's start. The first row that fits
 * decides:
 *
 * | edge | the wait is |
 * |---|---|
 * | `member_of` | `batch_peer` up to the last member's arrival, then `batch_linger` |
 * | `response_to` | `venue`: the other side thought |
 * | to a span that `amends` an earlier one | `venue`: the order was in the market until its end was wanted |
 * | between two known, different hosts | `network`, whatever the transport |
 * | CLIENT to SERVER | `network`: a call in flight, on whatever host |
 * | any other | `queue`: a message in a channel or broker, or work that waited for its turn |
 *
 * The last row includes a child that starts in the same process after its parent ended: nobody worked on
 * it between, it stood in some executor's or event loop's queue. Batches are split by the critical path,
 * which knows the other members; this function answers for all other edges.
 */
export function waitKind({ from, to, linkType }: CausalEdge): SegmentKind {
  if (linkType === LINK_TYPE.responseTo) return 'venue';
  if (to.span.links.some(({ type }) => type === LINK_TYPE.amends)) return 'venue';
  const hosts = [from.span.host, to.span.host];
  if (!hosts.includes('') && hosts[0] !== hosts[1]) return 'network';
  return from.span.kind === 'client' && to.span.kind === 'server' ? 'network' : 'queue';
}

/**
 * The stage that a span's work belongs to. A wait has the label of the span that waited: it is the time
 * that an order spent before that stage.
 */
export function stageLabel(definition: LifecycleDefinition, { span }: SpanNode): string {
  const labels = definition.stageLabels;
  if (Object.hasOwn(labels, span.name)) return labels[span.name] ?? span.service;
  const [, label] = Object.entries(labels).find(([name]) => matchesName(name, span.name)) ?? [];
  return label ?? span.service;
}

/** The segments of one label and kind added up, in the order of first appearance. */
export function stagesOf(segments: readonly Segment[]): Stage[] {
  const stages = new Map<string, Stage>();
  for (const { label, kind, fromNs, toNs } of segments) {
    const identity = `${kind} ${label}`;
    const stage = stages.get(identity) ?? { label, kind, ns: 0n };
    stages.set(identity, { ...stage, ns: stage.ns + toNs - fromNs });
  }
  return [...stages.values()];
}
