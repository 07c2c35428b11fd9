import type { Context } from '@opentelemetry/api';
import { ATTR, NS_PER_MS, ORDER_SPAN } from '@throughline/model';
import {
  startFanIn,
  startWorkerConsumer,
  type TracedChannelMessage,
  type Tracing,
} from '@throughline/sdk';
import { monotonicNs } from '../clock.ts';
import { type Batch, Batcher, type BatcherOptions } from '../domain/batcher.ts';
import type { Side } from '../domain/client-order.ts';
import type { BatchesEnded, OrderBatch, OrderReceived, TracedMember } from '../events.ts';
import type { SynchronousService } from '../synchronous-loop.ts';

interface OrderManagerOptions extends BatcherOptions {
  /** Makes batch ids unique over restarts. */
  readonly runId: string;
  readonly send: (event: OrderBatch | BatchesEnded, context?: Context) => void;
}

interface Member extends TracedMember {
  readonly symbol: string;
  readonly side: Side;
}

/** The service `order-manager`: gathers client orders into batches by symbol and side. */
export class OrderManager implements SynchronousService<OrderReceived> {
  readonly #tracing: Tracing;
  readonly #options: OrderManagerOptions;
  readonly #batcher: Batcher<Member>;
  #batches = 0;

  constructor(tracing: Tracing, options: OrderManagerOptions) {
    this.#tracing = tracing;
    this.#options = options;
    this.#batcher = new Batcher(options);
  }

  receive(message: TracedChannelMessage<OrderReceived>): void {
    const { order } = message.event;
    const started = startWorkerConsumer(this.#tracing, ORDER_SPAN.orderManagerProcessing, message, {
      destination: 'order-manager',
      attributes: {
        [ATTR.userId]: order.userId,
        [ATTR.clientOrderId]: order.clientOrderId,
        [ATTR.tradingSymbol]: order.symbol,
      },
    });
    const arrivalNs = monotonicNs();
    const { symbol, side } = order;
    const member = { order, arrivalNs, carrier: message.traceContextCarrier, symbol, side };
    const batch = this.#batcher.add(member, arrivalNs);
    started.end();
    if (batch) this.#send(batch);
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
