import {
  ATTR,
  type Attributes,
  LINK_TYPE,
  ORDER_SPAN,
  type Span,
  type SpanKind,
} from '@throughline/model';

const US = 1_000n;

/** One client order of a batch: what it asks for, and what goes wrong with it. */
export interface OrderPlan {
  readonly user: string;
  readonly order: string;
  readonly quantity: number;
  readonly flaw?: 'gap' | 'not_conserved';
}

/** A batch of orders, the exchange orders that it becomes, and their fills. */
export interface BatchPlan {
  readonly seed: number;
  readonly beginNs: bigint;
  readonly symbol: string;
  readonly side: 'BUY' | 'SELL';
  readonly members: readonly OrderPlan[];
  readonly exchangeOrders: number;
  /** None: the orders stay open. */
  readonly fillsPerExchangeOrder: number;
  readonly venueMs: number;
}

/** Numbers that look random and are the same every time (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface SpanInput {
  readonly name: string;
  readonly service: string;
  readonly kind: SpanKind;
  readonly startNs: bigint;
  readonly lengthNs: bigint;
  readonly parent?: Span;
  readonly links?: readonly { to: Span; type: string; attributes?: Attributes }[];
  readonly attributes?: Attributes;
  readonly error?: string;
}

/** Makes spans with ids that are unique per seed. */
export function spanMaker(seed: number): (input: SpanInput) => Span {
  const random = randomFrom(seed);
  const hex = (digits: number) =>
    Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');
  return (input) => ({
    traceId: input.parent?.traceId ?? `a${hex(31)}`,
    spanId: `b${hex(15)}`,
    ...(input.parent ? { parentSpanId: input.parent.spanId } : {}),
    name: input.name,
    kind: input.kind,
    service: input.service,
    host: 'trade-1',
    startNs: input.startNs,
    endNs: input.startNs + input.lengthNs,
    status:
      input.error === undefined
        ? { code: 'unset', message: '' }
        : { code: 'error', message: input.error },
    attributes: input.attributes ?? {},
    resource: {
      [ATTR.serviceName]: input.service,
      [ATTR.serviceVersion]: '1.4.2',
      [ATTR.hostName]: 'trade-1',
    },
    scope: { name: '@throughline/sdk', version: '0.1.0' },
    events:
      input.error === undefined
        ? []
        : [
            {
              timeNs: input.startNs + input.lengthNs / 2n,
              name: 'exception',
              attributes: { 'exception.type': 'OrderRejected', 'exception.message': input.error },
            },
          ],
    links: (input.links ?? []).map(({ to, type, attributes }) => ({
      traceId: to.traceId,
      spanId: to.spanId,
      type,
      attributes: { [ATTR.linkType]: type, ...attributes },
    })),
    dropped: { attributes: 0, events: 0, links: 0 },
  });
}

export interface Received {
  readonly plan: OrderPlan;
  readonly order: Span;
  readonly processing: Span;
}

export interface Fill {
  readonly id: string;
  readonly quantities: readonly number[];
  readonly price: string;
  readonly send: Span;
  readonly wsSend: Span;
  readonly recv: Span;
  readonly received: Span;
  readonly match: Span;
  readonly updates: readonly Span[];
}

export interface Batch {
  readonly plan: BatchPlan;
  readonly received: readonly Received[];
  readonly batching: Span;
  readonly algorithm: Span;
  readonly sends: readonly { send: Span; wsSend: Span }[];
  readonly fills: readonly Fill[];
}

export function keyAttributes(plan: OrderPlan): Attributes {
  return { [ATTR.userId]: plan.user, [ATTR.clientOrderId]: plan.order };
}

function receive(plan: BatchPlan, make: (input: SpanInput) => Span): Received[] {
  const random = randomFrom(plan.seed + 1);
  let startNs = plan.beginNs;
  return plan.members.map((member) => {
    startNs += BigInt(Math.floor(random() * 3_000)) * US;
    const attributes = {
      ...keyAttributes(member),
      [ATTR.tradingSymbol]: plan.symbol,
      [ATTR.orderSide]: plan.side,
      [ATTR.orderType]: 'LIMIT',
      [ATTR.orderQuantity]: String(member.quantity),
      [ATTR.orderPrice]: '61250.50',
    };
    const order = make({
      name: ORDER_SPAN.clientOrderReceived,
      service: 'wss-server',
      kind: 'server',
      startNs,
      lengthNs: 180n * US,
      attributes,
    });
    const processing = make({
      name: ORDER_SPAN.orderManagerProcessing,
      service: 'order-manager',
      kind: 'consumer',
      parent: order,
      startNs: order.endNs + 70n * US,
      lengthNs: 90n * US,
      attributes: keyAttributes(member),
    });
    return { plan: member, order, processing };
  });
}

const PRICES = ['61250.50', '61249.75', '61251.00'];

/** What one fill becomes: message, receipt, match, one update for each member. */
function fillOf(
  batch: Omit<Batch, 'fills'>,
  index: number,
  sent: { send: Span; wsSend: Span },
  quantities: readonly number[],
  make: (input: SpanInput) => Span,
): Fill {
  const { plan } = batch;
  const random = randomFrom(plan.seed * 31 + index);
  const id = `F-${plan.seed}-${index + 1}`;
  const quantity = String(quantities.reduce((sum, part) => sum + part, 0));
  const price = PRICES[index % PRICES.length] ?? '61250';
  const venueNs = BigInt(Math.floor((plan.venueMs * (0.4 + random()) + index * 3) * 1_000)) * US;
  const fill = { [ATTR.fillId]: id, [ATTR.fillQuantity]: quantity, [ATTR.fillPrice]: price };
  const recv = make({
    name: ORDER_SPAN.externalExchangeWsRecv,
    service: 'exchange-client',
    kind: 'consumer',
    startNs: sent.wsSend.endNs + venueNs,
    lengthNs: 120n * US,
    links: [{ to: sent.wsSend, type: LINK_TYPE.responseTo }],
    attributes: { ...fill, [ATTR.fillRawData]: `{"e":"executionReport","l":"${quantity}"}` },
  });
  const received = make({
    name: ORDER_SPAN.exchangeFillReceived,
    service: 'algorithm',
    kind: 'consumer',
    parent: sent.send,
    startNs: recv.endNs + 260n * US,
    lengthNs: 70n * US,
    links: [{ to: recv, type: LINK_TYPE.receivedBy }],
    attributes: fill,
  });
  const match = make({
    name: ORDER_SPAN.fillMatching,
    service: 'algorithm',
    kind: 'internal',
    startNs: received.endNs + 35n * US,
    lengthNs: 400n * US,
    links: [
      { to: received, type: LINK_TYPE.filledBy },
      ...batch.received.map(({ order }, member) => ({
        to: order,
        type: LINK_TYPE.allocatedTo,
        attributes: { [ATTR.fillQuantity]: String(quantities[member]) },
      })),
    ],
    attributes: { ...fill, [ATTR.allocationMethod]: 'pro_rata' },
  });
  const updates = batch.received.map((member, at) =>
    make({
      name: ORDER_SPAN.clientOrderUpdate,
      service: 'algorithm',
      kind: 'internal',
      parent: match,
      startNs: match.startNs + 60n * US + BigInt(at) * 40n * US,
      lengthNs: 25n * US,
      attributes: { ...keyAttributes(member.plan), [ATTR.orderAveragePrice]: '61250.42' },
    }),
  );
  return { id, quantities, price, ...sent, recv, received, match, updates };
}

/** Builds all spans of a batch, from the clients' orders to their last updates. */
export function buildBatch(plan: BatchPlan): Batch {
  const make = spanMaker(plan.seed);
  const received = receive(plan, make);
  const lastArrivalNs = received.at(-1)?.processing.endNs ?? plan.beginNs;
  const batchId = `B-${plan.seed}`;
  const batching = make({
    name: ORDER_SPAN.orderBatching,
    service: 'order-manager',
    kind: 'internal',
    startNs: lastArrivalNs + 1_400n * US,
    lengthNs: 110n * US,
    links: received.map(({ order }) => ({ to: order, type: LINK_TYPE.memberOf })),
    attributes: {
      [ATTR.batchId]: batchId,
      [ATTR.batchSize]: received.length,
      [ATTR.batchUsers]: plan.members.map(({ user }) => user),
      [ATTR.batchTrigger]: 'size',
    },
  });
  const algorithm = make({
    name: ORDER_SPAN.algorithmProcessing,
    service: 'algorithm',
    kind: 'consumer',
    parent: batching,
    startNs: batching.endNs + 320n * US,
    lengthNs: 600n * US,
    attributes: { [ATTR.batchId]: batchId },
  });
  const sends = Array.from({ length: plan.exchangeOrders }, (_, index) => {
    const attributes = { [ATTR.exchangeOrderId]: `X-${plan.seed}-${index + 1}` };
    const send = make({
      name: ORDER_SPAN.exchangeOrderSend,
      service: 'algorithm',
      kind: 'producer',
      parent: algorithm,
      startNs: algorithm.startNs + 120n * US + BigInt(index) * 140n * US,
      lengthNs: 60n * US,
      attributes: { ...attributes, [ATTR.batchId]: batchId },
    });
    const wsSend = make({
      name: ORDER_SPAN.externalExchangeWsSend,
      service: 'exchange-client',
      kind: 'client',
      parent: send,
      startNs: send.endNs + 210n * US,
      lengthNs: 150n * US,
      attributes,
    });
    return { send, wsSend };
  });
  const batch = { plan, received, batching, algorithm, sends };
  const fillsCount = plan.exchangeOrders * plan.fillsPerExchangeOrder;
  const fills = Array.from({ length: fillsCount }, (_, index) => {
    const sent = sends[index % sends.length];
    if (!sent) throw new Error('a fill needs an exchange order');
    // The last fill takes what division leaves over, so that quantities add up.
    const quantities = plan.members.map(({ quantity }) => {
      const part = Math.floor(quantity / fillsCount);
      return index === fillsCount - 1 ? quantity - part * (fillsCount - 1) : part;
    });
    return fillOf(batch, index, sent, quantities, make);
  });
  fills.sort((left, right) => Number(left.match.startNs - right.match.startNs));
  return { ...batch, fills };
}
