import { type SpanRef, spanRef } from '@throughline/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ORDER_LIFECYCLE } from './definitions.ts';
import { buildGraph } from './graph.ts';
import { later } from './instant.ts';
import { buildLifecycle } from './lifecycle.ts';
import { type OrderSystem, randomOrderSystem, spanRefOf, spansOf } from './testing/order-system.ts';
import { seededRandom } from './testing/random.ts';
import { refOf, sketchSpan } from './testing/spans.ts';

/** The truth: which orders each span belongs to. */
function ownersOf(system: OrderSystem) {
  return new Map(system.spans.map((span) => [spanRefOf(span), span.owners]));
}

const seeds = fc.integer({ min: 0, max: 2 ** 31 });

test("an order's cone is exactly the spans that belong to it, alone or with others", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const system = randomOrderSystem(seed);
      const owners = ownersOf(system);
      const graph = buildGraph(ORDER_LIFECYCLE, spansOf(system, new Map()));
      for (const order of system.orders) {
        const { spans } = buildLifecycle(graph, spanRefOf(order.begin));
        const found = new Map(spans.map((span) => [spanRef(span), span.relevance]));
        const truth = [...owners].filter(([, orders]) => orders.has(order));
        const expected = truth.map(
          ([ref, { size }]) => [ref, size === 1 ? 'own' : 'shared'] as const,
        );
        expect(found).toEqual(new Map(expected));
      }
    }),
    { numRuns: 400 },
  );
});

test("siblings' spans never enter another order's cone, whatever was lost", () => {
  fc.assert(
    fc.property(seeds, seeds, (seed, lossSeed) => {
      const system = randomOrderSystem(seed);
      const owners = ownersOf(system);
      const random = seededRandom(lossSeed);
      const left = spansOf(system, new Map()).filter(() => !random.chance(0.15));
      const graph = buildGraph(ORDER_LIFECYCLE, left);
      for (const order of system.orders) {
        const begin = spanRefOf(order.begin);
        if (!graph.nodes.has(begin)) continue;
        const { spans } = buildLifecycle(graph, begin);
        const foreign = spans.filter((span) => !owners.get(spanRef(span))?.has(order));
        expect(foreign).toEqual([]);
      }
    }),
    { numRuns: 1_000 },
  );
});

test('siblings are the other orders of the batch, with their arrivals', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const system = randomOrderSystem(seed);
      const spans = spansOf(system, new Map());
      const graph = buildGraph(ORDER_LIFECYCLE, spans);
      const endNs = new Map(spans.map((span) => [spanRef(span), span.endNs]));
      for (const order of system.orders) {
        const batch = system.spans.find(
          ({ sketch, owners }) => sketch.name === 'order_batching' && owners.has(order),
        );
        if (!batch) continue;
        const { siblings } = buildLifecycle(graph, spanRefOf(order.begin));
        const inBatch = siblings.filter(({ via }) => via === spanRefOf(batch));
        const expected = [...batch.owners].filter((other) => other !== order);
        expect(inBatch.map(({ key, arrivalNs }) => ({ key, arrivalNs }))).toEqual(
          expected.map(({ userId, orderId, spans: own }) => ({
            key: `${userId}/${orderId}`,
            arrivalNs: own.map((span) => endNs.get(spanRefOf(span)) ?? 0n).reduce(later),
          })),
        );
      }
    }),
    { numRuns: 300 },
  );
});

test('a cancel request is a part of its order, and the order that replaces it is not', () => {
  const first = { 'user.id': 'u', 'client.order_id': 'o1' };
  const second = { 'user.id': 'u', 'client.order_id': 'o2' };
  const toFirst = (type: string) => [{ trace: 1, id: 1, type }];
  const graph = buildGraph(ORDER_LIFECYCLE, [
    sketchSpan({
      trace: 1,
      id: 1,
      name: 'client_order_received',
      from: 0,
      to: 5,
      attributes: first,
    }),
    sketchSpan({
      ...{ trace: 2, id: 2, name: 'client_order_replace_received', from: 40, to: 45 },
      attributes: first,
      links: toFirst('amends'),
    }),
    sketchSpan({ trace: 2, id: 3, parent: 2, from: 41, to: 60 }),
    sketchSpan({
      ...{ trace: 3, id: 4, name: 'client_order_received', from: 61, to: 65 },
      attributes: second,
      links: toFirst('replaces'),
    }),
    sketchSpan({ trace: 3, id: 5, parent: 4, from: 62, to: 70 }),
    sketchSpan({
      ...{ trace: 4, id: 6, name: 'order_batching', from: 71, to: 72 },
      links: [{ trace: 3, id: 4, type: 'member_of' }],
    }),
  ]);
  const refs = (begin: SpanRef) => buildLifecycle(graph, begin).spans.map(spanRef);
  expect(refs(refOf(1, 1))).toEqual([refOf(1, 1), refOf(2, 2), refOf(2, 3)]);
  expect(refs(refOf(3, 4))).toEqual([refOf(3, 4), refOf(3, 5), refOf(4, 6)]);
});
