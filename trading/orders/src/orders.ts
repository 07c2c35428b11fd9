import { randomBytes } from 'node:crypto';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { NS_PER_MS, parseDecimal } from '@throughline/model';
import {
  createThreadChannel,
  onTraced,
  relaySpans,
  startTracing,
  type ThreadReceiverEnd,
  ThreadSender,
  type ThreadSenderEnd,
  type TracedChannelMessage,
  type Tracing,
  type TracingOptions,
  type TracingStats,
} from '@throughline/sdk';
import type { AlgorithmWorkerData } from './algorithm/worker.ts';
import type { Instruments } from './domain/instrument.ts';
import type { AlgorithmInput, AlgorithmOutput, OrderReceived } from './events.ts';
import type { Credentials } from './exchange-client/api-connection.ts';
import { ExchangeClient, type ExchangeClientStats } from './exchange-client/exchange-client.ts';
import { fetchInstruments } from './exchange-client/rest.ts';
import type { OrderManagerWorkerData } from './order-manager/worker.ts';
import { ServiceThread } from './service-thread.ts';
import {
  DEFAULT_LIMITS,
  WssServer,
  type WssServerLimits,
  type WssServerStats,
} from './wss-server/wss-server.ts';

export interface OrdersOptions extends Credentials {
  /** The exchange's WebSocket API, such as `ws://127.0.0.1:9000/ws-api/v3`. */
  readonly exchangeWsApiUrl: string;
  /** The exchange's REST API, without path. */
  readonly exchangeRestUrl: string;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Client orders that make a batch full. Default 8. */
  readonly batchMembersMax?: number;
  /** How long the first order of a batch waits for others. Default 25. */
  readonly batchLingerMs?: number;
  /** How long exchange orders stay open before they are canceled. Default 1,500. */
  readonly openMsMax?: number;
  /** What one exchange order should be worth at most, in the quote asset. Default 20000. */
  readonly sliceNotional?: string;
  /** How long a request to the exchange waits for its answer. Default 5,000. */
  readonly requestTimeoutMs?: number;
  readonly limits?: Partial<WssServerLimits>;
  /** For all four services; the environment serves where these are silent. */
  readonly tracing?: Pick<TracingOptions, 'enabled' | 'endpoint' | 'samplingRate'>;
}

export interface OrdersStats {
  readonly wssServer: WssServerStats;
  readonly exchangeClient: ExchangeClientStats;
  /** Messages that order-manager or algorithm could not process: always a defect. */
  readonly failures: number;
  /** By service name. */
  readonly tracing: Readonly<Record<string, TracingStats | undefined>>;
}

export interface Orders {
  /** Where clients connect. */
  readonly wsUrl: string;
  /** Resolves when a thread has failed: the system cannot go on. */
  readonly failure: Promise<Error>;
  stats(): OrdersStats;
  /**
   * Takes no more orders, sends off what waits in batches, cancels what is open at the exchange,
   * tells the clients, and flushes the spans; each step has a deadline.
   */
  close(): Promise<void>;
}

const READY_TIMEOUT_MS = 10_000;
const DRAIN_TIMEOUT_MS = 3_000;
const THREAD_TIMEOUT_MS = 3_000;
const FLUSH_TIMEOUT_MS = 2_000;

/**
 * Starts the reference system `orders`: the services wss-server and exchange-client in this thread,
 * order-manager and algorithm each in a thread of its own with a synchronous loop.
 *
 * @throws ThroughlineError `TL_EXCHANGE_UNAVAILABLE`, `TL_PORT_IN_USE`, `TL_BAD_REQUEST` for a
 *   `sliceNotional` that is no decimal
 */
export async function startOrders(options: OrdersOptions): Promise<Orders> {
  const instruments = await fetchInstruments(options.exchangeRestUrl);
  const system = new OrderSystem(options, instruments);
  try {
    const wsUrl = await system.listen();
    return {
      wsUrl,
      failure: system.failure,
      stats: () => system.stats(),
      close: () => system.close(),
    };
  } catch (error) {
    await system.close();
    throw error;
  }
}

/** The four services and what connects them. */
class OrderSystem {
  readonly #failure = Promise.withResolvers<Error>();
  readonly #drained = Promise.withResolvers<void>();
  readonly #wssTracing: Tracing;
  readonly #exchangeTracing: Tracing;
  readonly #orderManager: ServiceThread;
  readonly #algorithm: ServiceThread;
  /** Into order-manager. */
  readonly #received: ThreadSender<OrderReceived>;
  /** Into algorithm. */
  readonly #executions: ThreadSender<AlgorithmInput>;
  readonly #exchangeClient: ExchangeClient;
  readonly #wssServer: WssServer;
  #closed: Promise<void> | undefined;

  constructor(options: OrdersOptions, instruments: Instruments) {
    const { tracing = {} } = options;
    this.#wssTracing = startTracing({ ...tracing, serviceName: 'wss-server' });
    this.#exchangeTracing = startTracing({ ...tracing, serviceName: 'exchange-client' });
    const received = createThreadChannel('wssServer');
    const inputs = createThreadChannel('orderManager', 'exchangeClient');
    this.#received = new ThreadSender(this.#wssTracing, received.senders.wssServer);
    this.#executions = new ThreadSender(this.#exchangeTracing, inputs.senders.exchangeClient);
    this.#orderManager = this.#startOrderManager(
      options,
      received.receiver,
      inputs.senders.orderManager,
    );
    this.#algorithm = this.#startAlgorithm(options, instruments, inputs.receiver);
    this.#exchangeClient = new ExchangeClient(this.#exchangeTracing, {
      wsApiUrl: options.exchangeWsApiUrl,
      apiKey: options.apiKey,
      apiSecret: options.apiSecret,
      instruments,
      requestTimeoutMs: options.requestTimeoutMs ?? 5_000,
      onExecution: (execution, context) =>
        this.#executions.send({ type: 'execution', execution }, context),
    });
    this.#wssServer = new WssServer(this.#wssTracing, {
      host: options.host ?? '127.0.0.1',
      port: options.port ?? 0,
      instruments,
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      onOrder: (event, context) => this.#received.send(event, context),
    });
  }

  get failure(): Promise<Error> {
    return this.#failure.promise;
  }

  async listen(): Promise<string> {
    await Promise.all([
      this.#orderManager.whenReady(),
      this.#algorithm.whenReady(),
      this.#exchangeClient.whenReady(READY_TIMEOUT_MS),
    ]);
    return this.#wssServer.listen();
  }

  stats(): OrdersStats {
    const orderManager = this.#orderManager.stats();
    const algorithm = this.#algorithm.stats();
    return {
      wssServer: this.#wssServer.stats(),
      exchangeClient: this.#exchangeClient.stats(),
      failures: orderManager.failures + algorithm.failures,
      tracing: {
        'wss-server': this.#wssTracing.stats(),
        'order-manager': orderManager.tracing,
        algorithm: algorithm.tracing,
        'exchange-client': this.#exchangeTracing.stats(),
      },
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#wssServer.drain();
    this.#received.close();
    const deadline = setTimeout(this.#drained.resolve, DRAIN_TIMEOUT_MS);
    await this.#drained.promise;
    clearTimeout(deadline);
    this.#executions.close();
    await Promise.all([
      this.#orderManager.end(THREAD_TIMEOUT_MS),
      this.#algorithm.end(THREAD_TIMEOUT_MS),
    ]);
    this.#exchangeClient.close();
    await this.#wssServer.close();
    await Promise.all([
      this.#wssTracing.shutdown(FLUSH_TIMEOUT_MS),
      this.#exchangeTracing.shutdown(FLUSH_TIMEOUT_MS),
    ]);
  }

  #startOrderManager(
    { tracing = {}, batchMembersMax = 8, batchLingerMs = 25 }: OrdersOptions,
    inbox: ThreadReceiverEnd,
    algorithm: ThreadSenderEnd,
  ): ServiceThread {
    const relay = new MessageChannel();
    relaySpans(relay.port1, this.#wssTracing);
    const data: OrderManagerWorkerData = {
      runId: randomBytes(4).toString('hex'),
      membersMax: batchMembersMax,
      lingerNs: BigInt(Math.round(batchLingerMs * Number(NS_PER_MS))),
      inbox,
      algorithm,
      relay: relay.port2,
      tracing,
    };
    return this.#startThread('order-manager', data, [...inbox.ports, algorithm.port, relay.port2]);
  }

  #startAlgorithm(
    { tracing = {}, openMsMax = 1_500, sliceNotional = '20000' }: OrdersOptions,
    instruments: Instruments,
    inbox: ThreadReceiverEnd,
  ): ServiceThread {
    const relay = new MessageChannel();
    relaySpans(relay.port1, this.#exchangeTracing);
    const outputs = new MessageChannel();
    onTraced<AlgorithmOutput>(outputs.port1, (message) => this.#onOutput(message));
    const data: AlgorithmWorkerData = {
      instruments,
      openMsMax,
      sliceNotional: parseDecimal(sliceNotional),
      inbox,
      outbox: outputs.port2,
      relay: relay.port2,
      tracing,
    };
    return this.#startThread('algorithm', data, [...inbox.ports, outputs.port2, relay.port2]);
  }

  #startThread(
    name: 'order-manager' | 'algorithm',
    data: OrderManagerWorkerData | AlgorithmWorkerData,
    ports: readonly MessagePort[],
  ): ServiceThread {
    const module = new URL(`./${name}/worker.ts`, import.meta.url);
    return new ServiceThread(name, module, data, ports, (error) => {
      this.#failure.resolve(error);
      this.#drained.resolve();
    });
  }

  #onOutput({ event, traceContextCarrier }: TracedChannelMessage<AlgorithmOutput>): void {
    switch (event.type) {
      case 'place':
        this.#exchangeClient.place(event.order, traceContextCarrier);
        return;
      case 'cancel':
        this.#exchangeClient.cancel(event.exchangeOrderId);
        return;
      case 'order_updated':
        this.#wssServer.update(event);
        return;
      case 'drained':
        this.#drained.resolve();
    }
  }
}
