import { type Decimal, parseDecimal } from '@throughline/model';
import type { Carrier } from '@throughline/sdk';
import type pg from 'pg';
import type { OrderStatus } from '../domain/order.ts';
import type { OrderErrorType } from '../domain/order-error.ts';
import type { Side } from '../domain/strategy.ts';
import * as statements from './statements.ts';

/** A signal as it is kept. Prices and quantities are decimal strings, here and below. */
export interface SignalRecord {
  readonly id: string;
  readonly strategy: string;
  readonly symbol: string;
  readonly direction: Side;
  readonly confidence: number;
  readonly entryPrice: string;
  readonly candles: number;
}

/** An order when it is first written down: nobody knows yet how large it will be. */
export interface NewOrderRecord {
  readonly id: string;
  readonly signalId: string;
  readonly strategy: string;
  readonly symbol: string;
  readonly side: Side;
  /** The signal's, until the order has its own. */
  readonly price: string;
  /** Of its trace; undefined when it is not traced. */
  readonly traceId: string | undefined;
  /**
   * The context of the last step that worked on it: whoever goes on with the order goes on with its
   * trace.
   */
  readonly carrier: Carrier;
}

/** What the exchange said last. */
export interface ReportRecord {
  readonly status: OrderStatus;
  readonly exchangeOrderId: string;
  readonly filledQuantity: string;
  readonly averagePrice: string | undefined;
  readonly errorType: OrderErrorType | undefined;
}

/** An order as it is kept. */
export interface OrderRecord extends Omit<NewOrderRecord, 'signalId'> {
  /** 0 until it is known. */
  readonly quantity: string;
  readonly status: OrderStatus;
  readonly filledQuantity: string;
  readonly averagePrice: string | undefined;
  readonly exchangeOrderId: string | undefined;
  readonly errorType: OrderErrorType | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface OrderQuery {
  readonly symbol?: string | undefined;
  readonly status?: OrderStatus | undefined;
  readonly limit: number;
}

/** Signals and orders in PostgreSQL. Rejects with what `pg` throws. */
export class OrderStore {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async addSignal(signal: SignalRecord): Promise<void> {
    const { id, strategy, symbol, direction, confidence, entryPrice, candles } = signal;
    await this.#pool.query(statements.INSERT_SIGNAL, [
      id,
      strategy,
      symbol,
      direction,
      confidence,
      entryPrice,
      candles,
    ]);
  }

  async addOrder(order: NewOrderRecord): Promise<void> {
    const { id, signalId, strategy, symbol, side, price, traceId, carrier } = order;
    await this.#pool.query(statements.INSERT_ORDER, [
      id,
      signalId,
      strategy,
      symbol,
      side,
      price,
      traceId ?? null,
      JSON.stringify(carrier),
    ]);
  }

  async sizeOrder(
    id: string,
    { quantity, price }: Pick<OrderRecord, 'quantity' | 'price'>,
    carrier: Carrier,
  ): Promise<void> {
    const values = [id, quantity, price, JSON.stringify(carrier)];
    await this.#pool.query(statements.SIZE_ORDER, values);
  }

  /** Before it is sent: from now on it may be at the exchange. */
  async startOrder(id: string, carrier: Carrier): Promise<void> {
    await this.#pool.query(statements.START_ORDER, [id, JSON.stringify(carrier)]);
  }

  async reportOrder(id: string, report: ReportRecord): Promise<void> {
    const { status, exchangeOrderId, filledQuantity, averagePrice, errorType } = report;
    await this.#pool.query(statements.REPORT_ORDER, [
      id,
      status,
      exchangeOrderId,
      filledQuantity,
      averagePrice ?? null,
      errorType ?? null,
    ]);
  }

  async failOrder(id: string, status: OrderStatus, errorType: OrderErrorType): Promise<void> {
    await this.#pool.query(statements.FAIL_ORDER, [id, status, errorType]);
  }

  async order(id: string): Promise<OrderRecord | undefined> {
    const { rows } = await this.#pool.query(statements.SELECT_ORDER, [id]);
    return rows.map(toRecord)[0];
  }

  /** The newest first. */
  async orders({ symbol, status, limit }: OrderQuery): Promise<OrderRecord[]> {
    const values = [symbol ?? null, status ?? null, limit];
    const { rows } = await this.#pool.query(statements.SELECT_ORDERS, values);
    return rows.map(toRecord);
  }

  /** The order has ended, and the span that says so was sent: nothing is left to be done. */
  async confirmOrder(id: string): Promise<void> {
    await this.#pool.query(statements.CONFIRM_ORDER, [id]);
  }

  /** Of those of which {@link confirmOrder} was not called, the oldest first. */
  async unconfirmedIds(): Promise<string[]> {
    const { rows } = await this.#pool.query(statements.SELECT_UNCONFIRMED_IDS);
    return rows.map(({ id }) => id);
  }

  /** @returns undefined when the order was confirmed */
  async unconfirmedOrder(id: string): Promise<OrderRecord | undefined> {
    const { rows } = await this.#pool.query(statements.SELECT_UNCONFIRMED_ORDER, [id]);
    return rows.map(toRecord)[0];
  }

  /** Bought less sold, as if all open orders but this one were filled. */
  async position(symbol: string, exceptId: string): Promise<Decimal> {
    const { rows } = await this.#pool.query(statements.SELECT_POSITION, [symbol, exceptId]);
    return parseDecimal(rows[0].position);
  }
}

interface OrderRow {
  id: string;
  strategy: string;
  symbol: string;
  side: Side;
  quantity: string;
  price: string;
  status: OrderStatus;
  filled_quantity: string;
  average_price: string | null;
  exchange_order_id: string | null;
  error_type: OrderErrorType | null;
  trace_id: string | null;
  carrier: Carrier;
  created_at: Date;
  updated_at: Date;
}

function toRecord(row: OrderRow): OrderRecord {
  const { id, strategy, symbol, side, quantity, price, status, carrier } = row;
  return {
    id,
    strategy,
    symbol,
    side,
    quantity,
    price,
    status,
    carrier,
    filledQuantity: row.filled_quantity,
    averagePrice: row.average_price ?? undefined,
    exchangeOrderId: row.exchange_order_id ?? undefined,
    errorType: row.error_type ?? undefined,
    traceId: row.trace_id ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
