import { randomBytes } from 'node:crypto';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Instruments } from '@throughline/instruments';
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
import { type AllocationOptions, DEFAULT_ALLOCATION } from './domain/allocation/allocation.ts';
import type { AlgorithmInput, AlgorithmOutput, OrderManagerInput, OrderUpdated } from './events.ts';
import type { Credentials } from './exchange-client/api-connection.ts';
import type { ExchangeClientStats } from './exchange-client/exchange-client.ts';
import { askVenues, Market } from './exchange-client/market.ts';
import { VenueClients } from './exchange-client/venue-clients.ts';
import type { OrderManagerWorkerData } from './order-manager/worker.ts';
import { ServiceThread } from './service-thread.ts';
import { OrderJournal } from './wss-server/order-journal.ts';
import {
  DEFAULT_LIMITS,
  WssServer,
  type WssServerLimits,
  type WssServerStats,
} from './wss-server/wss-server.ts';

/** An exchange that orders go to, or one of several. */
export interface OrdersVenue {
  /** Value of `exchange.venue`. */
  readonly name: string;
  /** The exchange's WebSocket API, such as `ws://127.0.0.1:9000/ws-api/v3`. */
  readonly wsApiUrl: string;
  /** The exchange's REST API, without path. */
  readonly restUrl: string;
  /** Its part of the lots, relative to the weights of the others: a whole number, at least 1. */
  readonly weight: number;
}

export interface OrdersOptions extends Credentials {
  /**
   * At least one. The credentials are the same at all of them. One has to answer at the start; the
   * others take part as soon as they do.
   */
  readonly venues: readonly OrdersVenue[];
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
  /** Our own limits, checked before an order goes anywhere. */
  readonly risk?: {
    /** What one order may be worth at most, in the quote asset. Default 10000000. */
    readonly notionalMax?: string;
    /** Open orders of one user. Default 1,000. */
    readonly userOrdersMax?: number;
  };
  /** How long a request to the exchange waits for its answer. Default 5,000. */
  readonly requestTimeoutMs?: number;
  /** How fills are shared out. Default {@link DEFAULT_ALLOCATION}. */
  readonly allocation?: AllocationOptions;
  /**
   * What the ids of our orders at the exchange begin with. Default `tl-`; several processes that
   * trade on one account need one each.
   */
  readonly orderIdPrefix?: string;
  /**
   * Cancel at the start what an earlier process left open at the exchange, known by the prefix: its
   * client orders are gone with it. Default true.
   */
  readonly recovers?: boolean;
  /**
   * A file of the open client orders, so that the process after this one can end them in their own
   * traces and tell their clients. One for each process. It needs {@link recovers}.
   */
  readonly journalPath?: string | undefined;
  /**
   * What an operator should know: venues that are lost, orders that were left behind, messages that
   * could not be processed. Default: stderr.
   */
  readonly log?: (fields: object, message: string) => void;
  readonly limits?: Partial<WssServerLimits>;
  /** For all four services; the environment serves where these are silent. */
  readonly tracing?: Pick<TracingOptions, 'enabled' | 'endpoint' | 'samplingRate'>;
}

export interface OrdersStats {
  readonly wssServer: WssServerStats;
  /** By the name of the venue. */
  readonly venues: Readonly<Record<string, ExchangeClientStats>>;
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
 * @throws ThroughlineError `TL_EXCHANGE_UNAVAILABLE` when no venue can be reached, `TL_CONFIG_INVALID`
 *   when two of them count a symbol differently or the journal cannot be used, `TL_PORT_IN_USE`,
 *   `TL_BAD_REQUEST` for an amount that is no decimal
 */
export async function startOrders(options: OrdersOptions): Promise<Orders> {
  const { log = warn } = options;
  const byVenue = await askVenues(options.venues, (venue, err) =>
    log({ venue, err }, 'the venue does not answer yet: orders go to the others'),
  );
  const system = new OrderSystem(options, byVenue);
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
  readonly #log: NonNullable<OrdersOptions['log']>;
  readonly #wssTracing: Tracing;
  readonly #exchangeTracing: Tracing;
  readonly #orderManager: ServiceThread;
  readonly #algorithm: ServiceThread;
  /** Into order-manager. */
  readonly #received: ThreadSender<OrderManagerInput>;
  /** Into algorithm. */
  readonly #executions: ThreadSender<AlgorithmInput>;
  readonly #journal: OrderJournal | undefined;
  /** Venues where orders of an earlier process may still be open. */
  readonly #uncleared: Set<string>;
  readonly #market: Market;
  readonly #venueClients: VenueClients;
  readonly #wssServer: WssServer;
  #closed: Promise<void> | undefined;

  /** @param byVenue what each venue trades that has answered */
  constructor(options: OrdersOptions, byVenue: ReadonlyMap<string, Instruments>) {
    const { tracing = {}, orderIdPrefix = 'tl-', recovers = true, log = warn } = options;
    this.#log = log;
    this.#journal =
      options.journalPath === undefined
        ? undefined
        : new OrderJournal(options.journalPath, {
            onFailure: (err) =>
              log({ err }, 'the journal of client orders cannot be written any more'),
          });
    this.#uncleared = new Set(options.venues.map(({ name }) => name));
    this.#market = new Market({
      venues: options.venues,
      byVenue,
      onJoined: (venue, instruments) =>
        this.#received.send({ type: 'venue_joined', venue, instruments }),
      onChange: (venue, isUp) => {
        log({ venue }, isUp ? 'the venue can be reached' : 'the venue is lost');
        this.#executions.send({ type: 'venue_changed', venue, isUp });
        if (isUp) void this.#cleared(venue);
      },
      onUnusable: (venue, err) => log({ venue, err }, 'the venue cannot be used'),
    });
    const { instruments } = this.#market;
    this.#wssTracing = startTracing({ ...tracing, serviceName: 'wss-server' });
    this.#exchangeTracing = startTracing({ ...tracing, serviceName: 'exchange-client' });
    const received = createThreadChannel('wssServer');
    const inputs = createThreadChannel('orderManager', 'exchangeClient');
    this.#received = new ThreadSender(this.#wssTracing, received.senders.wssServer);
    this.#executions = new ThreadSender(this.#exchangeTracing, inputs.senders.exchangeClient);
    this.#orderManager = this.#startOrderManager(
      options,
      instruments,
      received.receiver,
      inputs.senders.orderManager,
    );
    this.#algorithm = this.#startAlgorithm(
      { ...options, orderIdPrefix },
      { instruments, venues: this.#market.venues() },
      inputs.receiver,
    );
    this.#venueClients = new VenueClients(this.#exchangeTracing, {
      venues: options.venues,
      apiKey: options.apiKey,
      apiSecret: options.apiSecret,
      instruments,
      requestTimeoutMs: options.requestTimeoutMs ?? 5_000,
      orphanPrefix: recovers ? orderIdPrefix : undefined,
      onExecution: (execution, context) =>
        this.#executions.send({ type: 'execution', execution }, context),
      onOrphan: (venue, orphan) => log({ venue, ...orphan }, 'an order was left open: canceled'),
      onChange: (venue, isConnected) => {
        this.#market.connected(venue, isConnected);
        if (isConnected && this.#market.isUp(venue)) void this.#cleared(venue);
      },
    });
    this.#wssServer = new WssServer(this.#wssTracing, {
      host: options.host ?? '127.0.0.1',
      port: options.port ?? 0,
      instruments,
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      journal: this.#journal,
      send: (event, context) => this.#received.send(event, context),
    });
  }

  get failure(): Promise<Error> {
    return this.#failure.promise;
  }

  async listen(): Promise<string> {
    await Promise.all([
      this.#orderManager.whenReady(),
      this.#algorithm.whenReady(),
      this.#connectVenues(),
    ]);
    return this.#wssServer.listen();
  }

  stats(): OrdersStats {
    const orderManager = this.#orderManager.stats();
    const algorithm = this.#algorithm.stats();
    return {
      wssServer: this.#wssServer.stats(),
      venues: this.#venueClients.stats(),
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
    this.#market.close();
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
    this.#venueClients.close();
    await this.#wssServer.close();
    this.#journal?.close();
    await Promise.all([
      this.#wssTracing.shutdown(FLUSH_TIMEOUT_MS),
      this.#exchangeTracing.shutdown(FLUSH_TIMEOUT_MS),
    ]);
  }

  async #connectVenues(): Promise<void> {
    const joined = this.#market.joined();
    for (const venue of await this.#venueClients.whenReady(joined, READY_TIMEOUT_MS)) {
      this.#market.connected(venue, false);
    }
  }

  /** A venue that is up has canceled what was left open there. */
  async #cleared(venue: string): Promise<void> {
    if (!this.#uncleared.delete(venue) || this.#uncleared.size > 0) return;
    const orders = await this.#wssServer.endLeftOrders();
    if (orders > 0) this.#log({ orders }, 'client orders of an earlier process were canceled');
  }

  #startOrderManager(
    { tracing = {}, batchMembersMax = 8, batchLingerMs = 25, risk = {} }: OrdersOptions,
    instruments: Instruments,
    inbox: ThreadReceiverEnd,
    algorithm: ThreadSenderEnd,
  ): ServiceThread {
    const relay = new MessageChannel();
    relaySpans(relay.port1, this.#wssTracing);
    const outputs = new MessageChannel();
    onTraced<OrderUpdated>(outputs.port1, ({ event }) => this.#wssServer.update(event));
    const data: OrderManagerWorkerData = {
      runId: randomBytes(4).toString('hex'),
      membersMax: batchMembersMax,
      lingerNs: BigInt(Math.round(batchLingerMs * Number(NS_PER_MS))),
      instruments,
      risk: {
        notionalMax: parseDecimal(risk.notionalMax ?? '10000000'),
        userOrdersMax: risk.userOrdersMax ?? 1_000,
      },
      inbox,
      algorithm,
      outbox: outputs.port2,
      relay: relay.port2,
      tracing,
    };
    const ports = [...inbox.ports, algorithm.port, outputs.port2, relay.port2];
    return this.#startThread('order-manager', data, ports);
  }

  #startAlgorithm(
    options: OrdersOptions & Pick<AlgorithmWorkerData, 'orderIdPrefix'>,
    market: Pick<AlgorithmWorkerData, 'instruments' | 'venues'>,
    inbox: ThreadReceiverEnd,
  ): ServiceThread {
    const { tracing = {}, openMsMax = 1_500, sliceNotional = '20000' } = options;
    const { allocation = DEFAULT_ALLOCATION, orderIdPrefix } = options;
    const relay = new MessageChannel();
    relaySpans(relay.port1, this.#exchangeTracing);
    const outputs = new MessageChannel();
    onTraced<AlgorithmOutput>(outputs.port1, (message) => this.#onOutput(message));
    const data: AlgorithmWorkerData = {
      ...market,
      openMsMax,
      sliceNotional: parseDecimal(sliceNotional),
      allocation,
      orderIdPrefix,
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
    const onFailure = (error: Error): void => {
      this.#failure.resolve(error);
      this.#drained.resolve();
    };
    return new ServiceThread(name, module, data, ports, { onFailure, log: this.#log });
  }

  #onOutput({ event, traceContextCarrier }: TracedChannelMessage<AlgorithmOutput>): void {
    switch (event.type) {
      case 'place':
        this.#venueClients.place(event.order, traceContextCarrier);
        return;
      case 'cancel':
        this.#venueClients.cancel(event.exchangeOrderId, traceContextCarrier);
        return;
      case 'order_updated':
        this.#wssServer.update(event);
        return;
      case 'drained':
        this.#drained.resolve();
    }
  }
}

function warn(fields: object, message: string): void {
  console.warn(message, fields);
}
