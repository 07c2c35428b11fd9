import { type Context, ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { ATTR, LINK_TYPE, MESSAGING_SYSTEM, ORDER_SPAN } from '@throughline/model';
import {
  type Carrier,
  messagingAttributes,
  redactedText,
  type SpanContextRegistry,
  type StartedSpan,
  startMatch,
  startWebSocketProducer,
  type Tracing,
} from '@throughline/sdk';
import type { ExchangeOrder, Execution } from '../domain/exchange-order.ts';
import { type Instruments, instrumentOf, parseQuantity } from '../domain/instrument.ts';
import { ApiConnection, type Credentials } from './api-connection.ts';
import {
  endOf,
  executionOf,
  executionReportSchema,
  placeParameters,
  reportedOrderId,
} from './exchange-messages.ts';
import { OpenOrder } from './open-order.ts';
import { resolveOrder } from './resolution.ts';

interface ExchangeClientOptions extends Credentials {
  readonly wsApiUrl: string;
  readonly instruments: Instruments;
  /** How long a request waits for its answer, and a new order for a connection. */
  readonly requestTimeoutMs: number;
  /** @param context of the span that received it */
  readonly onExecution: (execution: Execution, context: Context) => void;
}

export interface ExchangeClientStats {
  readonly isReady: boolean;
  readonly reconnects: number;
  readonly framesMalformed: number;
  /** Placed and not yet ended. */
  readonly ordersOpen: number;
  readonly ordersPlaced: number;
  readonly executions: number;
  /** Reports on orders that are not open here: duplicates, or orders of others on the account. */
  readonly reportsIgnored: number;
  /** Orders whose state had to be asked for. */
  readonly resolutions: number;
}

const RECEIVED = { system: MESSAGING_SYSTEM.websocket, destination: 'executionReport' };
const RAW_DATA_CHARS_MAX = 1_024;
const RESOLVE_AGAIN_MS = 1_000;

/**
 * The service `exchange-client`: places and cancels orders over the exchange's WebSocket API and
 * tells what happens to them. Every order that is placed ends: what a lost connection or a missing
 * answer leaves unknown is asked for. The exchange sees neither our trace context nor our baggage.
 */
export class ExchangeClient {
  readonly #tracing: Tracing;
  readonly #options: ExchangeClientOptions;
  readonly #connection: ApiConnection;
  /** By exchange order id: the span that sent the order. */
  readonly #contexts: SpanContextRegistry;
  readonly #orders = new Map<string, OpenOrder>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #ordersPlaced = 0;
  #executions = 0;
  #reportsIgnored = 0;
  #resolutions = 0;

  constructor(tracing: Tracing, options: ExchangeClientOptions) {
    this.#tracing = tracing;
    this.#options = options;
    this.#contexts = tracing.createRegistry();
    this.#connection = new ApiConnection({
      url: options.wsApiUrl,
      apiKey: options.apiKey,
      apiSecret: options.apiSecret,
      requestTimeoutMs: options.requestTimeoutMs,
      onEvent: (event) => this.#onEvent(event),
      onReady: () => void this.#resolveAll(),
    });
  }

  /**
   * @throws ThroughlineError `TL_EXCHANGE_UNAVAILABLE` when the exchange cannot be reached in time
   */
  whenReady(timeoutMs: number): Promise<void> {
    return this.#connection.whenReady(timeoutMs);
  }

  stats(): ExchangeClientStats {
    return {
      ...this.#connection.stats(),
      ordersOpen: this.#orders.size,
      ordersPlaced: this.#ordersPlaced,
      executions: this.#executions,
      reportsIgnored: this.#reportsIgnored,
      resolutions: this.#resolutions,
    };
  }

  /**
   * Sends an order, as the child of the span in the carrier. Whatever comes of it arrives as
   * executions, of which one is the last.
   */
  place(order: ExchangeOrder, carrier: Carrier): void {
    const { propagator } = this.#tracing;
    const started = startWebSocketProducer(this.#tracing, ORDER_SPAN.externalExchangeWsSend, {
      context: propagator.extract(ROOT_CONTEXT, carrier),
      kind: SpanKind.CLIENT,
      destination: 'order.place',
      attributes: { [ATTR.exchangeOrderId]: order.exchangeOrderId },
    });
    this.#ordersPlaced += 1;
    this.#contexts.set(order.exchangeOrderId, started.span.spanContext());
    const open = new OpenOrder(order, instrumentOf(this.#options.instruments, order.symbol));
    this.#orders.set(order.exchangeOrderId, open);
    void this.#send(open, started);
  }

  /** Cancels what is left of an order; nothing happens when it has ended. */
  cancel(exchangeOrderId: string): void {
    const open = this.#orders.get(exchangeOrderId);
    if (!open) return;
    open.isCancelRequested = true;
    if (open.isSent) void this.#cancelNow(open);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#connection.close();
  }

  async #send(open: OpenOrder, started: StartedSpan): Promise<void> {
    try {
      await this.#connection.whenReady(this.#options.requestTimeoutMs);
      if (open.isCancelRequested) {
        started.end();
        this.#endUnsent(open, started.context, 'CANCELED', 'canceled before it was sent');
        return;
      }
      const answer = await this.#connection.request('order.place', placeParameters(open), () => {
        open.isSent = true;
        started.end();
        // The cancel came while the order waited for its turn.
        if (open.isCancelRequested) void this.#cancelNow(open);
      });
      // An order that the venue refuses is reported as well: the first to come counts.
      if (answer.type === 'refusal') {
        this.#receive(open, endOf(open.order, 'REJECTED', answer.message), answer);
      }
    } catch (error) {
      if (open.isSent) {
        this.#resolveLater(open);
        return;
      }
      started.end({ error });
      const reason = error instanceof Error ? error.message : String(error);
      this.#endUnsent(open, started.context, 'REJECTED', reason);
    }
  }

  /**
   * An order that never left us: nothing was received, so what is told of it follows from the send.
   */
  #endUnsent(open: OpenOrder, context: Context, exchangeStatus: string, reason: string): void {
    const execution = endOf(open.order, exchangeStatus, reason);
    if (execution && open.apply(execution)) this.#tell(open, execution, context);
  }

  async #cancelNow(open: OpenOrder): Promise<void> {
    const { symbol, exchangeOrderId: origClientOrderId } = open.order;
    try {
      const params = { symbol, origClientOrderId };
      const answer = await this.#connection.request('order.cancel', params);
      if (answer.type === 'result') return;
    } catch {
      // Without an answer the order's state has to be asked for, as after a refusal.
    }
    this.#resolveLater(open);
  }

  #onEvent(event: unknown): void {
    const report = executionReportSchema.safeParse(event);
    if (!report.success) return;
    const open = this.#orders.get(reportedOrderId(report.data));
    if (!open) {
      this.#reportsIgnored += 1;
      return;
    }
    const execution = executionOf(open, report.data);
    const cumLots = parseQuantity(open.instrument, report.data.z) ?? 0n;
    const isFill = execution?.outcome.type === 'fill';
    if (isFill) this.#receive(open, execution, event);
    const missesFills = cumLots > open.cumLots;
    if (missesFills) void this.#resolve(open);
    else if (!isFill) this.#receive(open, execution, event);
  }

  #receive(open: OpenOrder, execution: Execution | undefined, raw: unknown): void {
    if (!execution) return;
    if (!open.apply(execution)) {
      this.#reportsIgnored += 1;
      return;
    }
    const { exchangeOrderId, symbol, exchangeStatus, outcome } = execution;
    const fillId = outcome.type === 'fill' ? outcome.fillId : undefined;
    const sent = this.#contexts.get(exchangeOrderId);
    const started = startMatch(this.#tracing, ORDER_SPAN.externalExchangeWsRecv, {
      kind: SpanKind.CONSUMER,
      links: [{ spanContext: sent, type: LINK_TYPE.responseTo }],
      businessIds: { [ATTR.exchangeOrderId]: exchangeOrderId, [ATTR.fillId]: fillId, symbol },
      attributes: {
        ...messagingAttributes(RECEIVED, 'process'),
        [ATTR.exchangeOrderId]: exchangeOrderId,
        [ATTR.exchangeOrderStatus]: exchangeStatus,
        [ATTR.fillRawData]: redactedText(raw, RAW_DATA_CHARS_MAX),
        ...(fillId === undefined ? {} : { [ATTR.fillId]: fillId }),
      },
    });
    this.#tell(open, execution, started.context);
    started.end();
  }

  #tell(open: OpenOrder, execution: Execution, context: Context): void {
    this.#executions += 1;
    if (open.isEnded) {
      this.#orders.delete(execution.exchangeOrderId);
      this.#contexts.delete(execution.exchangeOrderId);
    }
    this.#options.onExecution(execution, context);
  }

  async #resolveAll(): Promise<void> {
    for (const open of [...this.#orders.values()]) {
      if (open.isSent) await this.#resolve(open);
    }
  }

  async #resolve(open: OpenOrder): Promise<void> {
    if (open.isResolving || open.isEnded) return;
    open.isResolving = true;
    this.#resolutions += 1;
    try {
      for (const { execution, raw } of await resolveOrder(this.#connection, open)) {
        if (open.isNews(execution)) this.#receive(open, execution, raw);
      }
      if (open.isCancelRequested && !open.isEnded) void this.#cancelNow(open);
    } catch {
      this.#resolveLater(open);
    } finally {
      open.isResolving = false;
    }
  }

  /** Reports may still be on their way. Without a connection, the next one resolves all orders. */
  #resolveLater(open: OpenOrder): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (this.#connection.stats().isReady) void this.#resolve(open);
    }, RESOLVE_AGAIN_MS);
    this.#timers.add(timer);
  }
}
