import { lifecycleSchema, spanRef } from '@throughline/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ORDER_LIFECYCLE } from './definitions.ts';
import { buildGraph } from './graph.ts';
import { buildLifecycle } from './lifecycle.ts';
import { skewOfTrace } from './skew-correction.ts';
import { readMessages } from './skew-readings.ts';
import { BEGIN_A, BEGIN_B, exampleSpans } from './testing/example.ts';
import { type SpanSketch, sketchSpan } from './testing/spans.ts';

/** The example with each service on a host of its own, whose clocks are ahead by these ns. */
function lifecycleWith(aheadNs: Readonly<Record<string, number>>, begin = BEGIN_A) {
  const spans = exampleSpans((sketch) => {
    const ns = aheadNs[sketch.service ?? ''] ?? 0;
    const { from, to } = sketch;
    return { ...sketch, host: `${sketch.service}-host`, from: from + ns, to: to + ns };
  });
  return buildLifecycle(buildGraph(ORDER_LIFECYCLE, spans), begin);
}

function stretches({ segments, begin }: ReturnType<typeof lifecycleWith>) {
  return segments.map(({ fromNs, toNs, kind }) => [fromNs - begin, toNs - begin, kind]);
}

test('right clocks change nothing, on however many hosts', () => {
  const lifecycle = lifecycleWith({});
  expect(lifecycle.warnings).toEqual([]);
  expect(Object.keys(lifecycle)).not.toContain('skew');
});

test('a clock that is behind is corrected, said with its uncertainty, and breaks nothing', () => {
  const services = [...new Set(exampleSpans().map(({ service }) => service))];
  expect(services.length).toBeGreaterThan(1);
  const [first = '', ...others] = services;
  for (const service of others) {
    for (const aheadNs of [-5_000, 5_000]) {
      const skewed = lifecycleWith({ [service]: aheadNs });
      expect(sumOf(skewed)).toBe(skewed.end - skewed.begin);
      expect(skewed.begin).toBe(lifecycleWith({}).begin);
      const codes = skewed.warnings.map(({ code }) => code);
      expect(codes).not.toContain('negative_duration');
      if (skewed.skew === undefined) continue;
      expect(codes.filter((code) => code === 'clock_skew')).toHaveLength(skewed.skew.length);
      for (const { host, offsetNs, uncertaintyNs } of skewed.skew) {
        if (uncertaintyNs === undefined) continue;
        const off = (host === `${service}-host` ? BigInt(aheadNs) : 0n) - offsetNs;
        expect(off * off <= uncertaintyNs ** 2n).toBe(true);
      }
      expect(lifecycleSchema.decode(lifecycleSchema.encode(skewed)).skew).toEqual(skewed.skew);
    }
  }
  const begun = lifecycleWith({ [first]: 9_000 });
  expect(begun.begin).toBe(10_000n);
  expect(sumOf(begun)).toBe(begun.end - begun.begin);
});

test('messages both ways give the offset of a clock, as a warning and beside the spans', () => {
  const [begin] = exampleSpans();
  if (!begin) throw new Error('no example');
  const spans = [
    { ...begin, host: 'h1', endNs: begin.startNs + 400n },
    { ...sketchSpan({ trace: 1, id: 90, from: 0, to: 0 }), host: 'h2', name: 'there' },
    { ...sketchSpan({ trace: 1, id: 91, from: 0, to: 0 }), host: 'h1', name: 'back' },
  ] as const;
  const [, there, back] = spans;
  const sent = {
    traceId: begin.traceId,
    startNs: begin.startNs - 980n,
    endNs: begin.startNs - 960n,
  };
  const graph = buildGraph(ORDER_LIFECYCLE, [
    spans[0],
    { ...there, ...sent, parentSpanId: begin.spanId },
    {
      ...{ ...back, traceId: begin.traceId, parentSpanId: there.spanId },
      ...{ startNs: begin.startNs + 40n, endNs: begin.startNs + 50n },
    },
  ]);
  const lifecycle = buildLifecycle(graph, BEGIN_A);
  expect(lifecycle.skew).toEqual([
    { host: 'h2', offsetNs: -1_000n, uncertaintyNs: 20n, messages: 2 },
  ]);
  expect(lifecycle.warnings).toEqual([
    {
      code: 'clock_skew',
      message: 'the clock of h2 is 1.000 µs behind (± 20 ns, by 2 messages); corrected',
    },
  ]);
  const corrected = lifecycle.spans.find(({ name }) => name === 'there');
  expect(corrected?.startNs).toBe(begin.startNs + 20n);
  expect(corrected?.endNs).toBe(begin.startNs + 40n);
});

test('whatever the clocks, the segments sum exactly and no message between hosts is early', () => {
  const services = [...new Set(exampleSpans().map(({ service }) => service))];
  const anyClocks = fc.array(fc.integer({ min: -900, max: 900 }), {
    minLength: services.length,
    maxLength: services.length,
  });
  fc.assert(
    fc.property(anyClocks, (clocks) => {
      const aheadNs = Object.fromEntries(services.map((name, index) => [name, clocks[index] ?? 0]));
      const lifecycle = lifecycleWith(aheadNs);
      expect(sumOf(lifecycle)).toBe(lifecycle.end - lifecycle.begin);
      const starts = new Map(lifecycle.spans.map((span) => [spanRef(span), span.startNs]));
      for (const { from, to } of lifecycle.edges) {
        expect((starts.get(to) ?? 0n) - (starts.get(from) ?? 0n)).toBeGreaterThanOrEqual(0n);
      }
    }),
  );
});

function sumOf({ segments }: ReturnType<typeof lifecycleWith>): bigint {
  return segments.reduce((sum, { fromNs, toNs }) => sum + toNs - fromNs, 0n);
}

test('each lifecycle of one graph is by the clock of its own host, to the same length', () => {
  const spans = exampleSpans((sketch) => ({ ...sketch, host: `${sketch.service}-host` }));
  const graph = buildGraph(ORDER_LIFECYCLE, spans);
  const alone = buildLifecycle(graph, BEGIN_B);
  expect(buildLifecycle(graph, BEGIN_B)).toEqual(alone);
  expect(stretches(buildLifecycle(graph, BEGIN_B))).toEqual(stretches(alone));
});

function readingsOf(...sketches: SpanSketch[]) {
  return readMessages(buildGraph(ORDER_LIFECYCLE, sketches.map(sketchSpan)));
}

test('messages are read between known hosts only, and a call answers', () => {
  const call = { trace: 1, id: 1, kind: 'client', host: 'a', from: 100, to: 160 } as const;
  const served = { trace: 1, id: 2, parent: 1, kind: 'server', from: 30, to: 90 } as const;
  expect(readingsOf(call, { ...served, host: 'b' })).toEqual({
    readings: [
      { from: 'a', to: 'b', leastNs: -70n },
      { from: 'b', to: 'a', leastNs: 130n },
    ],
    messages: new Map([
      ['a', 2],
      ['b', 2],
    ]),
  });
  expect(readingsOf(call, served).readings).toEqual([]);
  expect(readingsOf(call, { ...served, host: 'a' }).readings).toEqual([]);
  const consumed = { ...served, kind: 'consumer', host: 'b' } as const;
  expect(readingsOf(call, consumed).readings).toHaveLength(1);
});

test('of a trace the clocks are told by the host of its root, wherever that is in the order of time', () => {
  const root = sketchSpan({ trace: 1, id: 1, host: 'a', from: 100, to: 160 });
  const child = sketchSpan({ trace: 1, id: 2, parent: 1, host: 'b', from: 30, to: 90 });
  expect(skewOfTrace([child, root])).toEqual([{ host: 'b', offsetNs: -70n, messages: 1 }]);
  expect(skewOfTrace([root])).toEqual([]);
  expect(skewOfTrace([])).toEqual([]);
});
