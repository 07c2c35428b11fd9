import { ATTR, type Attributes, LINK_TYPE, ORDER_SPAN, type Span } from '@throughline/model';
import { type Random, seededRandom } from './random.ts';
import { type Plan, type PlannedCause, type Step, simulate } from './simulation.ts';
import { type LinkSketch, refOf, type SpanSketch, sketchSpan } from './spans.ts';

/** One span of the system, with the orders that it belongs to as the truth to compare with. */
interface SystemSpan extends Plan {
  readonly trace: number;
  readonly parent: SystemSpan | undefined;
  readonly sketch: Pick<SpanSketch, 'name' | 'kind' | 'service'>;
  readonly attributes: Record<string, Attributes[string]>;
  readonly links: {
    readonly target: SystemSpan;
    readonly type: string;
    readonly quantity?: number;
  }[];
  readonly owners: ReadonlySet<Order>;
  readonly causes: PlannedCause[];
}

export interface Order {
  readonly userId: string;
  readonly orderId: string;
  readonly begin: SystemSpan;
  /** All spans before the batch, the begin span among them. */
  readonly spans: readonly SystemSpan[];
  filled: number;
  lastUpdate: SystemSpan | undefined;
}

/** A random system of the shape of `orders` (tracing-model, section 2). */
export interface OrderSystem {
  readonly orders: readonly Order[];
  readonly spans: readonly SystemSpan[];
  /** All edges that a delay can be planted on, by the references of cause and effect and the type. */
  readonly edges: readonly string[];
}

export function edgeName(from: string, to: string, type: string): string {
  return `${from} ${to} ${type}`;
}

export function spanRefOf({ trace, id }: SystemSpan): `${string}:${string}` {
  return refOf(trace, id);
}

export function randomOrderSystem(seed: number): OrderSystem {
  return new SystemBuilder(seededRandom(seed)).build();
}

/** The spans as they are when every effect of the delayed edges comes that much later. */
export function spansOf(system: OrderSystem, delays: ReadonlyMap<string, number>): Span[] {
  const times = simulate(system.spans, delays);
  return system.spans.map((span) => {
    const { from, to } = times.get(span) ?? { from: 0, to: 0 };
    const links = span.links.map(({ target, type, quantity }): LinkSketch => {
      const attributes = quantity === undefined ? {} : { [ATTR.fillQuantity]: String(quantity) };
      return { trace: target.trace, id: target.id, type, attributes };
    });
    const { trace, id, parent, sketch, attributes } = span;
    return sketchSpan({ ...sketch, trace, id, parent: parent?.id, from, to, attributes, links });
  });
}

interface NewSpan {
  readonly name: string;
  readonly kind: Span['kind'];
  readonly service: string;
  readonly parent?: SystemSpan;
  readonly start: Plan['start'];
  readonly owners: ReadonlySet<Order>;
  readonly attributes?: Attributes;
}

class SystemBuilder {
  readonly #random: Random;
  readonly #spans: SystemSpan[] = [];
  readonly #edges: string[] = [];
  #traces = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  build(): OrderSystem {
    const orders: Order[] = [];
    const batches = this.#random.integer(1, 3);
    for (let batch = 0; batch < batches; batch += 1) {
      const members: Order[] = [];
      for (let count = this.#random.integer(1, 4); count > 0; count -= 1) {
        members.push(this.#order(orders.length + members.length));
      }
      this.#batch(members);
      orders.push(...members);
    }
    for (const { begin, filled, lastUpdate } of orders) {
      begin.attributes[ATTR.orderQuantity] = String(filled);
      if (!lastUpdate) continue;
      lastUpdate.attributes[ATTR.orderStatus] = 'filled';
      lastUpdate.attributes[ATTR.orderCumQuantity] = String(filled);
    }
    return { orders, spans: this.#spans, edges: this.#edges };
  }

  #span(span: NewSpan): SystemSpan {
    const { parent, name, kind, service, start, owners, attributes = {} } = span;
    if (!parent) this.#traces += 1;
    const made: SystemSpan = {
      id: this.#spans.length + 1,
      trace: parent?.trace ?? this.#traces,
      parent,
      sketch: { name, kind, service },
      attributes: { ...attributes },
      links: [],
      owners,
      start,
      causes: [],
      steps: [],
    };
    this.#spans.push(made);
    if (parent) this.#cause(parent, made, 'child', []);
    return made;
  }

  #cause(from: SystemSpan, to: SystemSpan, type: string, alsoAfter: readonly Plan[]): void {
    const edge = edgeName(spanRefOf(from), spanRefOf(to), type);
    to.causes.push({ edge, from, alsoAfter });
    this.#edges.push(edge);
  }

  #link(from: SystemSpan, to: SystemSpan, type: string, quantity?: number): void {
    to.links.push({ target: from, type, ...(quantity !== undefined && { quantity }) });
    this.#cause(from, to, type, []);
  }

  /** Work, and now and then helpers that run together, or one that outlasts the span. */
  #steps(span: SystemSpan, depth: number): Step[] {
    const work = () => ({ work: this.#random.integer(1, 50) });
    const helper = () => {
      const { owners, attributes } = span;
      const made = this.#span({
        ...{ name: 'helper', kind: 'internal', service: 'helpers', parent: span },
        ...{ start: 'inside', owners, attributes },
      });
      made.steps.push(...this.#steps(made, depth + 1));
      return made;
    };
    const steps: Step[] = [work()];
    while (depth < 3 && this.#random.chance(0.3)) {
      const helpers = Array.from({ length: this.#random.integer(1, 3) }, helper);
      steps.push({ fork: helpers }, work());
    }
    if (depth < 3 && this.#random.chance(0.1)) {
      const outlasting = helper();
      outlasting.steps.push({ work: 10_000 });
      steps.push({ spawn: [outlasting] });
    }
    return steps;
  }

  #order(index: number): Order {
    const [userId, orderId] = [`u${index % 3}`, `o${index}`];
    const attributes = { [ATTR.userId]: userId, [ATTR.clientOrderId]: orderId };
    const owners = new Set<Order>();
    const first = this.#spans.length;
    const begin = this.#span({
      ...{ name: ORDER_SPAN.clientOrderReceived, kind: 'server', service: 'wss-server' },
      ...{ start: { at: this.#random.integer(1_000, 2_000) }, owners, attributes },
    });
    begin.steps.push(...this.#steps(begin, 1));
    const processing = this.#span({
      ...{ name: ORDER_SPAN.orderManagerProcessing, kind: 'consumer', service: 'order-manager' },
      ...{ parent: begin, start: { after: this.#random.integer(0, 100) }, owners, attributes },
    });
    processing.steps.push(...this.#steps(processing, 1));
    const spans = this.#spans.slice(first);
    const order: Order = { userId, orderId, begin, spans, filled: 0, lastUpdate: undefined };
    owners.add(order);
    return order;
  }

  #batch(members: readonly Order[]): void {
    const owners = new Set(members);
    const batch = this.#span({
      ...{ name: ORDER_SPAN.orderBatching, kind: 'internal', service: 'order-manager' },
      ...{ start: { after: this.#random.integer(0, 100) }, owners },
    });
    for (const { begin, spans } of members) {
      batch.links.push({ target: begin, type: LINK_TYPE.memberOf });
      this.#cause(begin, batch, LINK_TYPE.memberOf, spans);
    }
    batch.steps.push(...this.#steps(batch, 1));
    const algorithm = this.#span({
      ...{ name: ORDER_SPAN.algorithmProcessing, kind: 'consumer', service: 'algorithm' },
      ...{ parent: batch, start: { after: this.#random.integer(0, 100) }, owners },
    });
    algorithm.steps.push(...this.#steps(algorithm, 2));
    const sends = Array.from({ length: this.#random.integer(1, 3) }, () => {
      const inside = this.#random.chance(0.7);
      const send = this.#span({
        ...{ name: ORDER_SPAN.exchangeOrderSend, kind: 'producer', service: 'algorithm', owners },
        ...{ parent: algorithm, start: inside ? 'inside' : { after: this.#random.integer(0, 20) } },
      });
      if (inside) algorithm.steps.push({ fork: [send] }, { work: this.#random.integer(1, 20) });
      send.steps.push(...this.#steps(send, 2));
      return send;
    });
    for (const send of sends) this.#exchangeOrder(send, members);
  }

  #exchangeOrder(send: SystemSpan, members: readonly Order[]): void {
    const { owners } = send;
    const wsSend = this.#span({
      ...{ name: ORDER_SPAN.externalExchangeWsSend, kind: 'client', service: 'exchange-client' },
      ...{ parent: send, start: { after: this.#random.integer(0, 50) }, owners },
    });
    wsSend.steps.push(...this.#steps(wsSend, 2));
    for (let fill = this.#random.integer(0, 3); fill > 0; fill -= 1) {
      const recv = this.#span({
        ...{
          name: ORDER_SPAN.externalExchangeWsRecv,
          kind: 'consumer',
          service: 'exchange-client',
        },
        ...{ start: { after: this.#random.integer(100, 2_000) }, owners },
      });
      this.#link(wsSend, recv, LINK_TYPE.responseTo);
      recv.steps.push(...this.#steps(recv, 2));
      const received = this.#span({
        ...{
          name: ORDER_SPAN.exchangeFillReceived,
          kind: 'consumer',
          service: 'algorithm',
          owners,
        },
        ...{ parent: send, start: { after: this.#random.integer(0, 50) } },
      });
      this.#link(recv, received, LINK_TYPE.receivedBy);
      received.steps.push(...this.#steps(received, 2));
      this.#match(received, this.#random.some(members));
    }
  }

  #match(fill: SystemSpan, matched: readonly Order[]): void {
    const match = this.#span({
      ...{ name: ORDER_SPAN.fillMatching, kind: 'internal', service: 'algorithm' },
      ...{ start: { after: this.#random.integer(0, 20) }, owners: new Set(matched) },
    });
    this.#link(fill, match, LINK_TYPE.filledBy);
    match.steps.push(...this.#steps(match, 2));
    let total = 0;
    for (const order of matched) {
      const quantity = this.#random.integer(1, 9);
      this.#link(order.begin, match, LINK_TYPE.allocatedTo, quantity);
      total += quantity;
      order.filled += quantity;
      order.lastUpdate = this.#update(match, order);
    }
    fill.attributes[ATTR.fillQuantity] = String(total);
    fill.attributes[ATTR.fillPrice] = '100.5';
    fill.attributes[ATTR.fillId] = `f${fill.id}`;
  }

  #update(match: SystemSpan, order: Order): SystemSpan {
    const inside = this.#random.chance(0.6);
    const { userId, orderId, filled } = order;
    const update = this.#span({
      ...{ name: ORDER_SPAN.clientOrderUpdate, kind: 'internal', service: 'algorithm' },
      ...{ parent: match, start: inside ? 'inside' : { after: this.#random.integer(0, 20) } },
      owners: new Set([order]),
      attributes: {
        ...{ [ATTR.userId]: userId, [ATTR.clientOrderId]: orderId },
        ...{ [ATTR.orderStatus]: 'partially_filled', [ATTR.orderCumQuantity]: String(filled) },
      },
    });
    update.steps.push({ work: this.#random.integer(1, 20) });
    if (inside) match.steps.push({ fork: [update] }, { work: this.#random.integer(1, 10) });
    return update;
  }
}
