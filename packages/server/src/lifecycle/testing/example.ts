import { ATTR, type Attributes, LINK_TYPE, ORDER_SPAN, type Span } from '@throughline/model';
import { refOf, type SpanSketch, sketchSpan } from './spans.ts';

/**
 * Two orders in one batch, two exchange orders, three fills (tracing-model, section 2). Order A is filled by
 * the first two fills, order B by all three. Times are small numbers so that results can be read.
 */
const TRACE = {
  a: 1,
  b: 2,
  batch: 3,
  recv1: 4,
  recv2: 5,
  recv3: 6,
  match1: 7,
  match2: 8,
  match3: 9,
};

export const BEGIN_A = refOf(TRACE.a, 1);
export const BEGIN_B = refOf(TRACE.b, 1);
export const BATCH = refOf(TRACE.batch, 1);
export const TRACES = TRACE;

const KEY_A = { [ATTR.userId]: 'u1', [ATTR.clientOrderId]: 'o1' };
const KEY_B = { [ATTR.userId]: 'u2', [ATTR.clientOrderId]: 'o2' };
const ALGORITHM = { service: 'algorithm' } as const;
const CLIENT = { service: 'exchange-client' } as const;

export function exampleSketches(): SpanSketch[] {
  return [
    ...clientOrder(TRACE.a, KEY_A, [1000, 1100], [1150, 1200]),
    ...clientOrder(TRACE.b, KEY_B, [1300, 1380], [1400, 1450]),
    ...batch(),
    ...fill(1, { sent: 5, send: 3, recv: [2000, 2010], received: [2030, 2040], quantity: '5' }),
    ...fill(2, { sent: 6, send: 4, recv: [2100, 2110], received: [2115, 2125], quantity: '4' }),
    ...fill(3, { sent: 5, send: 3, recv: [2300, 2310], received: [2315, 2325], quantity: '1' }),
    match(TRACE.match1, 7, [2040, 2080], { a: '3', b: '2' }),
    update(TRACE.match1, 2, KEY_A, [2050, 2060], 'partially_filled', '3'),
    update(TRACE.match1, 3, KEY_B, [2062, 2070], 'partially_filled', '2'),
    match(TRACE.match2, 8, [2130, 2170], { a: '2', b: '2' }),
    update(TRACE.match2, 2, KEY_A, [2140, 2155], 'filled', '5'),
    update(TRACE.match2, 3, KEY_B, [2157, 2165], 'partially_filled', '4'),
    match(TRACE.match3, 9, [2330, 2360], { b: '1' }),
    update(TRACE.match3, 2, KEY_B, [2340, 2350], 'filled', '5'),
  ];
}

/** The example's spans, those that `change` returns `undefined` for left out. */
export function exampleSpans(
  change: (sketch: SpanSketch) => SpanSketch | undefined = (sketch) => sketch,
): Span[] {
  return exampleSketches().flatMap((sketch) => {
    const changed = change(sketch);
    return changed ? [sketchSpan(changed)] : [];
  });
}

type Interval = readonly [from: number, to: number];

function clientOrder(
  trace: number,
  key: Attributes,
  [from, to]: Interval,
  processing: Interval,
): SpanSketch[] {
  const quantity = { [ATTR.orderQuantity]: '5', [ATTR.tradingSymbol]: 'BTCUSDT' };
  const name = ORDER_SPAN.clientOrderReceived;
  const attributes = { ...key, ...quantity };
  return [
    { trace, id: 1, name, kind: 'server', service: 'wss-server', from, to, attributes },
    {
      ...{ trace, id: 2, parent: 1, name: ORDER_SPAN.orderManagerProcessing, attributes: key },
      ...{ kind: 'consumer', service: 'order-manager', from: processing[0], to: processing[1] },
    },
  ];
}

function batch(): SpanSketch[] {
  const { batch: trace, a, b } = TRACE;
  const links = [a, b].map((member) => ({ trace: member, id: 1, type: LINK_TYPE.memberOf }));
  const name = ORDER_SPAN.orderBatching;
  return [
    { trace, id: 1, name, service: 'order-manager', from: 1470, to: 1500, links },
    {
      ...{ trace, id: 2, parent: 1, name: ORDER_SPAN.algorithmProcessing },
      ...{ ...ALGORITHM, kind: 'consumer', from: 1530, to: 1700 },
    },
    ...exchangeOrder(3, [1560, 1600], 5, [1640, 1680]),
    ...exchangeOrder(4, [1620, 1650], 6, [1690, 1720]),
  ];
}

function exchangeOrder(
  id: number,
  [from, to]: Interval,
  sentId: number,
  sent: Interval,
): SpanSketch[] {
  const { batch: trace } = TRACE;
  const name = ORDER_SPAN.exchangeOrderSend;
  return [
    { ...ALGORITHM, trace, id, parent: 2, name, kind: 'producer', from, to },
    {
      ...{ ...CLIENT, trace, id: sentId, parent: id, name: ORDER_SPAN.externalExchangeWsSend },
      ...{ kind: 'client', from: sent[0], to: sent[1] },
    },
  ];
}

interface FillSketch {
  readonly sent: number;
  readonly send: number;
  readonly recv: Interval;
  readonly received: Interval;
  readonly quantity: string;
}

function fill(number: 1 | 2 | 3, { sent, send, recv, received, quantity }: FillSketch) {
  const trace = TRACE[`recv${number}`];
  const attributes = {
    [ATTR.fillId]: `f${number}`,
    [ATTR.fillQuantity]: quantity,
    [ATTR.fillPrice]: '100.50',
  };
  const cause = { trace: TRACE.batch, id: sent, type: LINK_TYPE.responseTo };
  const sketches: SpanSketch[] = [
    {
      ...{ ...CLIENT, trace, id: 1, name: ORDER_SPAN.externalExchangeWsRecv, kind: 'consumer' },
      ...{ from: recv[0], to: recv[1], links: [cause] },
    },
    {
      ...{ ...ALGORITHM, trace: TRACE.batch, id: number + 6, parent: send, kind: 'consumer' },
      ...{ name: ORDER_SPAN.exchangeFillReceived, from: received[0], to: received[1], attributes },
      links: [{ trace, id: 1, type: LINK_TYPE.receivedBy }],
    },
  ];
  return sketches;
}

function match(
  trace: number,
  fillId: number,
  [from, to]: Interval,
  parts: { readonly a?: string; readonly b?: string },
): SpanSketch {
  const allocations = (['a', 'b'] as const).flatMap((order) => {
    const quantity = parts[order];
    if (quantity === undefined) return [];
    const attributes = { [ATTR.fillQuantity]: quantity };
    return [{ trace: TRACE[order], id: 1, type: LINK_TYPE.allocatedTo, attributes }];
  });
  const fills = [{ trace: TRACE.batch, id: fillId, type: LINK_TYPE.filledBy }];
  const links = [...fills, ...allocations];
  return { ...ALGORITHM, trace, id: 1, name: ORDER_SPAN.fillMatching, from, to, links };
}

function update(
  trace: number,
  id: number,
  key: Attributes,
  [from, to]: Interval,
  status: string,
  cumQuantity: string,
): SpanSketch {
  const told = { [ATTR.orderStatus]: status, [ATTR.orderCumQuantity]: cumQuantity };
  const name = ORDER_SPAN.clientOrderUpdate;
  return { ...ALGORITHM, trace, id, parent: 1, name, from, to, attributes: { ...key, ...told } };
}
