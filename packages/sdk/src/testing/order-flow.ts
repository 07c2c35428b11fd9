import { ROOT_CONTEXT, type Span, SpanKind } from '@opentelemetry/api';
import { ATTR, LINK_TYPE, ORDER_SPAN } from '@throughline/model';
import { startFanIn } from '../causality/fan-in.ts';
import { startFanOut } from '../causality/fan-out.ts';
import { toLink } from '../causality/link.ts';
import { startLinkedRoot } from '../causality/linked-root.ts';
import { startMatch } from '../causality/match.ts';
import { registryKey, type SpanContextRegistry } from '../causality/registry.ts';
import { startConsumer } from '../messaging/consumer.ts';
import { packMessage, type TracedChannelMessage } from '../messaging/message.ts';
import { startProducer } from '../messaging/producer.ts';
import type { Carrier } from '../propagation/carrier.ts';
import { type StartedSpan, startedSpan } from '../tracing/started-span.ts';
import type { Tracing } from '../tracing/tracing.ts';

export interface FlowOrder {
  readonly userId: string;
  readonly orderId: string;
}

/** Orders that went on together. */
export interface FlowBatch {
  readonly id: string;
  readonly members: readonly TracedChannelMessage<FlowOrder>[];
}

/** What a batch is split into, and the fills that come back. */
export interface FlowPart {
  readonly id: string;
  readonly orders: readonly FlowOrder[];
}

/** Sees every span, sampled or not, with the orders that it belongs to. */
export type FlowWatch = (span: Span, name: string, orders: readonly FlowOrder[]) => void;

const SYSTEM = 'channel';

/**
 * A service of the orders system (tracing-model, section 2), reduced to its tracing: each step makes
 * the spans that its service makes, with the messages as plain objects that may cross processes.
 */
export class FlowService {
  readonly #tracing: Tracing;
  readonly #watch: FlowWatch;
  /** By order: where it began. */
  readonly #orders: SpanContextRegistry;
  /** By exchange order: what sent it. */
  readonly #sends: SpanContextRegistry;

  constructor(tracing: Tracing, watch: FlowWatch = () => undefined) {
    this.#tracing = tracing;
    this.#watch = watch;
    this.#orders = tracing.createRegistry();
    this.#sends = tracing.createRegistry();
  }

  /** The gateway takes an order from a client, who may have sent a context. */
  receiveOrder(order: FlowOrder, client?: Carrier): TracedChannelMessage<FlowOrder> {
    const links = client ? [{ carrier: client, type: LINK_TYPE.clientContext }] : [];
    const ids = idsOf(order);
    const received = startLinkedRoot(this.#tracing, ORDER_SPAN.clientOrderReceived, links, {
      kind: SpanKind.SERVER,
      attributes: ids,
      businessIds: ids,
    });
    this.#end(received, ORDER_SPAN.clientOrderReceived, [order]);
    return packMessage(this.#tracing, order, received.context);
  }

  /** The order manager takes the orders and puts them into a batch. */
  batch(
    id: string,
    members: readonly TracedChannelMessage<FlowOrder>[],
  ): TracedChannelMessage<FlowBatch> {
    for (const { event, traceContextCarrier } of members) {
      const processing = startConsumer(this.#tracing, ORDER_SPAN.orderManagerProcessing, {
        system: SYSTEM,
        carrier: traceContextCarrier,
        attributes: idsOf(event),
      });
      this.#end(processing, ORDER_SPAN.orderManagerProcessing, [event]);
    }
    const batching = startFanIn(this.#tracing, ORDER_SPAN.orderBatching, {
      members: members.map(({ traceContextCarrier }) => ({ carrier: traceContextCarrier })),
      businessIds: { [ATTR.batchId]: id },
    });
    this.#end(batching, ORDER_SPAN.orderBatching, ordersOf(members));
    return packMessage(this.#tracing, { id, members }, batching.context);
  }

  /** The algorithm splits a batch into exchange orders. */
  split(
    { event: batch, traceContextCarrier }: TracedChannelMessage<FlowBatch>,
    count: number,
  ): TracedChannelMessage<FlowPart>[] {
    for (const { event, traceContextCarrier: carrier } of batch.members) {
      const { spanContext } = this.#tracing.propagator.read(carrier);
      if (spanContext) this.#orders.set(keyOf(event), spanContext);
    }
    const orders = ordersOf(batch.members);
    const processing = startConsumer(this.#tracing, ORDER_SPAN.algorithmProcessing, {
      system: SYSTEM,
      carrier: traceContextCarrier,
    });
    const ids = Array.from({ length: count }, (_, index) => `${batch.id}-${index}`);
    const sends = startFanOut(this.#tracing, ORDER_SPAN.exchangeOrderSend, {
      system: SYSTEM,
      context: processing.context,
      parts: ids.map((id) => ({ businessIds: { [ATTR.exchangeOrderId]: id } })),
    });
    const messages = sends.map((send, index) => {
      const id = ids[index] ?? '';
      this.#sends.set(id, send.span.spanContext());
      this.#end(send, ORDER_SPAN.exchangeOrderSend, orders);
      return packMessage(this.#tracing, { id, orders }, send.context);
    });
    this.#end(processing, ORDER_SPAN.algorithmProcessing, orders);
    return messages;
  }

  /** The exchange client sends an exchange order; nothing of ours goes with it. */
  sendOut({ event, traceContextCarrier }: TracedChannelMessage<FlowPart>): FlowPart {
    const send = startProducer(this.#tracing, ORDER_SPAN.externalExchangeWsSend, {
      system: SYSTEM,
      kind: SpanKind.CLIENT,
      context: this.#tracing.propagator.extract(ROOT_CONTEXT, traceContextCarrier),
    });
    this.#sends.set(event.id, send.span.spanContext());
    this.#end(send, ORDER_SPAN.externalExchangeWsSend, event.orders);
    return event;
  }

  /** The exchange client takes a fill. */
  receiveFill(part: FlowPart): TracedChannelMessage<FlowPart> {
    const cause = { spanContext: this.#sends.get(part.id), type: LINK_TYPE.responseTo };
    const received = startLinkedRoot(this.#tracing, ORDER_SPAN.externalExchangeWsRecv, [cause], {
      kind: SpanKind.CONSUMER,
      attributes: { [ATTR.exchangeOrderId]: part.id },
    });
    this.#end(received, ORDER_SPAN.externalExchangeWsRecv, part.orders);
    return packMessage(this.#tracing, part, received.context);
  }

  /** The algorithm allocates a fill to some of the orders, and tells their clients. */
  match(
    { event, traceContextCarrier }: TracedChannelMessage<FlowPart>,
    allocated: readonly FlowOrder[],
  ): void {
    const carrier = traceContextCarrier;
    const link = toLink(this.#tracing, { carrier, type: LINK_TYPE.receivedBy });
    const received = startConsumer(this.#tracing, ORDER_SPAN.exchangeFillReceived, {
      system: SYSTEM,
      carrier,
      parent: this.#sends.get(event.id),
      links: link ? [link] : [],
    });
    this.#end(received, ORDER_SPAN.exchangeFillReceived, event.orders);
    const matching = startMatch(this.#tracing, ORDER_SPAN.fillMatching, {
      links: [
        { context: received.context, type: LINK_TYPE.filledBy },
        ...allocated.map((order) => ({
          spanContext: this.#orders.get(keyOf(order)),
          type: LINK_TYPE.allocatedTo,
        })),
      ],
      businessIds: { [ATTR.exchangeOrderId]: event.id },
    });
    for (const order of allocated) {
      const update = this.#tracing.tracer.startSpan(
        ORDER_SPAN.clientOrderUpdate,
        { attributes: idsOf(order) },
        matching.context,
      );
      this.#end(startedSpan(update, matching.context), ORDER_SPAN.clientOrderUpdate, [order]);
    }
    this.#end(matching, ORDER_SPAN.fillMatching, event.orders);
  }

  #end(started: StartedSpan, name: string, orders: readonly FlowOrder[]): void {
    started.end();
    this.#watch(started.span, name, orders);
  }
}

function idsOf({ userId, orderId }: FlowOrder): Record<string, string> {
  return { [ATTR.userId]: userId, [ATTR.clientOrderId]: orderId };
}

export function keyOf({ userId, orderId }: FlowOrder): string {
  return registryKey(userId, orderId);
}

function ordersOf(members: FlowBatch['members']): FlowOrder[] {
  return members.map(({ event }) => event);
}
