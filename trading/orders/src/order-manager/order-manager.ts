import { type Context, trace } from '@opentelemetry/api';
import { type Instrument, instrumentOf } from '@throughline/instruments';
import { ATTR, NS_PER_MS, ORDER_SPAN } from '@throughline/model';
import {
  startFanIn,
  startWorkerConsumer,
  type TracedChannelMessage,
  type Tracing,
} from '@throughline/sdk';
import { monotonicNs } from '../clock.ts';
import { type Batch, Batcher, type BatcherOptions, batchOfOne } from '../domain/batcher.ts';
import type { ClientOrder, Side } from '../domain/client-order.ts';
import { addInstruments } from '../domain/common-instruments.ts';
import type { EndRequest } from '../domain/group-execution.ts';
import { ended, newOrderState, type UnfilledStatus } from '../domain/order-state.ts';
import type { Reason } from '../domain/reason.ts';
import { RiskCheck, type RiskLimits } from '../domain/risk-check.ts';
import type {
  BatchesEnded,
  EndRequested,
  OrderBatch,
  OrderManagerInput,
  OrderReceived,
  OrderUpdated,
  TracedMember,
  VenueJoined,
} from '../events.ts';
import type { SynchronousService } from '../synchronous-loop.ts';
import { updateAttributes } from '../update-attributes.ts';

export interface OrderManagerOptions extends BatcherOptions {
  /** Makes batch ids unique over restarts. */
  readonly runId: string;
  /** Grows as venues join. */
  readonly instruments: Map<string, Instrument>;
  readonly risk: RiskLimits;
  /** To algorithm. */
  readonly send: (
    event: OrderBatch | EndRequested | VenueJoined | BatchesEnded,
    context?: Context,
  ) => void;
  /** To wss-server. */
  readonly tell: (event: OrderUpdated, context: Context) => void;
}

interface Member extends TracedMember {
  readonly symbol: string;
  readonly side: Side;
}

/**
 * The service `order-manager`: checks client orders against our own limits and gathers them into
 * batches by symbol and side. An order that is to end leaves its batch, if it still waits there.
 */
export class OrderManager implements SynchronousService<OrderManagerInput> {
  readonly #tracing: Tracing;
  readonly #options: OrderManagerOptions;
  readonly #batcher: Batcher<Member>;
  readonly #risk: RiskCheck;
  #batches = 0;

  constructor(tracing: Tracing, options: OrderManagerOptions) {
    this.#tracing = tracing;
    this.#options = options;
    this.#batcher = new Batcher(options);
    this.#risk = new RiskCheck(options.risk, options.instruments);
  }

  receive({ event, traceContextCarrier }: TracedChannelMessage<OrderManagerInput>): void {
    switch (event.type) {
      case 'order_received':
        this.#onOrder({ event, traceContextCarrier });
        return;
      case 'end_requested':
        this.#onEndRequest({ event, traceContextCarrier });
        return;
      case 'order_ended':
        this.#risk.ended(event, event.symbol, event.lastTicks);
        return;
      case 'venue_joined':
        addInstruments(this.#options.instruments, event.instruments);
        this.#options.send(event);
    }
  }

  runDue(): number {
    for (const batch of this.#batcher.due(monotonicNs())) this.#send(batch);
    const { dueNs } = this.#batcher;
    if (dueNs === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(0, Number(dueNs - monotonicNs()) / Number(NS_PER_MS));
  }

  close(): void {
    for (const batch of this.#batcher.close()) this.#send(batch);
    this.#options.send({ type: 'batches_ended' });
  }

  #onOrder(message: TracedChannelMessage<OrderReceived>): void {
    const { order } = message.event;
    const started = this.#startProcessing(message);
    const refusal = this.#risk.admit(order);
    if (refusal) {
      this.#tellEnd(order, 'rejected', refusal, started.context);
      started.end();
      return;
    }
    const arrivalNs = monotonicNs();
    const { symbol, side } = order;
    const member = { order, arrivalNs, carrier: message.traceContextCarrier, symbol, side };
    // All or nothing of one order cannot be had from an exchange order that others share.
    const isAlone = order.timeInForce === 'fok';
    const batch = isAlone ? batchOfOne(member) : this.#batcher.add(member, arrivalNs);
    started.end();
    if (batch) this.#send(batch);
  }

  #onEndRequest(message: TracedChannelMessage<EndRequested>): void {
    const { userId, clientOrderId, request } = message.event;
    const started = this.#startProcessing(message);
    const member = this.#batcher.remove(
      ({ order }) => order.clientOrderId === clientOrderId && order.userId === userId,
    );
    if (member) this.#tellEnd(member.order, request.end, request.reason, started.context, request);
    else this.#options.send(message.event, started.context);
    started.end();
  }

  #startProcessing(message: TracedChannelMessage<OrderReceived | EndRequested>) {
    const { event } = message;
    const { userId, clientOrderId, symbol } = 'order' in event ? event.order : event;
    return startWorkerConsumer(this.#tracing, ORDER_SPAN.orderManagerProcessing, message, {
      destination: 'order-manager',
      attributes: {
        [ATTR.userId]: userId,
        [ATTR.clientOrderId]: clientOrderId,
        [ATTR.tradingSymbol]: symbol,
      },
    });
  }

  /** An order ends that was never sent off. */
  #tellEnd(
    order: ClientOrder,
    status: UnfilledStatus,
    reason: Reason,
    context: Context,
    request?: EndRequest,
  ): void {
    const state = ended(newOrderState(order.lots), status);
    const allotment = { order, lots: 0n, state, request };
    const instrument = instrumentOf(this.#options.instruments, order.symbol);
    const attributes = updateAttributes(allotment, instrument, reason);
    const name = ORDER_SPAN.clientOrderUpdate;
    const span = this.#tracing.tracer.startSpan(name, { attributes }, context);
    const event: OrderUpdated = { type: 'order_updated', allotment, fill: undefined, reason };
    this.#options.tell(event, trace.setSpan(context, span));
    span.end();
  }

  /** The batch is a new trace, linked to where each of its orders began. */
  #send({ symbol, side, members, trigger }: Batch<Member>): void {
    this.#batches += 1;
    const batchId = `b-${this.#options.runId}-${this.#batches}`;
    const started = startFanIn(this.#tracing, ORDER_SPAN.orderBatching, {
      members,
      businessIds: { [ATTR.batchId]: batchId, symbol },
      attributes: {
        [ATTR.batchId]: batchId,
        [ATTR.batchSize]: members.length,
        // Aligned: the order of `orders[i]` is that of `users[i]`.
        [ATTR.batchUsers]: members.map(({ order }) => order.userId),
        [ATTR.batchOrders]: members.map(({ order }) => order.clientOrderId),
        [ATTR.batchTrigger]: trigger,
        [ATTR.tradingSymbol]: symbol,
        [ATTR.orderSide]: side,
        [ATTR.messagingBatchMessageCount]: members.length,
      },
    });
    const traced = members.map(({ order, arrivalNs, carrier }) => ({ order, arrivalNs, carrier }));
    const batch: OrderBatch = { type: 'batch', batchId, symbol, side, members: traced };
    this.#options.send(batch, started.context);
    started.end();
  }
}
