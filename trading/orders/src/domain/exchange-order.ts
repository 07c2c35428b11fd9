import type { ExchangeTimeInForce, OrderType, Side } from './client-order.ts';
import type { UnfilledEnd } from './group-execution.ts';

/**
 * An order of our own on the exchange: a slice of a price group. Plain data: it crosses threads.
 */
export interface ExchangeOrder {
  /** The client order id at the exchange: `^[a-zA-Z0-9-_]{1,36}$`. */
  readonly exchangeOrderId: string;
  readonly batchId: string;
  /** The name of the venue that it goes to. */
  readonly venue: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: ExchangeTimeInForce;
  readonly lots: bigint;
  /** The limit; undefined for a market order. */
  readonly priceTicks: bigint | undefined;
}

export interface Fill {
  readonly type: 'fill';
  /** Unique over all fills of all venues. */
  readonly fillId: string;
  readonly lots: bigint;
  readonly priceTicks: bigint;
  readonly liquidity: 'maker' | 'taker';
}

export interface UnfilledOutcome {
  readonly type: 'end';
  readonly end: UnfilledEnd;
  /** In the exchange's words. */
  readonly reason: string;
}

/** What happened to an exchange order. Plain data: it crosses threads. */
export interface Execution {
  readonly exchangeOrderId: string;
  /** The name of the venue where it happened. */
  readonly venue: string;
  readonly symbol: string;
  /** The exchange's own word for the order's status, such as `PARTIALLY_FILLED`. */
  readonly exchangeStatus: string;
  readonly outcome: Fill | UnfilledOutcome;
}
