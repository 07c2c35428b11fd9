import { ATTR, type LifecycleDefinition, OPTION_SPAN, WORKFLOW_SPAN } from '@throughline/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  BOT_ORDER,
  LIFECYCLE_DEFINITIONS,
  OPTION_QUOTE,
  ORDER_LIFECYCLE,
  TICK_TO_TRADE,
} from './definitions.ts';
import { buildGraph, keysBegunBy } from './graph.ts';
import { buildLifecycle } from './lifecycle.ts';
import { readLifecycles } from './reader.ts';
import { lifecycleRow } from './row.ts';
import { exampleSketches } from './testing/example.ts';
import { MemoryStore } from './testing/memory-store.ts';
import { seededRandom } from './testing/random.ts';
import { refOf, type SpanSketch, sketchSpan, traceIdOf } from './testing/spans.ts';
import {
  analysisSketches,
  botSketches,
  quoteSketches,
  TRACE,
  tickSketches,
} from './testing/systems.ts';

function lifecycleOf(
  definition: LifecycleDefinition,
  begin: ReturnType<typeof refOf>,
  sketches: readonly SpanSketch[],
) {
  return buildLifecycle(buildGraph(definition, sketches.map(sketchSpan)), begin);
}

function pathOf({ segments }: ReturnType<typeof lifecycleOf>) {
  return segments.map(({ fromNs, toNs, kind, label }) => {
    return [Number(fromNs), Number(toNs), kind === 'work' ? label : `${label} ${kind}`];
  });
}

test('every lifecycle has a name of its own, and ends with one of its terminal statuses', () => {
  const names = LIFECYCLE_DEFINITIONS.map(({ name }) => name);
  expect(names).toEqual(['order', 'tick_to_trade', 'option_quote', 'bot_order']);
  for (const { terminalStatuses } of LIFECYCLE_DEFINITIONS) {
    expect(terminalStatuses).not.toHaveLength(0);
  }
});

test('a tick leads to a trade in its trace, which is the key, over the strategy that made the signal', () => {
  const lifecycle = lifecycleOf(TICK_TO_TRADE, refOf(TRACE.tick, 1), tickSketches());
  expect(lifecycle).toMatchObject({
    ...{ name: 'tick_to_trade', key: traceIdOf(TRACE.tick), status: 'filled' },
    ...{ begin: 0n, end: 180n, complete: true, warnings: [], siblings: [] },
    attributes: { [ATTR.tradingSymbol]: 'BTCUSDT', [ATTR.orderOrderId]: 'sig-1' },
  });
  expect(lifecycle.quantities).toBeUndefined();
  expect(pathOf(lifecycle)).toEqual([
    [0, 5, 'market data'],
    [5, 10, 'market data'],
    [10, 40, 'strategies queue'],
    [40, 45, 'strategies'],
    [45, 50, 'signal'],
    [50, 70, 'signal'],
    [70, 100, 'trade engine queue'],
    [100, 102, 'trade engine'],
    [102, 105, 'validation'],
    [105, 106, 'trade engine'],
    [106, 160, 'execution'],
    [160, 162, 'trade engine'],
    [162, 180, 'confirmation'],
  ]);
});

test('a tick that leads to nothing is open', () => {
  const sketches = tickSketches().filter(({ name }) => name !== WORKFLOW_SPAN.orderConfirmation);
  const lifecycle = lifecycleOf(TICK_TO_TRADE, refOf(TRACE.tick, 1), sketches);
  expect(lifecycle).toMatchObject({ status: 'open', complete: false });
  expect(lifecycleRow(lifecycle).flags).toEqual(['open']);
});

test('an analysis of many ticks begins one of its own, and what it links to is no part of it', () => {
  const sketches = [...tickSketches(), ...analysisSketches()];
  const lifecycle = lifecycleOf(TICK_TO_TRADE, refOf(TRACE.analysis, 1), sketches);
  expect(lifecycle).toMatchObject({
    ...{ key: traceIdOf(TRACE.analysis), begin: 200n, end: 380n },
    ...{ status: 'filled', complete: true, warnings: [] },
  });
  const traces = new Set(lifecycle.spans.map(({ traceId }) => traceId));
  expect([...traces]).toEqual([traceIdOf(TRACE.analysis)]);
  expect(lifecycle.spans.every(({ relevance }) => relevance === 'own')).toBe(true);
});

test('a quote ends with the first write that did not fail', () => {
  const quote = quoteSketches();
  const lifecycle = lifecycleOf(OPTION_QUOTE, refOf(TRACE.quote, 1), quote);
  expect(lifecycle).toMatchObject({ status: 'completed', end: 250n, complete: true, warnings: [] });
  expect(lifecycle.attributes[ATTR.optionContract]).toBe('SPY-C');
  expect(lifecycle.segments.at(-1)).toMatchObject({ kind: 'work', label: 'database' });
  expect(lifecycleRow(lifecycle).flags).toEqual(['error']);

  const failing = quote.filter(({ name, failed }) => name !== OPTION_SPAN.dbWrite || failed);
  const failed = lifecycleOf(OPTION_QUOTE, refOf(TRACE.quote, 1), failing);
  expect(failed).toMatchObject({ status: 'failed', complete: false });
  expect(lifecycleRow(failed).flags).toEqual(['open', 'error']);
});

test('an order of the bot begins with its signal, not with the request that asked for one', () => {
  const lifecycle = lifecycleOf(BOT_ORDER, refOf(TRACE.bot, 2), botSketches());
  expect(lifecycle).toMatchObject({
    ...{ name: 'bot_order', key: 'b-1', begin: 10n, end: 200n },
    ...{ status: 'filled', complete: true, warnings: [] },
  });
  expect(pathOf(lifecycle)).toEqual([
    [10, 12, 'signal'],
    [12, 40, 'exchange'],
    [40, 60, 'signal'],
    [60, 65, 'validation queue'],
    [65, 90, 'validation'],
    [90, 92, 'execution queue'],
    [92, 95, 'execution'],
    [95, 140, 'exchange'],
    [140, 150, 'execution'],
    [150, 155, 'confirmation queue'],
    [155, 160, 'confirmation'],
    [160, 195, 'database'],
    [195, 200, 'confirmation'],
  ]);
});

test('a signal without an order begins nothing, and each trace says what begins in it', () => {
  const spans = [...botSketches(), ...tickSketches()].map(sketchSpan);
  expect(keysBegunBy(BOT_ORDER, spans)).toEqual(['b-1']);
  expect(keysBegunBy(TICK_TO_TRADE, spans)).toEqual([traceIdOf(TRACE.tick)]);
  expect(keysBegunBy(OPTION_QUOTE, spans)).toEqual([]);
  expect(keysBegunBy(ORDER_LIFECYCLE, exampleSketches().map(sketchSpan))).toEqual([
    'u1/o1',
    'u2/o2',
  ]);
});

test('where the trace is the key only the traces asked for are read', async () => {
  const store = new MemoryStore([...tickSketches(), ...analysisSketches()].map(sketchSpan));
  const begins = [{ span: refOf(TRACE.analysis, 1), key: [], beginNs: 0n }];
  const [lifecycle] = await readLifecycles(store, TICK_TO_TRADE, begins);
  expect(lifecycle).toMatchObject({ complete: true, truncated: false });
  expect(store.queries).toBe(1);
});

test('segments share endpoints and sum exactly, for every definition, whatever spans are lost', () => {
  const systems = [
    { definition: TICK_TO_TRADE, begin: refOf(TRACE.tick, 1), sketches: tickSketches() },
    { definition: TICK_TO_TRADE, begin: refOf(TRACE.analysis, 1), sketches: analysisSketches() },
    { definition: OPTION_QUOTE, begin: refOf(TRACE.quote, 1), sketches: quoteSketches() },
    { definition: BOT_ORDER, begin: refOf(TRACE.bot, 2), sketches: botSketches() },
  ];
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 }), (seed) => {
      const random = seededRandom(seed);
      for (const { definition, begin, sketches } of systems) {
        const left = sketches
          .filter(({ trace, id }) => refOf(trace, id) === begin || !random.chance(0.2))
          .map((sketch) => ({ ...sketch, to: sketch.to + random.integer(-20, 40) }));
        const { segments, ...whole } = lifecycleOf(definition, begin, left);
        let cursor = whole.begin;
        for (const { fromNs, toNs } of segments) {
          expect(fromNs).toBe(cursor);
          expect(toNs).toBeGreaterThan(fromNs);
          cursor = toNs;
        }
        expect(cursor).toBe(whole.end);
        expect(whole.durationNs).toBe(whole.end - whole.begin);
        expect(whole.stages.reduce((sum, { ns }) => sum + ns, 0n)).toBe(whole.durationNs);
      }
    }),
    { numRuns: 500 },
  );
});

test('where two lifecycles end in spans of one name, the status tells whose end it is', () => {
  for (const [index, one] of LIFECYCLE_DEFINITIONS.entries()) {
    for (const other of LIFECYCLE_DEFINITIONS.slice(index + 1)) {
      if (!one.endSpans.some((name) => other.endSpans.includes(name))) continue;
      expect(one.statusAttribute).not.toBe(other.statusAttribute);
    }
  }
});
