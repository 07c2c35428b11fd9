import type { Context } from '@opentelemetry/api';
import { exchangeOrderLotsMin, type Instrument, instrumentOf } from '@throughline/instruments';
import { ATTR, type Decimal, LINK_TYPE, MESSAGING_SYSTEM, ORDER_SPAN } from '@throughline/model';
import {
  runInSpan,
  type SpanContextRegistry,
  type StartedSpan,
  spanTime,
  startFanOut,
  startProducer,
  startWorkerConsumer,
  type TracedChannelMessage,
  type Tracing,
  toLink,
} from '@throughline/sdk';
import { type AllocationOptions, allocationRule } from '../domain/allocation/allocation.ts';
import type { Allocate } from '../domain/allocation/allottee.ts';
import { clientOrderKey } from '../domain/client-order.ts';
import { addInstruments } from '../domain/common-instruments.ts';
import type { ExchangeOrder, Execution } from '../domain/exchange-order.ts';
import { type GroupChange, GroupExecution } from '../domain/group-execution.ts';
import { isTerminal } from '../domain/order-state.ts';
import { openVenues, type Venue } from '../domain/router.ts';
import { groupByPrice, type PriceGroup, sliceOverVenues } from '../domain/splitter.ts';
import type {
  AlgorithmInput,
  AlgorithmOutput,
  EndRequested,
  ExecutionReceived,
  OrderBatch,
  TracedMember,
} from '../events.ts';
import type { SynchronousService } from '../synchronous-loop.ts';
import { exchangeOrderAttributes, executionAttributes } from './attributes.ts';
import { ClientUpdates } from './client-updates.ts';

export interface AlgorithmOptions {
  /** Grows as venues join. */
  readonly instruments: Map<string, Instrument>;
  /** How long exchange orders may stay open before they are canceled. */
  readonly openMsMax: number;
  /** What one exchange order should be worth at most, in the quote asset. */
  readonly sliceNotional: Decimal;
  /** At least one. Those that trade nothing have not joined yet, and are down. */
  readonly venues: readonly Venue[];
  readonly allocation: AllocationOptions;
  /** What the ids of our exchange orders begin with: by it we know them again. */
  readonly orderIdPrefix: string;
  readonly send: (event: AlgorithmOutput, context?: Context) => void;
  /** A monotonic clock in milliseconds; for tests. */
  readonly now?: () => number;
}

/** A batch of which something is open. */
interface OpenBatch {
  readonly batchId: string;
  readonly symbol: string;
  readonly side: OrderBatch['side'];
  /** Of the span that processed it. */
  readonly context: Context;
  readonly groups: Set<OpenGroup>;
  /** So far, for their ids. */
  exchangeOrders: number;
}

type Terms = Pick<PriceGroup<TracedMember>, 'type' | 'timeInForce' | 'priceTicks'>;

interface OpenGroup {
  readonly batch: OpenBatch;
  readonly terms: Terms;
  readonly execution: GroupExecution;
}

interface Expiry {
  readonly dueMs: number;
  readonly batchId: string;
}

/**
 * The service `algorithm`: splits batches into exchange orders and allocates what these fill to the
 * client orders. Every client order gets exactly one update with a terminal status.
 */
export class Algorithm implements SynchronousService<AlgorithmInput> {
  readonly #tracing: Tracing;
  readonly #options: AlgorithmOptions;
  readonly #now: () => number;
  readonly #updates: ClientUpdates;
  /** By exchange order id: the span that sent it off. */
  readonly #orderContexts: SpanContextRegistry;
  /** By batch id, as long as one of its groups is open. */
  readonly #batches = new Map<string, OpenBatch>();
  /** By exchange order id, as long as that is open. */
  readonly #groups = new Map<string, OpenGroup>();
  /** By client order, as long as that is open. */
  readonly #groupsByClient = new Map<string, OpenGroup>();
  /** By client order that is to end: the span that processed the request. */
  readonly #requests = new Map<string, Context>();
  /** In the order in which they become due: all orders stay open equally long. */
  readonly #expiries: Expiry[] = [];
  /** By symbol: the price of the last fill. */
  readonly #lastTicks = new Map<string, bigint>();
  #venues: readonly Venue[];
  /** Names of the venues that are down. */
  readonly #downVenues: Set<string>;
  readonly #allocate: Allocate;
  #isDraining = false;

  constructor(tracing: Tracing, options: AlgorithmOptions) {
    this.#tracing = tracing;
    this.#options = options;
    this.#allocate = allocationRule(options.allocation);
    this.#venues = options.venues;
    const missing = options.venues.filter(({ symbols }) => symbols.size === 0);
    this.#downVenues = new Set(missing.map(({ name }) => name));
    this.#now = options.now ?? (() => performance.now());
    this.#updates = new ClientUpdates(tracing, {
      instruments: options.instruments,
      allocationMethod: options.allocation.method,
      send: options.send,
    });
    this.#orderContexts = tracing.createRegistry();
  }

  receive(message: TracedChannelMessage<AlgorithmInput>): void {
    const { event, traceContextCarrier } = message;
    switch (event.type) {
      case 'batch':
        this.#onBatch({ event, traceContextCarrier });
        return;
      case 'end_requested':
        this.#onEndRequest({ event, traceContextCarrier });
        return;
      case 'execution':
        this.#onExecution({ event, traceContextCarrier });
        break;
      case 'venue_joined':
        addInstruments(this.#options.instruments, event.instruments);
        this.#venues = this.#venues.map((one) =>
          one.name === event.venue.name ? event.venue : one,
        );
        return;
      case 'venue_changed':
        if (event.isUp) this.#downVenues.delete(event.venue);
        else this.#downVenues.add(event.venue);
        return;
      case 'batches_ended':
        this.#isDraining = true;
        for (const batch of this.#batches.values()) this.#closeGroups(batch);
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
      const batch = this.#batches.get(first.batchId);
      if (batch) this.#closeGroups(batch);
    }
  }

  #closeGroups({ batchId, context, groups }: OpenBatch): void {
    for (const { execution } of groups) {
      for (const id of execution.close()) this.#cancel(id, batchId, context);
    }
  }

  #onBatch(message: TracedChannelMessage<OrderBatch>): void {
    const { batchId, symbol, side, members } = message.event;
    const started = startWorkerConsumer(this.#tracing, ORDER_SPAN.algorithmProcessing, message, {
      destination: 'algorithm',
      attributes: { [ATTR.batchId]: batchId, [ATTR.tradingSymbol]: symbol },
    });
    const { context } = started;
    runInSpan(started, () => {
      for (const member of members) this.#updates.add(member);
      const batch = { batchId, symbol, side, context, groups: new Set<OpenGroup>() };
      const open: OpenBatch = { ...batch, exchangeOrders: 0 };
      this.#batches.set(batchId, open);
      for (const group of groupByPrice(members)) {
        const orders = this.#split(open, group, group.lots, group.timeInForce === 'fok');
        this.#open(open, group, orders);
        this.#place(orders, context);
      }
      this.#expiries.push({ dueMs: this.#now() + this.#options.openMsMax, batchId });
    });
  }

  #split(
    batch: OpenBatch,
    { type, timeInForce, priceTicks }: Terms,
    lots: bigint,
    isWhole: boolean,
  ): ExchangeOrder[] {
    const { instruments, sliceNotional, orderIdPrefix } = this.#options;
    const { batchId, symbol, side } = batch;
    const slices = sliceOverVenues(lots, instrumentOf(instruments, symbol), {
      venues: openVenues(this.#venues, symbol, this.#downVenues),
      isWhole,
      sliceNotional,
      referenceTicks: priceTicks ?? this.#lastTicks.get(symbol),
    });
    return slices.map(({ venue, lots: sliceLots }) => {
      batch.exchangeOrders += 1;
      return {
        exchangeOrderId: `${orderIdPrefix}${batchId}-${batch.exchangeOrders}`,
        batchId,
        venue,
        symbol,
        side,
        type,
        timeInForce,
        lots: sliceLots,
        priceTicks,
      };
    });
  }

  #open(
    batch: OpenBatch,
    { type, timeInForce, priceTicks, members }: PriceGroup<TracedMember>,
    orders: readonly ExchangeOrder[],
  ): void {
    const instrument = instrumentOf(this.#options.instruments, batch.symbol);
    const execution = new GroupExecution(members, orders, {
      allocate: this.#allocate,
      rests: timeInForce === 'gtc',
      lotsMin:
        priceTicks === undefined
          ? instrument.lotsMin
          : exchangeOrderLotsMin(instrument, priceTicks),
    });
    const group: OpenGroup = { batch, terms: { type, timeInForce, priceTicks }, execution };
    batch.groups.add(group);
    for (const { order } of members) this.#groupsByClient.set(clientOrderKey(order), group);
    for (const { exchangeOrderId } of orders) this.#groups.set(exchangeOrderId, group);
  }

  /** @param cause the execution that made lots free, when these are placed again */
  #place(orders: readonly ExchangeOrder[], context: Context, cause?: StartedSpan): void {
    const link =
      cause && toLink(this.#tracing, { context: cause.context, type: LINK_TYPE.triggeredBy });
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
        links: link ? [link] : [],
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

  /** @param context of what it is canceled for: a client's request, or the batch */
  #cancel(exchangeOrderId: string, batchId: string, context: Context): void {
    const spanContext = this.#orderContexts.get(exchangeOrderId);
    const link = toLink(this.#tracing, { spanContext, type: LINK_TYPE.amends });
    const started = startProducer(this.#tracing, ORDER_SPAN.exchangeOrderCancel, {
      system: MESSAGING_SYSTEM.worker,
      destination: 'exchange-client',
      context,
      links: link ? [link] : [],
      businessIds: { [ATTR.exchangeOrderId]: exchangeOrderId, [ATTR.batchId]: batchId },
      attributes: { [ATTR.exchangeOrderId]: exchangeOrderId, [ATTR.batchId]: batchId },
    });
    this.#options.send({ type: 'cancel', exchangeOrderId }, started.context);
    started.end();
  }

  #onEndRequest(message: TracedChannelMessage<EndRequested>): void {
    const { userId, clientOrderId, symbol, request } = message.event;
    const started = startWorkerConsumer(this.#tracing, ORDER_SPAN.orderAmendProcessing, message, {
      destination: 'algorithm',
      attributes: {
        [ATTR.userId]: userId,
        [ATTR.clientOrderId]: clientOrderId,
        [ATTR.tradingSymbol]: symbol,
      },
    });
    const key = clientOrderKey(message.event);
    // Without a group the order has ended: its client has been told, or is about to be.
    const group = this.#groupsByClient.get(key);
    runInSpan(started, () => {
      if (!group) return;
      this.#requests.set(key, started.context);
      const change = group.execution.requestEnd(key, request);
      for (const allotment of change.allotments) {
        this.#updates.tell(allotment, undefined, started.context);
      }
      this.#act(group, change);
    });
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
      businessIds: { [ATTR.batchId]: group?.batch.batchId },
      attributes: executionAttributes(execution, instrumentOf(this.#options.instruments, symbol)),
    });
    if (outcome.type === 'fill') this.#lastTicks.set(symbol, outcome.priceTicks);
    received.end();
    if (group) this.#match(group, execution, received);
  }

  /** Allocates an execution to client orders. One that changes none of them has no span. */
  #match(group: OpenGroup, execution: Execution, received: StartedSpan): void {
    const { exchangeOrderId, outcome } = execution;
    const { batchId } = group.batch;
    const about = { batchId, execution, received, startTime: spanTime() };
    let change: GroupChange;
    try {
      change = allocate(group.execution, execution);
    } catch (error) {
      const match = this.#updates.startMatch({ ...about, allotments: [] });
      match.end({ error, endTime: spanTime() });
      throw error;
    }
    if (!group.execution.openIds.includes(exchangeOrderId)) {
      this.#groups.delete(exchangeOrderId);
      this.#orderContexts.delete(exchangeOrderId);
    }
    const { allotments } = change;
    if (allotments.length > 0) {
      const match = this.#updates.startMatch({ ...about, allotments });
      for (const allotment of allotments) this.#updates.tell(allotment, outcome, match.context);
      match.end({ endTime: spanTime() });
    }
    this.#act(group, change, received);
  }

  /** Does at the venue what a change asks for, and forgets what it ended. */
  #act(group: OpenGroup, change: GroupChange, cause?: StartedSpan): void {
    const { batch, execution, terms } = group;
    for (const { exchangeOrderId, leaving } of change.cancels) {
      const request = leaving && this.#requests.get(clientOrderKey(leaving));
      this.#cancel(exchangeOrderId, batch.batchId, request ?? batch.context);
    }
    if (change.placeLots > 0n) {
      const { lotsMax } = instrumentOf(this.#options.instruments, batch.symbol);
      const isWhole = change.placeLots <= lotsMax;
      const orders = this.#split(batch, terms, change.placeLots, isWhole);
      execution.place(orders);
      for (const { exchangeOrderId } of orders) this.#groups.set(exchangeOrderId, group);
      this.#place(orders, batch.context, cause);
    }
    for (const { order, state } of change.allotments) {
      if (!isTerminal(state.status)) continue;
      this.#groupsByClient.delete(clientOrderKey(order));
      this.#requests.delete(clientOrderKey(order));
    }
    if (!execution.done) return;
    batch.groups.delete(group);
    if (batch.groups.size === 0) this.#batches.delete(batch.batchId);
  }
}

function allocate(group: GroupExecution, { exchangeOrderId, outcome }: Execution): GroupChange {
  return outcome.type === 'fill'
    ? group.fill(exchangeOrderId, outcome.lots, outcome.priceTicks)
    : group.end(exchangeOrderId, outcome.end);
}
