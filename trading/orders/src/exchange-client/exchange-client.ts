import type { Context } from '@opentelemetry/api';
import { type Instruments, instrumentOf, parseQuantity } from '@throughline/instruments';
import type { Carrier, StartedSpan, Tracing } from '@throughline/sdk';
import type { ExchangeOrder, Execution } from '../domain/exchange-order.ts';
import { ApiConnection, type Credentials } from './api-connection.ts';
import {
  type ExecutionReport,
  endOf,
  executionOf,
  executionReportSchema,
  placedSchema,
  placeParameters,
  reportedFillId,
  reportedOrderId,
} from './exchange-messages.ts';
import { ExchangeSpans } from './exchange-spans.ts';
import { OpenOrder } from './open-order.ts';
import { cancelLate, cancelOrphans, type Orphan } from './orphans.ts';
import { reconcile } from './reconciliation.ts';
import { resolveOrder } from './resolution.ts';

export interface ExchangeClientOptions extends Credentials {
  /** The name of the venue. */
  readonly venue: string;
  readonly wsApiUrl: string;
  readonly instruments: Instruments;
  /** How long a request waits for its answer, and a new order for a connection. */
  readonly requestTimeoutMs: number;
  /** Open orders whose ids begin with this are canceled at the start; undefined: left alone. */
  readonly orphanPrefix: string | undefined;
  /** @param context of the span that received it */
  readonly onExecution: (execution: Execution, context: Context) => void;
  readonly onOrphan: (orphan: Orphan) => void;
  /** The venue can be reached, for the first time or again; or it no longer can. */
  readonly onChange: (isUp: boolean) => void;
}

export interface ExchangeClientStats {
  readonly isReady: boolean;
  readonly reconnects: number;
  readonly framesMalformed: number;
  /** Placed and not yet ended. */
  readonly ordersOpen: number;
  readonly ordersPlaced: number;
  readonly executions: number;
  /** Reports that changed nothing: repeated ones, or on orders of others on the account. */
  readonly reportsIgnored: number;
  /** Of these, fills that were received before. */
  readonly fillsRepeated: number;
  /** Fills that were learned of by asking. */
  readonly fillsRecovered: number;
  /** Orders whose state had to be asked for. */
  readonly resolutions: number;
  /** Orders that nobody waited for: of an earlier process, or given up and late. */
  readonly orphansCanceled: number;
}

const ASK_AGAIN_MS = 1_000;
const GIVEN_UP_MAX = 10_000;
/** In the exchange's words. */
const OPEN = new Set(['NEW', 'PARTIALLY_FILLED']);

/**
 * The service `exchange-client` at one venue: places and cancels orders over its WebSocket API and
 * tells what happens to them. Every order that is placed ends, and each of its fills is told once:
 * what a lost connection, a lost report or a missing answer leaves unknown is asked for, and what is
 * told again is left out. The exchange sees neither our trace context nor our baggage.
 */
export class ExchangeClient {
  readonly #options: ExchangeClientOptions;
  readonly #connection: ApiConnection;
  readonly #spans: ExchangeSpans;
  readonly #orders = new Map<string, OpenOrder>();
  /** Ids of orders that the exchange did not know when it was asked. */
  readonly #givenUp = new Set<string>();
  /** By symbol: the highest id of a trade of ours. */
  readonly #lastTradeIds = new Map<string, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Orphans are looked for once: later open orders are of this process. */
  #areOrphansCanceled: boolean;
  #ordersPlaced = 0;
  #executions = 0;
  #reportsIgnored = 0;
  #fillsRepeated = 0;
  #fillsRecovered = 0;
  #resolutions = 0;
  #orphansCanceled = 0;

  constructor(tracing: Tracing, options: ExchangeClientOptions) {
    this.#options = options;
    this.#areOrphansCanceled = options.orphanPrefix === undefined;
    this.#spans = new ExchangeSpans(tracing, options.venue, options.wsApiUrl);
    this.#connection = new ApiConnection({
      url: options.wsApiUrl,
      apiKey: options.apiKey,
      apiSecret: options.apiSecret,
      requestTimeoutMs: options.requestTimeoutMs,
      prepare: () => this.#cancelOrphans(),
      onEvent: (event) => this.#onEvent(event),
      onReady: () => {
        options.onChange(true);
        void this.#reconcile();
      },
      onLost: () => options.onChange(false),
    });
  }

  /**
   * Waits until the venue can be reached and nothing of an earlier process is open there.
   *
   * @throws ThroughlineError `TL_EXCHANGE_UNAVAILABLE` when that is not so in time
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
      fillsRepeated: this.#fillsRepeated,
      fillsRecovered: this.#fillsRecovered,
      resolutions: this.#resolutions,
      orphansCanceled: this.#orphansCanceled,
    };
  }

  /**
   * Sends an order, as the child of the span in the carrier. Whatever comes of it arrives as
   * executions, of which one is the last.
   */
  place(order: ExchangeOrder, carrier: Carrier): void {
    this.#ordersPlaced += 1;
    const started = this.#spans.startPlace(order.exchangeOrderId, carrier);
    const open = new OpenOrder(order, instrumentOf(this.#options.instruments, order.symbol));
    this.#orders.set(order.exchangeOrderId, open);
    void this.#send(open, started);
  }

  /**
   * Cancels what is left of an order; nothing happens when it has ended.
   *
   * @param carrier of the span that wants it; empty: no span is made of the cancel
   */
  cancel(exchangeOrderId: string, carrier: Carrier): void {
    const open = this.#orders.get(exchangeOrderId);
    if (!open) return;
    open.isCancelRequested = true;
    open.cancelCarrier = carrier;
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
        open.sent(this.#lastTradeIds.get(open.order.symbol));
        started.end();
        // The cancel came while the order waited for its turn.
        if (open.isCancelRequested) void this.#cancelNow(open);
      });
      // An order that the venue refuses is reported as well: the first to come counts.
      if (answer.type === 'refusal') {
        this.#receive(open, endOf(open.order, 'REJECTED', answer.message), answer);
      } else {
        open.venueOrderId ??= placedSchema.safeParse(answer.result).data?.orderId;
      }
    } catch (error) {
      if (open.isSent) {
        this.#later(() => this.#resolve(open));
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
    const started = this.#spans.startCancel(origClientOrderId, open.cancelCarrier);
    let isSent = false;
    try {
      const params = { symbol, origClientOrderId };
      const answer = await this.#connection.request('order.cancel', params, () => {
        isSent = true;
        open.cancelContext = started?.span.spanContext();
        started?.end();
      });
      if (answer.type === 'result') return;
    } catch (error) {
      // Without an answer the order's state has to be asked for, as after a refusal.
      if (!isSent) started?.end({ error });
    }
    this.#later(() => this.#resolve(open));
  }

  #onEvent(event: unknown): void {
    const { data: report } = executionReportSchema.safeParse(event);
    if (!report) return;
    if (report.x === 'TRADE') this.#noteTrade(report);
    const open = this.#orders.get(reportedOrderId(report));
    if (!open) {
      if (OPEN.has(report.X)) this.#cancelIfGivenUp(report);
      this.#ignore(report, event);
      return;
    }
    open.venueOrderId = report.i;
    const execution = executionOf(open, report);
    const isFill = execution?.outcome.type === 'fill';
    if (isFill && open.isNews(execution)) this.#receive(open, execution, event);
    else if (isFill) this.#ignore(report, event);
    const cumLots = parseQuantity(open.instrument, report.z) ?? 0n;
    const missesFills = cumLots > open.cumLots;
    if (missesFills) void this.#resolve(open);
    else if (!isFill) this.#receive(open, execution, event);
  }

  /** A request of ours reached the exchange so late that its order counts as rejected. */
  #cancelIfGivenUp(report: ExecutionReport): void {
    const isGivenUp = this.#givenUp.delete(reportedOrderId(report));
    if (isGivenUp) void this.#cancelLate(report);
  }

  async #cancelLate(report: ExecutionReport): Promise<void> {
    try {
      this.#noteOrphan(await cancelLate(this.#connection, report));
    } catch {
      this.#later(() => this.#cancelLate(report));
    }
  }

  #noteOrphan(orphan: Orphan): void {
    if (orphan.isCanceled) this.#orphansCanceled += 1;
    this.#options.onOrphan(orphan);
  }

  #giveUp(exchangeOrderId: string): void {
    const [oldest] = this.#givenUp;
    if (oldest !== undefined && this.#givenUp.size >= GIVEN_UP_MAX) this.#givenUp.delete(oldest);
    this.#givenUp.add(exchangeOrderId);
  }

  #noteTrade({ s: symbol, t: tradeId }: ExecutionReport): void {
    const lastId = this.#lastTradeIds.get(symbol) ?? tradeId;
    this.#lastTradeIds.set(symbol, Math.max(lastId, tradeId));
  }

  /** A report that changes nothing. A fill that was received before shows in the trace. */
  #ignore(report: ExecutionReport, raw: unknown): void {
    this.#reportsIgnored += 1;
    if (report.x !== 'TRADE') return;
    const fillId = reportedFillId(this.#options.venue, report);
    if (!this.#spans.knows(fillId)) return;
    this.#fillsRepeated += 1;
    this.#spans.receivedAgain({
      exchangeOrderId: reportedOrderId(report),
      symbol: report.s,
      exchangeStatus: report.X,
      fillId,
      raw,
      isRecovered: false,
      cancelContext: undefined,
    });
  }

  /** @param isRecovered learned of by asking */
  #receive(
    open: OpenOrder,
    execution: Execution | undefined,
    raw: unknown,
    isRecovered = false,
  ): void {
    if (!execution) return;
    if (!open.apply(execution)) {
      this.#reportsIgnored += 1;
      return;
    }
    const { exchangeOrderId, symbol, exchangeStatus, outcome } = execution;
    if (isRecovered && outcome.type === 'fill') this.#fillsRecovered += 1;
    const isCanceled = outcome.type === 'end' && outcome.end === 'canceled';
    const started = this.#spans.startReceive({
      exchangeOrderId,
      symbol,
      exchangeStatus,
      fillId: outcome.type === 'fill' ? outcome.fillId : undefined,
      raw,
      isRecovered,
      cancelContext: isCanceled ? open.cancelContext : undefined,
    });
    this.#tell(open, execution, started.context);
    started.end();
  }

  #tell(open: OpenOrder, execution: Execution, context: Context): void {
    this.#executions += 1;
    if (open.isEnded) this.#orders.delete(execution.exchangeOrderId);
    this.#options.onExecution(execution, context);
  }

  async #cancelOrphans(): Promise<void> {
    const { orphanPrefix = '' } = this.#options;
    if (this.#areOrphansCanceled) return;
    for (const orphan of await cancelOrphans(this.#connection, orphanPrefix)) {
      this.#noteOrphan(orphan);
    }
    this.#areOrphansCanceled = true;
  }

  /** After a reconnect: what happened to the open orders while nobody listened. */
  async #reconcile(): Promise<void> {
    const sent = [...this.#orders.values()].filter(({ isSent }) => isSent);
    if (sent.length === 0) return;
    try {
      const { fills, unclear } = await reconcile(this.#connection, sent);
      for (const { open, execution, raw } of fills) {
        if (!open.isNews(execution)) continue;
        const exchangeStatus = open.isCompletedBy(execution) ? 'FILLED' : execution.exchangeStatus;
        this.#receive(open, { ...execution, exchangeStatus }, raw, true);
      }
      const unclearOrders = new Set(unclear());
      for (const open of unclearOrders) void this.#resolve(open);
      for (const open of sent) {
        if (open.isCancelRequested && !open.isEnded && !unclearOrders.has(open)) {
          void this.#cancelNow(open);
        }
      }
    } catch {
      this.#later(() => this.#reconcile());
    }
  }

  async #resolve(open: OpenOrder): Promise<void> {
    if (open.isEnded) return;
    open.isResolvedAgain = open.isResolving;
    if (open.isResolving) return;
    open.isResolving = true;
    this.#resolutions += 1;
    try {
      for (const { execution, raw } of await resolveOrder(this.#connection, open)) {
        const isRejected = execution.exchangeStatus === 'REJECTED';
        if (isRejected) this.#giveUp(execution.exchangeOrderId);
        if (open.isNews(execution)) this.#receive(open, execution, raw, true);
      }
      if (open.isCancelRequested && !open.isEnded) void this.#cancelNow(open);
    } catch {
      this.#later(() => this.#resolve(open));
    } finally {
      open.isResolving = false;
    }
    if (open.isResolvedAgain) void this.#resolve(open);
  }

  /** Reports may still be on their way. Without a connection, the next one asks for all orders. */
  #later(ask: () => Promise<void>): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (this.#connection.stats().isReady) void ask();
    }, ASK_AGAIN_MS);
    this.#timers.add(timer);
  }
}
