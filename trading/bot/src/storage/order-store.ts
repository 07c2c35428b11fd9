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

/** An order when it is first written down. */
export interface NewOrderRecord {
  readonly id: string;
  readonly signalId: string;
  readonly strategy: string;
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: string;
  readonly price: string;
  /** Of its trace; undefined when it is not traced. */
  readonly traceId: string | undefined;
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
  readonly status: OrderStatus;
  readonly filledQuantity: string;
  readonly averagePrice: string | undefined;
  readonly exchangeOrderId: string | undefined;
  readonly errorType: OrderErrorType | undefined;
  /** The context of `order_execution`: whoever goes on with the order goes on with its trace. */
  readonly carrier: Carrier;
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
    const { id, signalId, strategy, symbol, side, quantity, price, traceId } = order;
    await this.#pool.query(statements.INSERT_ORDER, [
      id,
      signalId,
      strategy,
      symbol,
      side,
      quantity,
      price,
      traceId ?? null,
    ]);
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

  /** Those that may still change, the oldest first. */
  async openOrders(): Promise<OrderRecord[]> {
    const { rows } = await this.#pool.query(statements.SELECT_OPEN_ORDERS);
    return rows.map(toRecord);
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
