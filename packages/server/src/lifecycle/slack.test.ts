import { spanRef } from '@throughline/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ORDER_LIFECYCLE } from './definitions.ts';
import { buildGraph } from './graph.ts';
import { buildLifecycle } from './lifecycle.ts';
import { BEGIN_A, exampleSpans, TRACES } from './testing/example.ts';
import {
  edgeName,
  type Order,
  type OrderSystem,
  randomOrderSystem,
  spanRefOf,
  spansOf,
} from './testing/order-system.ts';
import { seededRandom } from './testing/random.ts';
import { sketchSpan } from './testing/spans.ts';

const seeds = fc.integer({ min: 0, max: 2 ** 31 });

function lifecycleOf(system: OrderSystem, order: Order, delays: ReadonlyMap<string, number>) {
  const graph = buildGraph(ORDER_LIFECYCLE, spansOf(system, delays));
  return buildLifecycle(graph, spanRefOf(order.begin));
}

test('a delay of x planted on an edge moves the end by max(0, x - slack)', () => {
  let moved = 0;
  let absorbed = 0;
  fc.assert(
    fc.property(seeds, seeds, (seed, delaySeed) => {
      const system = randomOrderSystem(seed);
      const random = seededRandom(delaySeed);
      const order = system.orders[random.integer(0, system.orders.length - 1)];
      if (!order?.lastUpdate) return;
      const before = lifecycleOf(system, order, new Map());
      const edge = before.edges[random.integer(0, before.edges.length - 1)];
      if (!edge) return;
      const delayNs = random.integer(1, random.chance(0.5) ? 100 : 3_000);
      const name = edgeName(edge.from, edge.to, edge.linkType ?? 'child');
      const delays = new Map([[name, delayNs]]);
      const end = spansOf(system, delays)[system.spans.indexOf(order.lastUpdate)];
      const restNs = BigInt(delayNs) - (edge.slackNs ?? BigInt(delayNs));
      expect(system.edges).toContain(name);
      expect(end && end.endNs - before.end).toBe(restNs > 0n ? restNs : 0n);
      if (restNs > 0n) moved += 1;
      else absorbed += 1;
    }),
    { numRuns: 3_000 },
  );
  expect(moved).toBeGreaterThan(300);
  expect(absorbed).toBeGreaterThan(300);
});

test('after the last wait for other members nothing on the path has slack, before it that wait', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const system = randomOrderSystem(seed);
      const order = system.orders[0];
      if (!order?.lastUpdate) return;
      const { segments } = lifecycleOf(system, order, new Map());
      const index = segments.findIndex(({ kind }) => kind === 'batch_peer');
      const peer = segments[index];
      const after = segments.slice(index + 1).filter(({ slackNs }) => slackNs > 0n);
      const before = segments.slice(0, Math.max(0, index));
      expect(after).toEqual([]);
      expect(before.filter(({ slackNs }) => slackNs !== (peer && peer.toNs - peer.fromNs))).toEqual(
        [],
      );
    }),
    { numRuns: 1_000 },
  );
});

test('a child without duration has the slack of the work after it', () => {
  const instant = sketchSpan({ trace: TRACES.a, id: 9, parent: 1, from: 1040, to: 1040 });
  const graph = buildGraph(ORDER_LIFECYCLE, [...exampleSpans(), instant]);
  const { edges, segments } = buildLifecycle(graph, BEGIN_A);
  expect(edges.find(({ to }) => to === spanRef(instant))?.slackNs).toBe(250n);
  expect(segments.slice(0, 2).map(({ slackNs }) => slackNs)).toEqual([250n, 250n]);
});
