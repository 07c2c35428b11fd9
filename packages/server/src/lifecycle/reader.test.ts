import { ATTR, LINK_TYPE, ORDER_SPAN, type SpanRef } from '@throughline/model';
import type { BeginSpan } from '@throughline/store';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ORDER_LIFECYCLE } from './definitions.ts';
import { buildGraph } from './graph.ts';
import { buildLifecycle } from './lifecycle.ts';
import { READ_LIMITS, readLifecycles } from './reader.ts';
import { BEGIN_A, BEGIN_B, exampleSpans, TRACES } from './testing/example.ts';
import { MemoryStore } from './testing/memory-store.ts';
import { randomOrderSystem, spanRefOf, spansOf } from './testing/order-system.ts';
import { refOf, type SpanSketch, sketchSpan, traceIdOf } from './testing/spans.ts';

function beginAt(span: SpanRef): BeginSpan {
  return { span, key: [], beginNs: 0n };
}

test('what is read gives the same lifecycle as all spans of the store, for all orders at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 }), async (seed) => {
      const system = randomOrderSystem(seed);
      const spans = spansOf(system, new Map());
      const begins = system.orders.map(({ begin }) => spanRefOf(begin));
      const store = new MemoryStore(spans);
      const lifecycles = await readLifecycles(store, ORDER_LIFECYCLE, begins.map(beginAt));
      const graph = buildGraph(ORDER_LIFECYCLE, spans);
      expect(lifecycles).toEqual(begins.map((begin) => buildLifecycle(graph, begin)));
      expect(store.queries).toBeLessThanOrEqual(10);
    }),
    { numRuns: 100 },
  );
});

test('one order alone is read with the other members of its batch, and nothing of other batches', async () => {
  const other = sketchSpan({ trace: 60, id: 1, from: 1, to: 2 });
  const store = new MemoryStore([...exampleSpans(), other]);
  const [lifecycle] = await readLifecycles(store, ORDER_LIFECYCLE, [beginAt(BEGIN_A)]);
  const peer = lifecycle?.segments.find(({ kind }) => kind === 'batch_peer');
  expect(peer).toMatchObject({ fromNs: 1200n, toNs: 1450n });
  expect(lifecycle).toMatchObject({ complete: true, truncated: false });
  // Three hops, of which the last finds nothing, and the spans.
  expect(store.queries).toBe(4);
});

test('the chain behind a lost span is read backwards', async () => {
  const spans = exampleSpans((sketch) =>
    sketch.name === ORDER_SPAN.orderBatching ? undefined : sketch,
  );
  const store = new MemoryStore(spans);
  const [lifecycle] = await readLifecycles(store, ORDER_LIFECYCLE, [beginAt(BEGIN_A)]);
  expect(lifecycle).toEqual(buildLifecycle(buildGraph(ORDER_LIFECYCLE, spans), BEGIN_A));
});

test('lifecycles come in the order of the begins, without those that the store does not have', async () => {
  const store = new MemoryStore(exampleSpans());
  const begins = [BEGIN_B, refOf(70, 1), BEGIN_A].map(beginAt);
  const lifecycles = await readLifecycles(store, ORDER_LIFECYCLE, begins);
  expect(lifecycles.map(({ key }) => key)).toEqual(['u2/o2', 'u1/o1']);
  expect(await readLifecycles(store, ORDER_LIFECYCLE, [])).toEqual([]);
});

test('causes are the same, and cut off alike, whether they come with what they caused or after it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 2 ** 31 }),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 0, max: 4 }),
      async (seed, spansMax, tracesMax, hopsMax) => {
        const system = randomOrderSystem(seed);
        const spans = spansOf(system, new Map());
        const begins = system.orders.map(({ begin }) => beginAt(spanRefOf(begin)));
        const limits = { ...READ_LIMITS, spansMax, tracesMax, hopsMax };
        const read = (store: MemoryStore) =>
          readLifecycles(store, ORDER_LIFECYCLE, begins.slice(0, 2), limits);
        const stepwise = new MemoryStore(spans);
        stepwise.spansAndCauses = async () => ({ spans: [], truncated: true });
        expect(await read(new MemoryStore(spans))).toEqual(await read(stepwise));
      },
    ),
    { numRuns: 100 },
  );
});

test.each([
  ['spans', { spansMax: 12 }],
  ['links', { linksMax: 2 }],
  ['traces', { tracesMax: 3 }],
  ['hops', { hopsMax: 1 }],
])('a limit on %s that is reached makes the lifecycle truncated', async (_, limit) => {
  const store = new MemoryStore(exampleSpans());
  const limits = { ...READ_LIMITS, ...limit };
  const [lifecycle] = await readLifecycles(store, ORDER_LIFECYCLE, [beginAt(BEGIN_A)], limits);
  expect(lifecycle).toMatchObject({ truncated: true, complete: false });
});

test('a batch of thousands of orders is read within the limits, in a few queries', async () => {
  const members = 3_000;
  const order = (trace: number): SpanSketch => ({
    ...{ trace, id: 1, name: ORDER_SPAN.clientOrderReceived, from: trace, to: trace + 1 },
    attributes: { [ATTR.userId]: `u${trace}`, [ATTR.clientOrderId]: 'o' },
  });
  const orders = Array.from({ length: members }, (_, index) => order(100 + index));
  const links = orders.map(({ trace }) => ({ trace, id: 1, type: LINK_TYPE.memberOf }));
  const name = ORDER_SPAN.orderBatching;
  const batch = { trace: TRACES.batch, id: 1, name, from: 5_000, to: 5_010, links };
  const store = new MemoryStore([...orders, batch].map(sketchSpan));
  const begins = [beginAt(refOf(100, 1))];
  const [whole] = await readLifecycles(store, ORDER_LIFECYCLE, begins);
  expect(store.queries).toBeLessThanOrEqual(5);
  expect(whole?.siblings).toHaveLength(1_000);
  const limits = { ...READ_LIMITS, tracesMax: 500 };
  const [part] = await readLifecycles(store, ORDER_LIFECYCLE, begins, limits);
  expect(part).toMatchObject({ truncated: true, key: 'u100/o' });
  expect(part?.spans.map(({ traceId }) => traceId)).toEqual([
    traceIdOf(100),
    traceIdOf(TRACES.batch),
  ]);
});
