import { expect } from 'vitest';
import type { CollectedSpan } from './orders-collector.ts';

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

/**
 * Every confirmation goes back, in one trace, to the tick that caused it, or to an analysis of ta-bot
 * that links to its ticks.
 *
 * @returns how many began with a tick
 */
export function expectTickToTrade(spans: readonly CollectedSpan[]): number {
  let fromTicks = 0;
  for (const confirmation of named(spans, 'order_confirmation')) {
    const [own, process, send, generation, ...rest] = ancestry(spans, confirmation);
    expect([own, process]).toEqual([
      'tradeengine order_confirmation',
      'tradeengine process signals.trading',
    ]);
    expect(send).toMatch(/ send signals.trading$/);
    if (generation === 'ta-bot signal_generation.mean_reversion') {
      expect(rest).toEqual(['ta-bot batch_analysis']);
    } else {
      expect(generation).toMatch(/^realtime-strategies signal_generation\.(ema_cross|rsi|macd)$/);
      expect(rest).toEqual(['realtime-strategies process market.data', ...TICK]);
      fromTicks += 1;
    }
    const siblings = spans.filter(({ parentSpanId }) => parentSpanId === confirmation.parentSpanId);
    expect(named(siblings, 'order_validation')).toHaveLength(1);
    const [execution] = named(siblings, 'order_execution');
    if (execution)
      expect(Object.keys(execution.attributes)).toEqual(expect.arrayContaining(ORDER_ATTRIBUTES));
  }
  for (const span of named(spans, 'process_market_data')) {
    expect(ancestry(spans, span)).toEqual(['data-manager process_market_data', ...TICK]);
  }
  return fromTicks;
}

/** Every message that was consumed had a context, whose span is there. */
export function expectFullCoverage(spans: readonly CollectedSpan[]): number {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const consumed = spans.filter(({ name, kind }) => kind === 'consumer' && CONSUMED.test(name));
  const lost = consumed.filter(({ parentSpanId }) => !parentSpanId || !ids.has(parentSpanId));
  expect(lost.map(({ service, name }) => `${service} ${name}`)).toEqual([]);
  return consumed.length;
}

export function errorsOf(spans: readonly CollectedSpan[]): string[] {
  return spans
    .filter(({ isError }) => isError)
    .map((span) => `${span.service} ${span.name} ${span.attributes['error.type']}`);
}
