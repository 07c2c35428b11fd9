import { type ErrorCode, ThroughlineError } from '@throughline/model';

/**
 * Why an order failed, as `order.error_type` says it.
 *
 * - `filter`: price, quantity or worth is not what the exchange accepts for the symbol.
 * - `insufficient_balance`, `max_position`: the account cannot pay, or would hold too much.
 * - `rate_limited`, `timeout`, `venue_unavailable`: it may work in a moment.
 * - `clock`: the request's time is not the exchange's.
 * - `authentication`: the exchange does not take key or signature.
 * - `rejected`: the exchange refuses the order, for a reason of its own.
 * - `duplicate`: an order with this id is open already.
 * - `unfilled`: the order ended before all of it was filled.
 * - `not_sent`: the process ended before it sent the order.
 * - `unknown_order`: the exchange has no order with this id, or not any more.
 * - `unknown_symbol`: the exchange does not trade it.
 * - `invalid_request`: the exchange does not understand the request, or we not its answer.
 * - `internal`: a defect of our own, or the database.
 */
export type OrderErrorType =
  | 'filter'
  | 'insufficient_balance'
  | 'max_position'
  | 'rate_limited'
  | 'timeout'
  | 'venue_unavailable'
  | 'clock'
  | 'authentication'
  | 'rejected'
  | 'duplicate'
  | 'unfilled'
  | 'not_sent'
  | 'unknown_order'
  | 'unknown_symbol'
  | 'invalid_request'
  | 'internal';

const CODES: Readonly<Record<OrderErrorType, ErrorCode>> = {
  filter: 'TL_ORDER_INVALID',
  insufficient_balance: 'TL_ORDER_INVALID',
  max_position: 'TL_ORDER_INVALID',
  rate_limited: 'TL_EXCHANGE_UNAVAILABLE',
  timeout: 'TL_EXCHANGE_UNAVAILABLE',
  venue_unavailable: 'TL_EXCHANGE_UNAVAILABLE',
  clock: 'TL_EXCHANGE_UNAVAILABLE',
  authentication: 'TL_EXCHANGE_REFUSED',
  rejected: 'TL_EXCHANGE_REFUSED',
  duplicate: 'TL_ORDER_DUPLICATE',
  unfilled: 'TL_EXCHANGE_REFUSED',
  not_sent: 'TL_INTERNAL',
  unknown_order: 'TL_NOT_FOUND',
  unknown_symbol: 'TL_NOT_FOUND',
  invalid_request: 'TL_EXCHANGE_REFUSED',
  internal: 'TL_INTERNAL',
};

/** A failure of an order, or of a question to the exchange, that is classified. */
export class OrderError extends ThroughlineError {
  readonly errorType: OrderErrorType;
  /** How long the exchange wants to be left alone (`Retry-After`). */
  readonly retryAfterMs: number | undefined;

  constructor(
    errorType: OrderErrorType,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number | undefined } = {},
  ) {
    super(CODES[errorType], message, { cause: options.cause });
    this.errorType = errorType;
    this.retryAfterMs = options.retryAfterMs;
  }
}

export function errorTypeOf(error: unknown): OrderErrorType {
  return error instanceof OrderError ? error.errorType : 'internal';
}
