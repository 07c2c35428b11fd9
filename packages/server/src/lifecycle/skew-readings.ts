import { ATTR, type Span } from '@throughline/model';
import type { CausalEdge, SpanGraph } from './graph.ts';

/** The shortest time that a message took from one host to another, by the clocks of both. */
export interface Reading {
  readonly from: string;
  readonly to: string;
  /** Negative: it came before it was sent, so the clocks are not the same. */
  readonly leastNs: bigint;
}

/** What the messages of a graph say of the clocks of their hosts. */
export interface Readings {
  /** One for each direction between two hosts, the least first. */
  readonly readings: readonly Reading[];
  /** Of each host that exchanged messages with others: how many. */
  readonly messages: ReadonlyMap<string, number>;
}

/** What tells the span's host from others: `host.id`, or else `host.name`; empty when it has neither. */
export function hostOf({ host, resource }: Span): string {
  const id = resource[ATTR.hostId];
  return typeof id === 'string' && id !== '' ? id : host;
}

/**
 * Takes every edge between two known hosts for a message. Its delay is never negative: an effect starts
 * after its cause did. A call says something of the way back too: its client ends after its server began,
 * unless it gave up waiting.
 */
export function readMessages(graph: SpanGraph): Readings {
  const least = new Map<string, Map<string, bigint>>();
  const messages = new Map<string, number>();
  const add = (from: string, to: string, ns: bigint) => {
    const others = least.get(from) ?? new Map<string, bigint>();
    least.set(from, others);
    const known = others.get(to);
    if (known === undefined || ns < known) others.set(to, ns);
    for (const host of [from, to]) messages.set(host, (messages.get(host) ?? 0) + 1);
  };
  for (const node of graph.nodes.values()) {
    for (const edge of node.causes) {
      const [from, to] = [hostOf(edge.from.span), hostOf(node.span)];
      if (from === to || from === '' || to === '') continue;
      add(from, to, node.startNs - edge.from.startNs);
      if (isAnswered(edge)) add(to, from, edge.from.endNs - node.startNs);
    }
  }
  const readings = [...least].flatMap(([from, others]) =>
    [...others].map(([to, leastNs]) => ({ from, to, leastNs })),
  );
  return { readings: readings.sort(compareReadings), messages };
}

function isAnswered({ from, to, type }: CausalEdge): boolean {
  const isCall = type === 'child' && from.span.kind === 'client' && to.span.kind === 'server';
  return isCall && from.span.status.code !== 'error';
}

function compareReadings(left: Reading, right: Reading): number {
  if (left.leastNs !== right.leastNs) return left.leastNs < right.leastNs ? -1 : 1;
  const [one, other] = [`${left.from} ${left.to}`, `${right.from} ${right.to}`];
  return one < other ? -1 : one > other ? 1 : 0;
}
