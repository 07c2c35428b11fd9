import { setTimeout as sleep } from 'node:timers/promises';
import { context } from '@opentelemetry/api';
import type { Instrument } from '@throughline/instruments';
import { ATTR, WORKFLOW_SPAN } from '@throughline/model';
import { currentTracing, extractContextFromCarrier, traced } from '@throughline/sdk';
import { untraced } from '@throughline/service';
import type { Logger } from 'pino';
import { isFinal, type Order } from '../domain/order.ts';
import { errorTypeOf, OrderError, type OrderErrorType } from '../domain/order-error.ts';
import type { ExchangeClient } from '../exchange/exchange-client.ts';
import type { OrderReport } from '../exchange/messages.ts';
import type { OrderRecord, OrderStore } from '../storage/order-store.ts';
import { reportAttributes, setAttributes, setFailure } from './attributes.ts';
import { reportRecordOf } from './report.ts';

export interface ConfirmationOptions {
  readonly exchange: Pick<ExchangeClient, 'instrument' | 'orderById' | 'cancelOrder'>;
  readonly store: Pick<
    OrderStore,
    'reportOrder' | 'failOrder' | 'confirmOrder' | 'unconfirmedIds' | 'unconfirmedOrder'
  >;
  readonly logger: Logger;
  /** How long an order may stay open; then what is left of it is canceled. */
  readonly openMsMax: number;
  /** An order that was sent so long ago arrived by now, or never will. */
  readonly settledMs: number;
}

/** An order at the exchange. */
export interface PlacedOrder {
  readonly order: Pick<Order, 'id' | 'symbol'>;
  readonly instrument: Instrument;
  /** What the exchange said last; undefined when that is not known. */
  readonly report: OrderReport | undefined;
  /** How it ended if the exchange does not have it; undefined: then it is not confirmed. */
  readonly endIfUnknown?: {
    readonly status: 'rejected' | 'expired';
    readonly errorType: OrderErrorType;
  };
}

const POLL_MS = 50;
const POLL_MS_MAX = 500;
const FLUSH_TIMEOUT_MS = 1_000;

/**
 * Follows orders to their final state, `order_confirmation`: right after they were placed, and those
 * that were left open when the exchange, the network or this process failed. The database knows which
 * confirmations were sent: one that a killed process did not send any more, the next one says again.
 */
export class Confirmation {
  readonly #options: ConfirmationOptions;
  readonly #claimed = new Set<string>();
  /** By order: the sending of its confirmation. */
  readonly #sending = new Map<string, Promise<void>>();
  /** Of what an earlier process left open nothing is known yet. */
  #mayBeOpen = true;
  readonly #stopping = new AbortController();

  constructor(options: ConfirmationOptions) {
    this.#options = options;
  }

  /** Open orders are canceled as soon as they are looked at next. */
  stop(): void {
    this.#stopping.abort();
  }

  /** Waits until all confirmations are sent. */
  async sent(): Promise<void> {
    await Promise.all(this.#sending.values());
  }

  /**
   * The order is somebody's, until the function that is returned is called, which is told whether
   * the order may still be open.
   */
  claim(orderId: string): (mayBeOpen: boolean) => void {
    this.#claimed.add(orderId);
    return (mayBeOpen) => {
      this.#claimed.delete(orderId);
      this.#mayBeOpen ||= mayBeOpen;
    };
  }

  /** @throws OrderError when the exchange cannot be asked, or does not know the order */
  async confirm(placed: PlacedOrder): Promise<void> {
    const { order, instrument, endIfUnknown } = placed;
    const { store, logger } = this.#options;
    const attributes = { [ATTR.orderOrderId]: order.id, [ATTR.orderSymbol]: order.symbol };
    const confirm = async (): Promise<void> => {
      try {
        const final = await this.#follow(placed);
        const record = reportRecordOf(instrument, final);
        setAttributes(reportAttributes(record));
        await store.reportOrder(order.id, record);
        logger.info({ orderId: order.id, status: record.status }, 'order confirmed');
      } catch (error) {
        setFailure(error);
        if (!endIfUnknown || errorTypeOf(error) !== 'unknown_order') throw error;
        const { status, errorType } = endIfUnknown;
        await store.failOrder(order.id, status, errorType);
        setAttributes({ [ATTR.orderStatus]: status, [ATTR.orderErrorType]: errorType });
        logger.warn({ orderId: order.id, status }, 'the exchange does not have the order');
      }
    };
    await traced(WORKFLOW_SPAN.orderConfirmation, { attributes })(confirm)();
    this.#send(order.id);
  }

  /** An order that was refused before it was open: it is final, and says so like any other. */
  async refuse({ id, symbol }: Pick<Order, 'id' | 'symbol'>, error: unknown): Promise<void> {
    const attributes = { [ATTR.orderOrderId]: id, [ATTR.orderSymbol]: symbol };
    const refuse = async (): Promise<void> => {
      await this.#options.store.failOrder(id, 'rejected', errorTypeOf(error));
      setAttributes({ [ATTR.orderStatus]: 'rejected' });
      setFailure(error);
    };
    await traced(WORKFLOW_SPAN.orderConfirmation, { attributes })(refuse)();
    this.#send(id);
  }

  /**
   * Takes up the orders that nobody follows and whose confirmation was not sent, each in its own trace.
   * What cannot be resolved now is left for the next time.
   *
   * @throws what `pg` throws
   */
  async resume(): Promise<void> {
    if (!this.#mayBeOpen) return;
    const ids = await this.#options.store.unconfirmedIds();
    this.#mayBeOpen = false;
    for (const id of ids) {
      if (!this.#claimed.has(id) && !this.#sending.has(id)) await this.#takeUp(id);
    }
  }

  async #takeUp(id: string): Promise<void> {
    const { store, settledMs, logger } = this.#options;
    const release = this.claim(id);
    try {
      // Whoever followed it may have come to its end since the orders were looked for.
      const record = await store.unconfirmedOrder(id);
      if (!record) return release(false);
      const isSettled = Date.now() - record.updatedAt.getTime() > settledMs;
      if (!isSettled || this.#stopping.signal.aborted) return release(true);
      await context.with(extractContextFromCarrier(record.carrier), () => this.#resume(record));
      release(false);
    } catch (error) {
      release(true);
      logger.warn({ orderId: id, errorType: errorTypeOf(error), err: error }, 'order still open');
    }
  }

  async #resume(record: OrderRecord): Promise<void> {
    if (isFinal(record.status)) return this.#confirmAgain(record);
    if (record.status === 'pending_new') {
      // The exchange has never heard of it, and will not: the market has moved on.
      const message = 'the process ended before the order was sent';
      this.#options.logger.warn({ orderId: record.id }, message);
      return this.refuse(record, new OrderError('not_sent', message));
    }
    const { exchangeOrderId, errorType = 'unknown_order' } = record;
    // What the exchange had taken was no rejection, whatever became of it there.
    const status = exchangeOrderId === undefined ? 'rejected' : 'expired';
    await this.confirm({
      order: record,
      instrument: this.#options.exchange.instrument(record.symbol),
      report: undefined,
      endIfUnknown: { status, errorType },
    });
  }

  /** An order whose end is in the database, though perhaps not in its trace. */
  async #confirmAgain(record: OrderRecord): Promise<void> {
    const attributes = { [ATTR.orderOrderId]: record.id, [ATTR.orderSymbol]: record.symbol };
    const confirm = async () => setAttributes(reportAttributes(record));
    await traced(WORKFLOW_SPAN.orderConfirmation, { attributes })(confirm)();
    this.#send(record.id);
  }

  /**
   * Sends the confirmation that has just ended, and notes that it was sent. In the background: who
   * trades does not wait for it. A server that does not answer in time counts as told, as the sdk keeps
   * trying by itself.
   */
  #send(orderId: string): void {
    const { store, logger } = this.#options;
    const send = async (): Promise<void> => {
      await currentTracing().flush(FLUSH_TIMEOUT_MS);
      await store.confirmOrder(orderId);
    };
    const sending = untraced(send)
      .catch((error) => {
        this.#mayBeOpen = true;
        logger.error({ orderId, err: error }, 'the confirmation of an order could not be noted');
      })
      .finally(() => this.#sending.delete(orderId));
    this.#sending.set(orderId, sending);
  }

  async #follow({ order, instrument, report }: PlacedOrder): Promise<OrderReport> {
    const { exchange, openMsMax } = this.#options;
    const { signal } = this.#stopping;
    const deadlineMs = performance.now() + openMsMax;
    let latest = report ?? (await exchange.orderById(order, instrument));
    for (let pollMs = POLL_MS; !isFinal(latest.status); pollMs *= 2) {
      const isOver = signal.aborted || performance.now() > deadlineMs;
      if (!isOver) await this.#pause(Math.min(pollMs, POLL_MS_MAX, deadlineMs - performance.now()));
      latest = isOver
        ? await exchange.cancelOrder(order, instrument)
        : await exchange.orderById(order, instrument);
    }
    return latest;
  }

  async #pause(ms: number): Promise<void> {
    await sleep(Math.max(ms, 1), undefined, { signal: this.#stopping.signal }).catch(
      () => undefined,
    );
  }
}
