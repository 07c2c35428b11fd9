import { spanRef } from '@throughline/model';
import { expect, test } from 'vitest';
import { edgeOf, spanOf } from '../testing/spans.ts';
import { buildGraph, GRAPH_NODES_MAX } from './graph.ts';

const begin = spanOf({ id: 1, name: 'receive', critical: true });

/** An order with so many fills; only the first is on the critical path. */
function fills(count: number) {
  return Array.from({ length: count }, (_, index) =>
    spanOf({
      id: index + 2,
      trace: index + 2,
      name: 'fill',
      from: index + 1,
      critical: index === 0,
    }),
  );
}

function orderWith(count: number) {
  const spans = [begin, ...fills(count)];
  return { spans, edges: spans.slice(1).map((span) => edgeOf(begin, span, 'allocated_to')) };
}

test('a small graph has a node for each span and an edge for each cause', () => {
  const { spans, edges } = orderWith(3);
  const graph = buildGraph(spans, edges, new Set());
  expect(graph.nodes.map((node) => node.id)).toEqual(spans.map(spanRef));
  expect(graph.edges).toHaveLength(3);
  expect(graph.edges[0]).toMatchObject({ linkType: 'allocated_to', count: 1, critical: true });
});

test('in a large graph equal spans are stacked, the critical path stays', () => {
  const { spans, edges } = orderWith(GRAPH_NODES_MAX + 20);
  const graph = buildGraph(spans, edges, new Set());
  expect(graph.nodes.map((node) => node.spans.length)).toEqual([1, 1, GRAPH_NODES_MAX + 19]);
  expect(graph.edges.map((edge) => edge.count)).toEqual([1, GRAPH_NODES_MAX + 19]);
});

test('a stack of spans of several traces belongs to none', () => {
  const { spans, edges } = orderWith(GRAPH_NODES_MAX + 20);
  const stack = buildGraph(spans, edges, new Set()).nodes.at(-1);
  expect(stack?.traceId).toBeUndefined();
});

test('a stack that is taken apart is shown span by span', () => {
  const { spans, edges } = orderWith(GRAPH_NODES_MAX + 20);
  const stacked = buildGraph(spans, edges, new Set());
  const stack = stacked.nodes.at(-1)?.id ?? '';
  expect(buildGraph(spans, edges, new Set([stack])).nodes).toHaveLength(spans.length);
});

test('when even the critical path is too long to read, it is stacked too', () => {
  const spans = fills(GRAPH_NODES_MAX * 2).map((span) => ({ ...span, critical: true }));
  const graph = buildGraph(spans, [], new Set());
  expect(graph.nodes).toHaveLength(1);
  expect(graph.nodes[0]).toMatchObject({ critical: true });
});

test('an edge to a span that is not there, and one within a stack, are left out', () => {
  const { spans, edges } = orderWith(GRAPH_NODES_MAX + 20);
  const gone = spanOf({ id: 9_999 });
  const within = spans.slice(2, 4) as [typeof begin, typeof begin];
  const more = [...edges, edgeOf(begin, gone), edgeOf(within[0], within[1])];
  expect(buildGraph(spans, more, new Set()).edges).toHaveLength(2);
});
