import { ATTR, type LifecycleDefinition, type Span } from '@throughline/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ORDER_LIFECYCLE } from './definitions.ts';
import { buildGraph } from './graph.ts';
import { buildLifecycle } from './lifecycle.ts';
import { randomOrderSystem, spanRefOf, spansOf } from './testing/order-system.ts';
import { type Random, seededRandom } from './testing/random.ts';
import { refOf, type SpanSketch, sketchSpan } from './testing/spans.ts';

const KEY = { [ATTR.userId]: 'u', [ATTR.clientOrderId]: 'o' };
const seeds = fc.integer({ min: 0, max: 2 ** 31 });

/** A lifecycle that is one trace: it begins and ends with the root. */
const WHOLE_TRACE: LifecycleDefinition = {
  ...{ name: 'trace', keyAttributes: [ATTR.userId], beginSpans: ['root'], endSpans: ['root'] },
  ...{ statusAttribute: ATTR.orderStatus, terminalStatuses: ['done'], stageLabels: {} },
};

function expectExact(lifecycle: ReturnType<typeof buildLifecycle>): void {
  let cursor = lifecycle.begin;
  for (const { fromNs, toNs, slackNs } of lifecycle.segments) {
    if (fromNs !== cursor || toNs <= fromNs || slackNs < 0n) expect.unreachable(`at ${cursor}`);
    cursor = toNs;
  }
  expect(cursor).toBe(lifecycle.end);
  expect(lifecycle.durationNs).toBe(lifecycle.end - lifecycle.begin);
  const total = lifecycle.stages.reduce((sum, { ns }) => sum + ns, 0n);
  expect(total).toBe(lifecycle.durationNs);
}

/** Spans that no sane system makes: cycles, missing parents, clocks that run backwards, ids used twice. */
function hostileSpans(random: Random): Span[] {
  const names = ['client_order_received', 'client_order_update', 'order_batching', 'x', 'y'];
  const types = ['member_of', 'response_to', 'filled_by', 'allocated_to', 'received_by', 'other'];
  const anySpan = () => ({ trace: random.integer(1, 3), id: random.integer(1, 8) });
  const times = random.integer(5, 60);
  return Array.from({ length: random.integer(1, 24) }, (_, index) => {
    const from = random.integer(0, times);
    const sketch: SpanSketch = {
      ...anySpan(),
      parent: random.chance(0.6) ? random.integer(1, 8) : undefined,
      name: names[random.integer(0, 4)] ?? 'x',
      kind:
        (['client', 'server', 'producer', 'consumer'] as const)[random.integer(0, 3)] ?? 'client',
      host: ['', 'h1', 'h2'][random.integer(0, 2)] ?? '',
      from,
      to: random.chance(0.8) ? from + random.integer(0, times) : random.integer(0, times),
      attributes: random.chance(0.4) ? { ...KEY, [ATTR.orderStatus]: 'filled' } : {},
      links: Array.from({ length: random.integer(0, 3) }, () => ({
        ...anySpan(),
        type: types[random.integer(0, 5)] ?? 'other',
      })),
    };
    if (index > 0) return sketchSpan(sketch);
    const begin = { trace: 1, id: 1, name: 'client_order_received', attributes: KEY };
    return sketchSpan({ ...sketch, ...begin });
  });
}

test('segments share endpoints and sum exactly to end - begin, for hostile graphs', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const graph = buildGraph(ORDER_LIFECYCLE, hostileSpans(seededRandom(seed)));
      expectExact(buildLifecycle(graph, refOf(1, 1)));
    }),
    { numRuns: 5_000 },
  );
});

test('segments share endpoints and sum exactly to end - begin, for order systems with lost spans', () => {
  fc.assert(
    fc.property(seeds, seeds, (seed, lossSeed) => {
      const system = randomOrderSystem(seed);
      const random = seededRandom(lossSeed);
      const left = spansOf(system, new Map()).filter(() => !random.chance(0.1));
      const graph = buildGraph(ORDER_LIFECYCLE, left);
      for (const { begin } of system.orders) {
        const ref = spanRefOf(begin);
        if (graph.nodes.has(ref)) expectExact(buildLifecycle(graph, ref));
      }
    }),
    { numRuns: 1_000 },
  );
});

interface Call {
  readonly from: number;
  readonly to: number;
  readonly id: number;
  readonly children: readonly Call[];
}

function randomCall(
  random: Random,
  from: number,
  to: number,
  depth: number,
  ids: { next: number },
) {
  const id = ids.next;
  ids.next += 1;
  const children: Call[] = [];
  for (let count = depth < 4 ? random.integer(0, 3) : 0; count > 0; count -= 1) {
    const start = random.integer(from, to);
    children.push(randomCall(random, start, random.integer(start, to), depth + 1, ids));
  }
  const call: Call = { from, to, id, children };
  return call;
}

function spansOfCall(call: Call, parent?: number): Span[] {
  const root = { name: 'root', attributes: { [ATTR.userId]: 'u', [ATTR.orderStatus]: 'done' } };
  const { from, to, id, children } = call;
  const span = sketchSpan({ trace: 1, id, parent, from, to, ...(parent === undefined && root) });
  return [span, ...children.flatMap((child) => spansOfCall(child, id))];
}

/**
 * The time of each call on the critical path, by the textbook: what remains of a call when the children that
 * finished last, one after the other backwards, are taken out. Written apart from the product.
 */
function lastFinishingChild(call: Call, until: number, spent: Map<number, number>): void {
  const before = call.children.filter(({ to }) => to <= until);
  const last = before.reduce<Call | undefined>((best, child) => {
    if (!best || child.to > best.to) return child;
    if (child.to < best.to) return best;
    if (child.from !== best.from) return child.from > best.from ? child : best;
    return child.id > best.id ? child : best;
  }, undefined);
  const own = until - (last?.to ?? call.from);
  spent.set(call.id, (spent.get(call.id) ?? 0) + own);
  if (!last) return;
  lastFinishingChild(last, last.to, spent);
  const others = call.children.filter((child) => child !== last);
  lastFinishingChild({ ...call, children: others }, last.from, spent);
}

test('on a trace without links it is the path of the last-finishing child', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const call = randomCall(seededRandom(seed), 10, 1_000, 0, { next: 1 });
      const expected = new Map<number, number>();
      lastFinishingChild(call, call.to, expected);
      const lifecycle = buildLifecycle(
        buildGraph(WHOLE_TRACE, spansOfCall(call)),
        refOf(1, call.id),
      );
      const spent = new Map<number, number>();
      for (const { span, kind, fromNs, toNs } of lifecycle.segments) {
        expect(kind).toBe('work');
        const id = Number.parseInt((span ?? '').slice(33), 16);
        spent.set(id, (spent.get(id) ?? 0) + Number(toNs - fromNs));
      }
      const positive = [...expected].filter(([, ns]) => ns > 0);
      expect(spent).toEqual(new Map(positive.filter(([id]) => id > 0)));
    }),
    { numRuns: 2_000 },
  );
});

test('of two concurrent children only the one that finished last is on the path', () => {
  const gather: Call = {
    ...{ id: 1, from: 0, to: 110 },
    children: [
      { id: 2, from: 10, to: 60, children: [] },
      { id: 3, from: 10, to: 100, children: [] },
    ],
  };
  const { segments, spans } = buildLifecycle(
    buildGraph(WHOLE_TRACE, spansOfCall(gather)),
    refOf(1, 1),
  );
  expect(segments.map(({ fromNs, toNs, span }) => [Number(fromNs), Number(toNs), span])).toEqual([
    [0, 10, refOf(1, 1)],
    [10, 100, refOf(1, 3)],
    [100, 110, refOf(1, 1)],
  ]);
  expect(spans.map(({ critical }) => critical)).toEqual([true, false, true]);
});

test('a chain of thousands of nested calls needs no deep stack', () => {
  const depth = 1_900;
  const spans = Array.from({ length: depth }, (_, index) => {
    const at = { from: index, to: 2 * depth - index, trace: 1, id: index + 1 };
    if (index > 0) return sketchSpan({ ...at, parent: index });
    const attributes = { [ATTR.userId]: 'u', [ATTR.orderStatus]: 'done' };
    return sketchSpan({ ...at, name: 'root', attributes });
  });
  const bounds = { nodesMax: 2_000, depthMax: 2_000, timeMaxNs: 1_000_000n };
  const lifecycle = buildLifecycle(buildGraph(WHOLE_TRACE, spans), refOf(1, 1), { bounds });
  expectExact(lifecycle);
  expect(lifecycle.spans).toHaveLength(depth);
  expect(lifecycle.segments.every(({ slackNs }) => slackNs === 0n)).toBe(true);
});

test('a child that starts before its parent makes no negative stretch, and is warned of', () => {
  const spans = [
    sketchSpan({
      trace: 1,
      id: 1,
      name: 'client_order_received',
      from: 100,
      to: 120,
      attributes: KEY,
    }),
    sketchSpan({
      ...{ trace: 1, id: 2, parent: 1, name: 'client_order_update', from: 90, to: 150 },
      attributes: { ...KEY, [ATTR.orderStatus]: 'filled' },
    }),
  ];
  const lifecycle = buildLifecycle(buildGraph(ORDER_LIFECYCLE, spans), refOf(1, 1));
  expectExact(lifecycle);
  expect(lifecycle.warnings).toMatchObject([{ code: 'negative_duration', span: refOf(1, 2) }]);
});

test("spans that are each other's parents, at the same time, are passed once", () => {
  const at = { trace: 1, from: 100, to: 200 };
  const spans = [
    sketchSpan({ ...at, id: 1, name: 'client_order_received', attributes: KEY }),
    sketchSpan({ ...at, id: 2, parent: 3, links: [{ trace: 1, id: 1 }] }),
    sketchSpan({ ...at, id: 3, parent: 2 }),
    sketchSpan({
      ...{ ...at, id: 4, parent: 3, name: 'client_order_update', from: 250, to: 260 },
      attributes: { ...KEY, [ATTR.orderStatus]: 'filled' },
    }),
  ];
  const lifecycle = buildLifecycle(buildGraph(ORDER_LIFECYCLE, spans), refOf(1, 1));
  expectExact(lifecycle);
  expect(lifecycle.warnings).toMatchObject([{ code: 'cycle' }]);
});

test('children without duration at one instant do not hide each other, nor the slack of their parent', () => {
  const root = { name: 'root', attributes: { [ATTR.userId]: 'u', [ATTR.orderStatus]: 'done' } };
  const spans = [
    sketchSpan({ trace: 1, id: 1, from: 0, to: 100, ...root }),
    sketchSpan({ trace: 1, id: 2, parent: 1, from: 40, to: 40 }),
    sketchSpan({ trace: 1, id: 3, parent: 1, from: 40, to: 40 }),
  ];
  const { segments, edges } = buildLifecycle(buildGraph(WHOLE_TRACE, spans), refOf(1, 1));
  expect(segments.map(({ fromNs, toNs, slackNs }) => [fromNs, toNs, slackNs])).toEqual([
    [0n, 40n, 0n],
    [40n, 100n, 0n],
  ]);
  expect(edges.map(({ slackNs, critical }) => [slackNs, critical])).toEqual([
    [0n, true],
    [0n, true],
  ]);
});
