import { type Context, type HrTime, trace } from '@opentelemetry/api';
import { ATTR, type Decimal, LINK_TYPE, MESSAGING_SYSTEM, ORDER_SPAN } from '@throughline/model';
import {
  registryKey,
  runInSpan,
  type SpanContextRegistry,
  type StartedSpan,
  spanTime,
  startFanOut,
  startMatch,
  startWorkerConsumer,
  type TracedChannelMessage,
  type Tracing,
  type TypedLink,
  toLink,
  withBusinessIds,
} from '@throughline/sdk';
import { PRO_RATA } from '../domain/allocation.ts';
import type { ClientOrder } from '../domain/client-order.ts';
import type { ExchangeOrder, Execution } from '../domain/exchange-order.ts';
import { type Allotment, GroupExecution } from '../domain/group-execution.ts';
import { formatQuantity, type Instruments, instrumentOf } from '../domain/instrument.ts';
import { isTerminal } from '../domain/order-state.ts';
import { groupByPrice, type PriceGroup, slice } from '../domain/splitter.ts';
import type {
  AlgorithmInput,
  AlgorithmOutput,
  ExecutionReceived,
  OrderBatch,
  TracedMember,
} from '../events.ts';
import type { SynchronousService } from '../synchronous-loop.ts';
import { exchangeOrderAttributes, executionAttributes, updateAttributes } from './attributes.ts';

export interface AlgorithmOptions {
  readonly instruments: Instruments;
  /** How long exchange orders may stay open before they are canceled. */
  readonly openMsMax: number;
  /** What one exchange order should be worth at most, in the quote asset. */
  readonly sliceNotional: Decimal;
  readonly send: (event: AlgorithmOutput, context?: Context) => void;
  /** A monotonic clock in milliseconds; for tests. */
  readonly now?: () => number;
}

interface OpenGroup {
  readonly batchId: string;
  readonly execution: GroupExecution;
}

interface Expiry {
  readonly dueMs: number;
  readonly exchangeOrderIds: readonly string[];
}

/**
 * The service `algorithm`: splits batches into exchange orders and allocates what these fill to the
 * client orders. Every client order gets exactly one update with a terminal status.
 */
export class Algorithm implements SynchronousService<AlgorithmInput> {
  readonly #tracing: Tracing;
  readonly #options: AlgorithmOptions;
  readonly #now: () => number;
  /** By (user.id, client.order_id): where a client order began. */
  readonly #clientContexts: SpanContextRegistry;
  /** By exchange order id: the span that sent it off. */
  readonly #orderContexts: SpanContextRegistry;
  /** By exchange order id, as long as that is open. */
  readonly #groups = new Map<string, OpenGroup>();
  /** In the order in which they become due: all orders stay open equally long. */
  readonly #expiries: Expiry[] = [];
  /** By symbol: the price of the last fill. */
  readonly #lastTicks = new Map<string, bigint>();
  #isDraining = false;

  constructor(tracing: Tracing, options: AlgorithmOptions) {
    this.#tracing = tracing;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#clientContexts = tracing.createRegistry();
    this.#orderContexts = tracing.createRegistry();
  }

  receive(message: TracedChannelMessage<AlgorithmInput>): void {
    const { event, traceContextCarrier } = message;
    switch (event.type) {
      case 'batch':
        this.#onBatch({ event, traceContextCarrier });
        return;
      case 'execution':
        this.#onExecution({ event, traceContextCarrier });
        break;
      case 'batches_ended':
        this.#isDraining = true;
        for (const id of this.#groups.keys()) this.#cancel(id);
        break;
    }
    if (this.#isDraining && this.#groups.size === 0) this.#options.send({ type: 'drained' });
  }

  runDue(): number {
    const nowMs = this.#now();
    for (;;) {
      const [first] = this.#expiries;
      if (!first) return Number.POSITIVE_INFINITY;
      if (first.dueMs > nowMs) return first.dueMs - nowMs;
      this.#expiries.shift();
      for (const id of first.exchangeOrderIds) if (this.#groups.has(id)) this.#cancel(id);
    }
  }

  #cancel(exchangeOrderId: string): void {
    this.#options.send({ type: 'cancel', exchangeOrderId });
  }

  #onBatch(message: TracedChannelMessage<OrderBatch>): void {
    const { event: batch } = message;
    const started = startWorkerConsumer(this.#tracing, ORDER_SPAN.algorithmProcessing, message, {
      destination: 'algorithm',
      attributes: { [ATTR.batchId]: batch.batchId, [ATTR.tradingSymbol]: batch.symbol },
    });
    runInSpan(started, () => {
      for (const { order, carrier } of batch.members) {
        const { spanContext } = this.#tracing.propagator.read(carrier);
        if (spanContext) this.#clientContexts.set(clientKey(order), spanContext);
      }
      const ids: string[] = [];
      for (const group of groupByPrice(batch.members)) {
        const orders = this.#split(batch, group, ids.length);
        this.#open(batch.batchId, group, orders);
        this.#place(orders, started.context);
        ids.push(...orders.map(({ exchangeOrderId }) => exchangeOrderId));
      }
      const dueMs = this.#now() + this.#options.openMsMax;
      this.#expiries.push({ dueMs, exchangeOrderIds: ids });
    });
  }

  #split(
    { batchId, symbol, side }: OrderBatch,
    { type, timeInForce, priceTicks, lots }: PriceGroup<TracedMember>,
    ordersBefore: number,
  ): ExchangeOrder[] {
    const { instruments, sliceNotional } = this.#options;
    const referenceTicks = priceTicks ?? this.#lastTicks.get(symbol);
    const sizes = slice(lots, instrumentOf(instruments, symbol), { sliceNotional, referenceTicks });
    return sizes.map((sliceLots, index) => ({
      exchangeOrderId: `${batchId}-${ordersBefore + index + 1}`,
      batchId,
      symbol,
      side,
      type,
      timeInForce,
      lots: sliceLots,
      priceTicks,
    }));
  }

  #open(
    batchId: string,
    { members }: PriceGroup<TracedMember>,
    orders: readonly ExchangeOrder[],
  ): void {
    const group = { batchId, execution: new GroupExecution(members, orders) };
    for (const { exchangeOrderId } of orders) this.#groups.set(exchangeOrderId, group);
  }

  #place(orders: readonly ExchangeOrder[], context: Context): void {
    const spans = startFanOut(this.#tracing, ORDER_SPAN.exchangeOrderSend, {
      system: MESSAGING_SYSTEM.worker,
      destination: 'exchange-client',
      context,
      parts: orders.map((order) => ({
        businessIds: { [ATTR.exchangeOrderId]: order.exchangeOrderId },
        attributes: exchangeOrderAttributes(
          order,
          instrumentOf(this.#options.instruments, order.symbol),
        ),
      })),
    });
    for (const [index, order] of orders.entries()) {
      const started = spans[index];
      if (!started) continue;
      this.#orderContexts.set(order.exchangeOrderId, started.span.spanContext());
      this.#options.send({ type: 'place', order }, started.context);
      started.end();
    }
  }

  #onExecution(message: TracedChannelMessage<ExecutionReceived>): void {
    const { execution } = message.event;
    const { exchangeOrderId, symbol, outcome } = execution;
    const group = this.#groups.get(exchangeOrderId);
    const link = toLink(this.#tracing, {
      carrier: message.traceContextCarrier,
      type: LINK_TYPE.receivedBy,
    });
    const received = startWorkerConsumer(this.#tracing, ORDER_SPAN.exchangeFillReceived, message, {
      destination: 'algorithm',
      parent: this.#orderContexts.get(exchangeOrderId),
      links: link ? [link] : [],
      businessIds: { [ATTR.batchId]: group?.batchId },
      attributes: executionAttributes(execution, instrumentOf(this.#options.instruments, symbol)),
    });
    if (outcome.type === 'fill') this.#lastTicks.set(symbol, outcome.priceTicks);
    received.end();
    if (group) this.#match(group, execution, received);
  }

  /** Allocates an execution to client orders. One that changes none of them has no span. */
  #match(group: OpenGroup, execution: Execution, received: StartedSpan): void {
    const { exchangeOrderId } = execution;
    const startTime = spanTime();
    let allotments: readonly Allotment[];
    try {
      allotments = allocate(group.execution, execution);
    } catch (error) {
      const match = this.#startMatch(group, execution, received, startTime, []);
      match.end({ error, endTime: spanTime() });
      throw error;
    }
    if (!group.execution.openIds.includes(exchangeOrderId)) {
      this.#groups.delete(exchangeOrderId);
      this.#orderContexts.delete(exchangeOrderId);
    }
    if (allotments.length === 0) return;
    const match = this.#startMatch(group, execution, received, startTime, allotments);
    for (const allotment of allotments) this.#update(allotment, execution, match.context);
    match.end({ endTime: spanTime() });
  }

  #startMatch(
    { batchId }: OpenGroup,
    { exchangeOrderId, symbol, outcome }: Execution,
    received: StartedSpan,
    startTime: HrTime,
    allotments: readonly Allotment[],
  ): StartedSpan {
    const instrument = instrumentOf(this.#options.instruments, symbol);
    const fillId = outcome.type === 'fill' ? outcome.fillId : undefined;
    return startMatch(this.#tracing, ORDER_SPAN.fillMatching, {
      startTime,
      links: [
        { context: received.context, type: LINK_TYPE.filledBy },
        ...allotments.map(
          ({ order, lots }): TypedLink => ({
            spanContext: this.#clientContexts.get(clientKey(order)),
            type: LINK_TYPE.allocatedTo,
            attributes: { [ATTR.fillQuantity]: formatQuantity(instrument, lots) },
          }),
        ),
      ],
      businessIds: {
        [ATTR.batchId]: batchId,
        [ATTR.exchangeOrderId]: exchangeOrderId,
        [ATTR.fillId]: fillId,
        symbol,
      },
      attributes: {
        [ATTR.allocationMethod]: PRO_RATA,
        ...(fillId === undefined ? {} : { [ATTR.fillId]: fillId }),
      },
    });
  }

  #update(allotment: Allotment, { outcome }: Execution, matchContext: Context): void {
    const { order, lots, state } = allotment;
    const isEnd = isTerminal(state.status) && state.status !== 'filled';
    const reason = isEnd ? endReason(outcome) : undefined;
    const parent = withBusinessIds(matchContext, {
      [ATTR.userId]: order.userId,
      [ATTR.clientOrderId]: order.clientOrderId,
    });
    const instrument = instrumentOf(this.#options.instruments, order.symbol);
    const attributes = updateAttributes(allotment, instrument, reason);
    const { tracer } = this.#tracing;
    const span = tracer.startSpan(ORDER_SPAN.clientOrderUpdate, { attributes }, parent);
    if (isTerminal(state.status)) this.#clientContexts.delete(clientKey(order));
    const fill =
      outcome.type === 'fill' && lots > 0n
        ? { fillId: outcome.fillId, priceTicks: outcome.priceTicks }
        : undefined;
    this.#options.send(
      { type: 'order_updated', allotment, fill, reason },
      trace.setSpan(parent, span),
    );
    span.end();
  }
}

function clientKey({ userId, clientOrderId }: ClientOrder): string {
  return registryKey(userId, clientOrderId);
}

function allocate(group: GroupExecution, { exchangeOrderId, outcome }: Execution): Allotment[] {
  return outcome.type === 'fill'
    ? group.fill(exchangeOrderId, outcome.lots, outcome.priceTicks)
    : group.end(exchangeOrderId, outcome.end);
}

/**
 * A fill that ends orders without filling them: other exchange orders of theirs had ended before.
 */
function endReason(outcome: Execution['outcome']): string {
  return outcome.type === 'end' ? outcome.reason : 'no exchange order is left';
}
