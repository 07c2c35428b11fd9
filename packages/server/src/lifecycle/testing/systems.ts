import { ATTR, LINK_TYPE, OPTION_SPAN, SIGNALS_SPAN, WORKFLOW_SPAN } from '@throughline/model';
import type { SpanSketch } from './spans.ts';

/**
 * Traces as the reference systems besides `orders` make them, each numbered by its lifecycle. Times are small
 * numbers so that results can be read.
 */
export const TRACE = { tick: 1, analysis: 2, quote: 3, bot: 4 };

/** Nested children are given as `[name, id, from, to]`. */
type Child = readonly [name: string, id: number, from: number, to: number];

function below(parent: SpanSketch, children: readonly Child[]): SpanSketch[] {
  const { trace, service = 'service' } = parent;
  return children.map(([name, id, from, to]) => ({
    ...{ trace, id, parent: parent.id, name, service, from, to },
  }));
}

const ORDER_ID = { [ATTR.orderOrderId]: 'sig-1' };
const PLACED = { ...ORDER_ID, [ATTR.signalStatus]: 'filled', [ATTR.orderSide]: 'buy' };

/** From a tick to the order that one of two strategies makes of it; another consumer looks on. */
export function tickSketches(trace = TRACE.tick): SpanSketch[] {
  const tick = { trace, id: 1, name: SIGNALS_SPAN.marketDataReceive, service: 'socket-client' };
  const strategies = {
    trace,
    id: 3,
    parent: 2,
    name: 'process market.data',
    service: 'strategies',
  };
  const kind = 'consumer' as const;
  return [
    { ...tick, from: 0, to: 20, attributes: { [ATTR.tradingSymbol]: 'BTCUSDT' } },
    { trace, id: 2, parent: 1, name: 'send market.data', kind: 'producer', from: 5, to: 10 },
    { ...strategies, kind, from: 40, to: 90 },
    ...below({ ...strategies, from: 40, to: 90 }, [
      [`${WORKFLOW_SPAN.signalGenerationPrefix}ema_cross`, 4, 45, 80],
      [`${WORKFLOW_SPAN.signalGenerationPrefix}rsi`, 5, 82, 85],
    ]),
    { trace, id: 6, parent: 4, name: 'send signals.trading', kind: 'producer', from: 50, to: 70 },
    { trace, id: 7, parent: 2, name: SIGNALS_SPAN.processMarketData, kind, from: 60, to: 500 },
    ...tradeSketches(trace, 6, 100),
  ];
}

/** The trade engine's part, which starts then. */
function tradeSketches(trace: number, parent: number, from: number): SpanSketch[] {
  const engine = { trace, id: 10, parent, name: 'process signals.trading', service: 'tradeengine' };
  const sketch: SpanSketch = { ...engine, kind: 'consumer', from, to: from + 100 };
  const children = below(sketch, [
    [WORKFLOW_SPAN.orderValidation, 11, from + 2, from + 5],
    [WORKFLOW_SPAN.orderExecution, 12, from + 6, from + 60],
    [WORKFLOW_SPAN.orderConfirmation, 13, from + 62, from + 80],
  ]);
  const placed = children.map((child, index) => ({
    ...child,
    attributes: index === 2 ? PLACED : ORDER_ID,
  }));
  return [sketch, ...placed];
}

/** An analysis of earlier ticks, which are traces of their own, and the order that comes of it. */
export function analysisSketches(trace = TRACE.analysis): SpanSketch[] {
  const tick = { trace: TRACE.tick, id: 3, type: LINK_TYPE.conflatedFrom };
  const unknown = { trace: 99, id: 1, type: 'other' };
  const analysis = { trace, id: 1, name: SIGNALS_SPAN.batchAnalysis, service: 'ta-bot' };
  const name = `${WORKFLOW_SPAN.signalGenerationPrefix}mean_reversion`;
  return [
    { ...analysis, from: 200, to: 260, links: [tick] },
    { trace, id: 2, parent: 1, name, service: 'ta-bot', from: 210, to: 250, links: [unknown] },
    { trace, id: 3, parent: 2, name: 'send signals.trading', kind: 'producer', from: 215, to: 245 },
    ...tradeSketches(trace, 3, 300),
  ];
}

/** A quote whose first write fails and whose second, after a redelivery, succeeds. */
export function quoteSketches(trace = TRACE.quote): SpanSketch[] {
  const fetch = { trace, id: 1, name: OPTION_SPAN.fetchInstrumentData, service: 'ingestion' };
  const process = {
    trace,
    id: 4,
    parent: 3,
    name: OPTION_SPAN.processMessage,
    service: 'processor',
  };
  const sketches = {
    fetch: { ...fetch, from: 0, to: 30 },
    process: { ...process, from: 50, to: 90 },
  };
  const send = { trace, id: 7, parent: 4, name: OPTION_SPAN.sendEnriched, from: 75, to: 80 };
  return [
    { ...sketches.fetch, attributes: { [ATTR.optionContract]: 'SPY-C' } },
    ...below(sketches.fetch, [[OPTION_SPAN.enrichContext, 2, 2, 10]]),
    { trace, id: 3, parent: 1, name: OPTION_SPAN.sendToKafka, kind: 'producer', from: 12, to: 28 },
    { ...sketches.process, kind: 'consumer' },
    ...below(sketches.process, [
      [OPTION_SPAN.cleanData, 5, 52, 60],
      [OPTION_SPAN.calculateBsm, 6, 60, 74],
    ]),
    { ...send, kind: 'producer', service: 'processor' },
    ...storeSketches(trace, 20, 100, true),
    ...storeSketches(trace, 30, 200, false),
  ];
}

function storeSketches(trace: number, id: number, from: number, failed: boolean): SpanSketch[] {
  const storage = { trace, id, parent: 7, name: OPTION_SPAN.storeData, service: 'storage' };
  const sketch: SpanSketch = { ...storage, kind: 'consumer', from, to: from + 60 };
  const write = { trace, parent: id, name: OPTION_SPAN.dbWrite, kind: 'client' as const };
  return [
    { ...sketch, failed },
    ...below(sketch, [[OPTION_SPAN.prepareRecords, id + 1, from + 1, from + 9]]),
    { ...write, id: id + 2, service: 'storage', from: from + 10, to: from + 50, failed },
  ];
}

/** The workflow of one order of the bot, step below step, each after the one before it. */
export function botSketches(trace = TRACE.bot): SpanSketch[] {
  const service = 'bot';
  const order = { [ATTR.orderOrderId]: 'b-1' };
  const step = (id: number, parent: number, name: string, from: number, to: number) => ({
    ...{ trace, id, parent, name, service, from, to, attributes: order },
  });
  const [generation, client] = [`${WORKFLOW_SPAN.signalGenerationPrefix}rsi`, 'client' as const];
  return [
    { trace, id: 1, name: 'POST /signals/run', kind: 'server', service, from: 0, to: 300 },
    { ...step(2, 1, generation, 10, 60) },
    { trace, id: 3, parent: 2, name: 'GET', kind: client, service, from: 12, to: 40 },
    { ...step(4, 2, WORKFLOW_SPAN.orderValidation, 65, 90) },
    { ...step(5, 4, WORKFLOW_SPAN.orderExecution, 92, 150) },
    { trace, id: 6, parent: 5, name: 'POST', kind: client, service, from: 95, to: 140 },
    {
      ...step(7, 5, WORKFLOW_SPAN.orderConfirmation, 155, 200),
      attributes: { ...order, [ATTR.orderStatus]: 'filled' },
    },
    { trace, id: 8, parent: 7, name: 'pg.query:UPDATE', kind: client, service, from: 160, to: 195 },
  ];
}
