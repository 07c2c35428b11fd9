import { expect } from 'vitest';
import type { CollectedSpan } from './orders-collector.ts';
import { edgesOf } from './span-tree.ts';

const CONSUMED = /^(process|process_market_data|receive)/;

/** The span and its parents, up to the root, by name and service. */
export function ancestry(spans: readonly CollectedSpan[], span: CollectedSpan): string[] {
  const byId = new Map(spans.map((one) => [one.spanId, one]));
  const names: string[] = [];
  for (let one: CollectedSpan | undefined = span; one; one = byId.get(one.parentSpanId ?? '')) {
    expect(one.traceId).toBe(span.traceId);
    names.push(`${one.service} ${one.name}`);
    if (one.parentSpanId) expect([one.name, byId.has(one.parentSpanId)]).toEqual([one.name, true]);
  }
  return names;
}

export function named(spans: readonly CollectedSpan[], name: string): CollectedSpan[] {
  return spans.filter((span) => span.name === name);
}

const TICK = ['socket-client send market.data', 'socket-client market_data_receive'];
const ORDER_ATTRIBUTES = [
  'order.symbol',
  'order.type',
  'order.side',
  'order.quantity',
  'order.price',
  'order.success',
  'order.execution_time_ms',
  'order.order_id',
  'order.filled_quantity',
];

const GENERATION_ATTRIBUTES = [
  'strategy.name',
  'trading.symbol',
  'trading.price',
  'market.candles_count',
  'signal.generated',
  'signal.direction',
  'signal.confidence',
  'signal.entry_price',
];

/**
 * The path, as of {@link ancestry}, goes from a confirmation to the tick that caused it, or to an analysis
 * of ta-bot.
 *
 * @returns whether it is a tick
 */
export function expectPathToConfirmation(path: readonly string[]): boolean {
  const [own, process, send, generation, ...rest] = path;
  expect([own, process]).toEqual([
    'tradeengine order_confirmation',
    'tradeengine process signals.trading',
  ]);
  expect(send).toMatch(/ send signals.trading$/);
  const isFromTick = generation !== 'ta-bot signal_generation.mean_reversion';
  if (isFromTick) {
    expect(generation).toMatch(/^realtime-strategies signal_generation\.(ema_cross|rsi|macd)$/);
    expect(rest).toEqual(['realtime-strategies process market.data', ...TICK]);
  } else {
    expect(rest).toEqual(['ta-bot batch_analysis']);
  }
  return isFromTick;
}

/**
 * Every confirmation goes back, in one trace, to the tick that caused it, or to an analysis of ta-bot
 * that links to its ticks.
 *
 * @returns how many began with a tick
 */
export function expectTickToTrade(spans: readonly CollectedSpan[]): number {
  let fromTicks = 0;
  for (const confirmation of named(spans, 'order_confirmation')) {
    if (expectPathToConfirmation(ancestry(spans, confirmation))) {
      expect(attributesOfGeneration(spans, confirmation)).toEqual(
        expect.arrayContaining(GENERATION_ATTRIBUTES),
      );
      fromTicks += 1;
    }
    const siblings = spans.filter(({ parentSpanId }) => parentSpanId === confirmation.parentSpanId);
    const steps = ['order_validation', 'order_execution', 'order_confirmation']
      .flatMap((step) => named(siblings, step))
      .sort((one, other) => Number(one.startNs - other.startNs));
    expect(new Set(steps.map(({ name }) => name)).size).toBe(steps.length);
    expect(steps[0]?.name).toBe('order_validation');
    expect(steps.at(-1)).toBe(confirmation);
    for (const [index, step] of steps.slice(1).entries()) {
      expect(step.startNs).toBeGreaterThanOrEqual(steps[index]?.endNs ?? 0n);
    }
    const [execution] = named(siblings, 'order_execution');
    if (execution)
      expect(Object.keys(execution.attributes)).toEqual(expect.arrayContaining(ORDER_ATTRIBUTES));
  }
  for (const span of named(spans, 'process_market_data')) {
    expect(ancestry(spans, span)).toEqual(['data-manager process_market_data', ...TICK]);
  }
  return fromTicks;
}

/** Of the strategy's span that the confirmation came of. */
function attributesOfGeneration(
  spans: readonly CollectedSpan[],
  confirmation: CollectedSpan,
): string[] {
  const parentOf = (span: CollectedSpan | undefined) =>
    spans.find(({ spanId }) => spanId === span?.parentSpanId);
  const generation = parentOf(parentOf(parentOf(confirmation)));
  return Object.keys(generation?.attributes ?? {});
}

/** Of every run with ticks that became trades. Each line is a span, its kind, and what it is below. */
const TREE = [
  'data-manager consumer process_market_data < socket-client send market.data',
  'data-manager producer send candles.closed < data-manager process_market_data',
  'realtime-strategies consumer process market.data < socket-client send market.data',
  'realtime-strategies internal signal_generation.* < realtime-strategies process market.data',
  'realtime-strategies producer send signals.trading < realtime-strategies signal_generation.*',
  'socket-client internal market_data_receive < -',
  'socket-client producer send market.data < socket-client market_data_receive',
  'ta-bot consumer process market.data < socket-client send market.data',
  'ta-bot internal batch_analysis < -',
  'ta-bot internal signal_generation.* < ta-bot batch_analysis',
  'tradeengine client POST < tradeengine order_execution',
  'tradeengine client ack signals.trading < tradeengine process signals.trading',
  'tradeengine consumer process signals.trading < realtime-strategies send signals.trading',
  'tradeengine internal order_confirmation < tradeengine process signals.trading',
  'tradeengine internal order_execution < tradeengine process signals.trading',
  'tradeengine internal order_validation < tradeengine process signals.trading',
  'tradeengine producer send order.confirmed < tradeengine order_confirmation',
];

/** What a run may have besides, by how the market went. */
const SOMETIMES = [
  // What there was before a strategy began is asked for once.
  'data-manager consumer process candles.get < realtime-strategies request candles.get',
  'data-manager producer reply candles.get < data-manager process candles.get',
  'realtime-strategies consumer receive reply candles.get < data-manager reply candles.get',
  'realtime-strategies producer request candles.get < realtime-strategies process market.data',
  // Supplements hold the links that are too many for one span.
  'ta-bot internal batch_analysis < ta-bot batch_analysis',
  'ta-bot producer send signals.trading < ta-bot signal_generation.*',
  'tradeengine consumer process signals.trading < ta-bot send signals.trading',
  // So is what can be traded.
  'tradeengine client GET < tradeengine order_validation',
];

function treeOf(spans: readonly CollectedSpan[]): string[] {
  return edgesOf(spans).map((edge) => edge.replaceAll(/(signal_generation\.)\w+/g, '$1*'));
}

/** Whether there is everything already that {@link expectTree} asks for. */
export function isTreeThere(spans: readonly CollectedSpan[]): boolean {
  const edges = treeOf(spans);
  return TREE.every((edge) => edges.includes(edge));
}

/** The spans hang together as they should, and there are no others. */
export function expectTree(spans: readonly CollectedSpan[]): void {
  const edges = treeOf(spans);
  expect([...TREE, ...SOMETIMES]).toEqual(expect.arrayContaining(edges));
  expect(edges).toEqual(expect.arrayContaining(TREE));
}

/** Every message that was consumed had a context, whose span is there. */
export function expectFullCoverage(spans: readonly CollectedSpan[]): number {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const consumed = spans.filter(({ name, kind }) => kind === 'consumer' && CONSUMED.test(name));
  const lost = consumed.filter(({ parentSpanId }) => !parentSpanId || !ids.has(parentSpanId));
  expect(lost.map(({ service, name }) => `${service} ${name}`)).toEqual([]);
  return consumed.length;
}

/** Strategies that are not told in a second what was before they began do without. */
const DONE_WITHOUT = 'realtime-strategies request candles.get TimeoutError';

export function errorsOf(spans: readonly CollectedSpan[]): string[] {
  return spans
    .filter(({ isError }) => isError)
    .map((span) => `${span.service} ${span.name} ${span.attributes['error.type']}`)
    .filter((error) => error !== DONE_WITHOUT);
}
