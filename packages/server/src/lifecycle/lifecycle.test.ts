import { ATTR, LINK_TYPE, lifecycleSchema, ORDER_SPAN, ThroughlineError } from '@throughline/model';
import { expect, test } from 'vitest';
import { ORDER_LIFECYCLE } from './definitions.ts';
import { buildGraph } from './graph.ts';
import { buildLifecycle } from './lifecycle.ts';
import { BATCH, BEGIN_A, BEGIN_B, exampleSpans, TRACES } from './testing/example.ts';
import { refOf, type SpanSketch, sketchSpan } from './testing/spans.ts';

function lifecycleOf(begin: typeof BEGIN_A, change?: Parameters<typeof exampleSpans>[0]) {
  return buildLifecycle(buildGraph(ORDER_LIFECYCLE, exampleSpans(change)), begin);
}

function without(name: string) {
  return lifecycleOf(BEGIN_A, (sketch) => (sketch.name === name ? undefined : sketch));
}

function numbers(lifecycle: ReturnType<typeof lifecycleOf>) {
  return lifecycle.segments.map(({ fromNs, toNs, kind, label, slackNs }) => [
    Number(fromNs),
    Number(toNs),
    kind,
    label,
    Number(slackNs),
  ]);
}

test('every stretch of order A is where the example puts it, and its wait for the other member shows', () => {
  const lifecycle = lifecycleOf(BEGIN_A);
  expect(numbers(lifecycle)).toEqual([
    [1000, 1100, 'work', 'gateway', 250],
    [1100, 1150, 'queue', 'order manager', 250],
    [1150, 1200, 'work', 'order manager', 250],
    [1200, 1450, 'batch_peer', 'batch', 0],
    [1450, 1470, 'batch_linger', 'batch', 0],
    [1470, 1500, 'work', 'batch', 0],
    [1500, 1530, 'queue', 'algorithm', 0],
    [1530, 1560, 'work', 'algorithm', 0],
    [1560, 1600, 'work', 'algorithm', 0],
    [1600, 1620, 'work', 'algorithm', 0],
    [1620, 1650, 'work', 'algorithm', 0],
    [1650, 1690, 'queue', 'exchange client', 0],
    [1690, 1720, 'work', 'exchange client', 0],
    [1720, 2100, 'venue', 'exchange', 0],
    [2100, 2110, 'work', 'exchange', 0],
    [2110, 2115, 'queue', 'fill', 0],
    [2115, 2125, 'work', 'fill', 0],
    [2125, 2130, 'queue', 'matching', 0],
    [2130, 2140, 'work', 'matching', 0],
    [2140, 2155, 'work', 'update', 0],
  ]);
  expect(lifecycle).toMatchObject({
    ...{ name: 'order', key: 'u1/o1', begin: 1000n, end: 2155n, durationNs: 1155n },
    ...{ status: 'filled', complete: true, truncated: false, warnings: [] },
  });
  expect(lifecycle.attributes[ATTR.tradingSymbol]).toBe('BTCUSDT');
});

test('order B came last to the same batch, so it waits for nobody, and ends with the third fill', () => {
  const lifecycle = lifecycleOf(BEGIN_B);
  expect(numbers(lifecycle).slice(0, 5)).toEqual([
    [1300, 1380, 'work', 'gateway', 0],
    [1380, 1400, 'queue', 'order manager', 0],
    [1400, 1450, 'work', 'order manager', 0],
    [1450, 1470, 'batch_linger', 'batch', 0],
    [1470, 1500, 'work', 'batch', 0],
  ]);
  expect(lifecycle).toMatchObject({ end: 2350n, durationNs: 1050n, status: 'filled' });
});

test('stages add up segments of one label and kind, in the order of first appearance', () => {
  const { stages } = lifecycleOf(BEGIN_A);
  expect(stages.map(({ label, kind, ns }) => [label, kind, Number(ns)])).toEqual([
    ['gateway', 'work', 100],
    ['order manager', 'queue', 50],
    ['order manager', 'work', 50],
    ['batch', 'batch_peer', 250],
    ['batch', 'batch_linger', 20],
    ['batch', 'work', 30],
    ['algorithm', 'queue', 30],
    ['algorithm', 'work', 120],
    ['exchange client', 'queue', 40],
    ['exchange client', 'work', 30],
    ['exchange', 'venue', 380],
    ['exchange', 'work', 10],
    ['fill', 'queue', 5],
    ['fill', 'work', 10],
    ['matching', 'queue', 5],
    ['matching', 'work', 10],
    ['update', 'work', 15],
  ]);
});

test('the cone holds the batch and its fills, and nothing of the other order alone', () => {
  const { spans } = lifecycleOf(BEGIN_A);
  const shared = spans.filter(({ relevance }) => relevance === 'shared').map(({ name }) => name);
  const own = spans.filter(({ relevance }) => relevance === 'own').map(({ name }) => name);
  expect(own).toEqual([
    ORDER_SPAN.clientOrderReceived,
    ORDER_SPAN.orderManagerProcessing,
    ORDER_SPAN.clientOrderUpdate,
    ORDER_SPAN.clientOrderUpdate,
  ]);
  expect(shared.filter((name) => name === ORDER_SPAN.fillMatching)).toHaveLength(2);
  expect(shared.filter((name) => name === ORDER_SPAN.exchangeFillReceived)).toHaveLength(3);
  expect(spans.some(({ attributes }) => attributes[ATTR.userId] === 'u2')).toBe(false);
});

test('siblings are named with the span that is shared and when they joined the batch', () => {
  expect(lifecycleOf(BEGIN_A).siblings).toEqual([
    { key: 'u2/o2', span: BEGIN_B, via: BATCH, arrivalNs: 1450n },
    { key: 'u2/o2', span: BEGIN_B, via: refOf(TRACES.match1, 1) },
    { key: 'u2/o2', span: BEGIN_B, via: refOf(TRACES.match2, 1) },
  ]);
});

test('edges carry their slack, absent where nothing leads to the end', () => {
  const { edges } = lifecycleOf(BEGIN_A);
  const edge = (from: string, to: string) =>
    edges.find((one) => one.from === from && one.to === to);
  expect(edge(BEGIN_A, BATCH)).toMatchObject({
    linkType: 'member_of',
    slackNs: 250n,
    critical: true,
  });
  const send2 = refOf(TRACES.batch, 4);
  const fill2 = refOf(TRACES.batch, 8);
  expect(edge(send2, fill2)).toMatchObject({ type: 'child', slackNs: 460n, critical: false });
  expect(edge(refOf(TRACES.recv2, 1), fill2)).toMatchObject({ slackNs: 0n, critical: true });
  expect(edge(refOf(TRACES.batch, 5), refOf(TRACES.recv3, 1))?.slackNs).toBeUndefined();
});

test('quantities show every allocation with its fill, and are conserved', () => {
  expect(lifecycleOf(BEGIN_A).quantities).toEqual({
    ...{ ordered: '5', filled: '5', leaves: '0', conserved: true },
    allocations: [
      {
        ...{ fillId: 'f1', quantity: '3', fillQuantity: '5', price: '100.50' },
        ...{ match: refOf(TRACES.match1, 1), timeNs: 2040n },
      },
      {
        ...{ fillId: 'f2', quantity: '2', fillQuantity: '4', price: '100.50' },
        ...{ match: refOf(TRACES.match2, 1), timeNs: 2130n },
      },
    ],
  });
});

test('the result is what the HTTP contract says', () => {
  const lifecycle = lifecycleOf(BEGIN_A);
  expect(lifecycleSchema.decode(lifecycleSchema.encode(lifecycle))).toEqual(lifecycle);
});

test('an order without a terminal update is open, and ends for now with its own latest span', () => {
  const lifecycle = lifecycleOf(BEGIN_A, (sketch) =>
    sketch.trace === TRACES.match2 ? undefined : sketch,
  );
  expect(lifecycle).toMatchObject({ status: 'partially_filled', end: 2060n, complete: false });
  expect(lifecycle.quantities).toMatchObject({ filled: '3', leaves: '2', conserved: true });

  const received = lifecycleOf(BEGIN_A, (sketch) =>
    sketch.trace === TRACES.a && sketch.id === 1 ? sketch : undefined,
  );
  expect(received).toMatchObject({ status: 'open', durationNs: 100n, complete: false });
});

test('a lost batch span is one gap between what is known on its two sides', () => {
  const lifecycle = without(ORDER_SPAN.orderBatching);
  expect(numbers(lifecycle).slice(2, 5)).toEqual([
    [1150, 1200, 'work', 'order manager', 0],
    [1200, 1530, 'gap', 'algorithm', 0],
    [1530, 1560, 'work', 'algorithm', 0],
  ]);
  expect(lifecycle).toMatchObject({ durationNs: 1155n, complete: false });
  expect(lifecycle.warnings).toContainEqual(expect.objectContaining({ code: 'missing_parent' }));
});

test('a lost response leaves a gap on the way from the exchange, not a guess', () => {
  const lifecycle = without(ORDER_SPAN.externalExchangeWsRecv);
  expect(numbers(lifecycle)).toContainEqual([1650, 2115, 'gap', 'fill', 0]);
  expect(lifecycle.complete).toBe(false);
  expect(lifecycle.warnings).toContainEqual(
    expect.objectContaining({ code: 'missing_link_target', span: refOf(TRACES.batch, 8) }),
  );
});

test('a lost matching span leaves the update, which is found by the key that it carries', () => {
  const lifecycle = without(ORDER_SPAN.fillMatching);
  expect(lifecycle).toMatchObject({ end: 2155n, status: 'filled', complete: false });
  expect(lifecycle.segments.at(-2)).toMatchObject({ kind: 'gap', fromNs: 1200n, toNs: 2140n });
});

test('links of supplement spans count as those of the batch', () => {
  const supplement: SpanSketch = {
    ...{ trace: TRACES.batch, id: 99, parent: 1, name: ORDER_SPAN.orderBatching },
    ...{ from: 1475, to: 1475, attributes: { [ATTR.supplement]: true } },
    links: [{ trace: TRACES.b, id: 1, type: LINK_TYPE.memberOf }],
  };
  const spans = exampleSpans((sketch) => {
    const isBatch = sketch.trace === TRACES.batch && sketch.id === 1;
    return isBatch ? { ...sketch, links: sketch.links?.slice(0, 1) ?? [] } : sketch;
  });
  const lifecycle = buildLifecycle(
    buildGraph(ORDER_LIFECYCLE, [...spans, sketchSpan(supplement)]),
    BEGIN_A,
  );
  const batchPeer = lifecycle.segments.find(({ kind }) => kind === 'batch_peer');
  expect(batchPeer).toMatchObject({ fromNs: 1200n, toNs: 1450n });
  expect(lifecycle.siblings[0]).toMatchObject({ key: 'u2/o2', via: BATCH });
});

test('an order that was sent twice is warned of, and what the second caused stays away from the first', () => {
  const again: SpanSketch = {
    ...{ trace: 50, id: 1, name: ORDER_SPAN.clientOrderReceived, from: 1600, to: 1610 },
    attributes: { [ATTR.userId]: 'u1', [ATTR.clientOrderId]: 'o1' },
  };
  const graph = buildGraph(ORDER_LIFECYCLE, [...exampleSpans(), sketchSpan(again)]);
  const first = buildLifecycle(graph, BEGIN_A);
  expect(first.warnings).toMatchObject([{ code: 'duplicate_begin' }]);
  expect(first).toMatchObject({ status: 'filled', durationNs: 1155n, complete: true });
  const second = buildLifecycle(graph, refOf(50, 1));
  expect(second).toMatchObject({ status: 'open', durationNs: 10n });
  expect(second.spans).toHaveLength(1);
});

test('bounds cut a lifecycle off, which shows', () => {
  const graph = buildGraph(ORDER_LIFECYCLE, exampleSpans());
  const bounds = { nodesMax: 8, depthMax: 128, timeMaxNs: 1_000_000n };
  const few = buildLifecycle(graph, BEGIN_A, { bounds });
  expect(few).toMatchObject({ truncated: true, complete: false });
  expect(few.spans).toHaveLength(8);
  const near = buildLifecycle(graph, BEGIN_A, { bounds: { ...bounds, nodesMax: 99, depthMax: 1 } });
  expect(near.warnings[0]).toMatchObject({ code: 'truncated' });
  const read = buildLifecycle(graph, BEGIN_A, { readTruncated: true });
  expect(read).toMatchObject({ truncated: true, complete: false, status: 'filled' });
});

test('a span that begins nothing is refused', () => {
  const graph = buildGraph(ORDER_LIFECYCLE, exampleSpans());
  expect(() => buildLifecycle(graph, BATCH)).toThrow(ThroughlineError);
  expect(() => buildLifecycle(graph, refOf(77, 1))).toThrow(/no order begins/);
});
