import { setTimeout as sleep } from 'node:timers/promises';
import { context } from '@opentelemetry/api';
import type { Instrument } from '@throughline/instruments';
import { ATTR, WORKFLOW_SPAN } from '@throughline/model';
import { extractContextFromCarrier, traced } from '@throughline/sdk';
import type { Logger } from 'pino';
import { isFinal, type Order } from '../domain/order.ts';
import { errorTypeOf, OrderError } from '../domain/order-error.ts';
import type { ExchangeClient } from '../exchange/exchange-client.ts';
import type { OrderReport } from '../exchange/messages.ts';
import type { OrderRecord, OrderStore } from '../storage/order-store.ts';
import { reportAttributes, setAttributes, setFailure } from './attributes.ts';
import { reportRecordOf } from './report.ts';

export interface ConfirmationOptions {
  readonly exchange: ExchangeClient;
  readonly store: OrderStore;
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
}

const POLL_MS = 50;
const POLL_MS_MAX = 500;

/**
 * Follows orders to their final state, `order_confirmation`: right after they were placed, and those
 * that were left open when the exchange, the network or this process failed.
 */
export class Confirmation {
  readonly #options: ConfirmationOptions;
  readonly #claimed = new Set<string>();
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
  confirm({ order, instrument, report }: PlacedOrder): Promise<void> {
    const { store, logger } = this.#options;
    const attributes = { [ATTR.orderOrderId]: order.id, [ATTR.orderSymbol]: order.symbol };
    const confirm = async (): Promise<void> => {
      try {
        const final = await this.#follow({ order, instrument, report });
        const record = reportRecordOf(instrument, final);
        setAttributes({
          ...reportAttributes(record),
          [ATTR.orderSuccess]: record.status === 'filled',
        });
        await store.reportOrder(order.id, record);
        logger.info({ orderId: order.id, status: record.status }, 'order confirmed');
      } catch (error) {
        setFailure(error);
        throw error;
      }
    };
    return traced(WORKFLOW_SPAN.orderConfirmation, { attributes })(confirm)();
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
  }

  /**
   * Takes up the open orders that nobody follows, each in its own trace. What cannot be resolved now
   * is left for the next time.
   *
   * @throws what `pg` throws
   */
  async resume(): Promise<void> {
    if (!this.#mayBeOpen) return;
    const records = await this.#options.store.openOrders();
    this.#mayBeOpen = false;
    for (const record of records) {
      if (!this.#claimed.has(record.id)) await this.#takeUp(record);
    }
  }

  async #takeUp(record: OrderRecord): Promise<void> {
    const { settledMs, logger } = this.#options;
    const release = this.claim(record.id);
    const isSettled = Date.now() - record.updatedAt.getTime() > settledMs;
    if (!isSettled || this.#stopping.signal.aborted) return release(true);
    try {
      await context.with(extractContextFromCarrier(record.carrier), () => this.#resume(record));
      release(false);
    } catch (error) {
      release(true);
      const errorType = errorTypeOf(error);
      logger.warn({ orderId: record.id, errorType, err: error }, 'order still open');
    }
  }

  async #resume(record: OrderRecord): Promise<void> {
    const { exchange, store } = this.#options;
    // Not sent yet when the process ended: the exchange has never heard of it.
    if (record.status === 'pending_new') return store.failOrder(record.id, 'rejected', 'internal');
    const instrument = exchange.instrument(record.symbol);
    try {
      await this.confirm({ order: record, instrument, report: undefined });
    } catch (error) {
      if (!(error instanceof OrderError) || error.errorType !== 'unknown_order') throw error;
      await store.failOrder(record.id, 'rejected', record.errorType ?? 'unknown_order');
    }
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
