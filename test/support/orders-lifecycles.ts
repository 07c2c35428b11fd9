import { type Lifecycle, type LifecycleDefinition, type Span, spanRef } from '@throughline/model';
import { expect } from 'vitest';
import { ORDER_LIFECYCLE } from '../../packages/server/src/lifecycle/definitions.ts';
import { buildGraph } from '../../packages/server/src/lifecycle/graph.ts';
import { buildLifecycle } from '../../packages/server/src/lifecycle/lifecycle.ts';
import type { CollectedSpan } from './orders-collector.ts';
import type { FinalState } from './orders-topology.ts';

/** What the server makes of the spans: every order's lifecycle by its key, such as `user/order`. */
export function lifecyclesOf(
  collected: readonly CollectedSpan[],
  definition: LifecycleDefinition = ORDER_LIFECYCLE,
): Map<string, Lifecycle> {
  const spans = collected.map(spanOf);
  const graph = buildGraph(definition, spans);
  const begins = spans.map(spanRef).filter((ref) => graph.nodes.get(ref)?.begins);
  const lifecycles = begins.map((begin) => buildLifecycle(graph, begin));
  return new Map(lifecycles.map((lifecycle) => [lifecycle.key, lifecycle]));
}

/** Each order is whole, exact, and as its client was told. */
export function expectLifecycles(
  spans: readonly CollectedSpan[],
  finals: readonly FinalState[],
): void {
  const lifecycles = lifecyclesOf(spans);
  expect([...lifecycles.keys()].toSorted()).toEqual(finals.map(keyOf).toSorted());
  for (const final of finals) {
    const lifecycle = lifecycles.get(keyOf(final));
    const { status, complete, warnings, durationNs, segments = [], quantities } = lifecycle ?? {};
    expect({ key: keyOf(final), status, complete, warnings }).toEqual({
      key: keyOf(final),
      status: final.status,
      complete: true,
      warnings: [],
    });
    expect(quantities).toMatchObject({ filled: final.cum_quantity, conserved: true });
    expect(segments.reduce((sum, { fromNs, toNs }) => sum + toNs - fromNs, 0n)).toBe(durationNs);
  }
}

function keyOf({ user_id, client_order_id }: FinalState): string {
  return `${user_id}/${client_order_id}`;
}

function spanOf(collected: CollectedSpan): Span {
  const { traceId, spanId, parentSpanId, name, kind, service, startNs, endNs } = collected;
  return {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name,
    kind: kind as Span['kind'],
    service,
    host: '',
    startNs,
    endNs,
    status: { code: collected.isError ? 'error' : 'unset', message: '' },
    attributes: collected.attributes as Span['attributes'],
    resource: {},
    scope: { name: 'test', version: '' },
    events: [],
    links: collected.links.map(({ attributes, ...link }) => ({
      ...link,
      type: String(attributes['throughline.link.type']),
      attributes: attributes as Span['attributes'],
    })),
    dropped: { attributes: 0, events: 0, links: 0 },
  };
}
