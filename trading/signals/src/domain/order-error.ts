import { type ErrorCode, ThroughlineError } from '@throughline/model';

/** Why a signal did not become an order: `order.error_type`. */
export type OrderErrorType =
  | 'signal_stale'
  | 'symbol_unknown'
  | 'order_too_small'
  | 'risk_confidence'
  | 'risk_notional'
  | 'risk_position'
  | 'risk_rate'
  | 'venue_rejected'
  | 'authentication'
  | 'rate_limited'
  | 'timeout'
  | 'unavailable';

/** After these another attempt may succeed; whether the order was placed is not known. */
const TEMPORARY: readonly OrderErrorType[] = ['rate_limited', 'timeout', 'unavailable'];

/** An order that was refused, by us or by the exchange, or that the exchange did not answer. */
export class OrderError extends ThroughlineError {
  readonly type: OrderErrorType;

  constructor(type: OrderErrorType, message: string, cause?: unknown) {
    super(codeOf(type), message, { cause });
    this.type = type;
  }

  get isTemporary(): boolean {
    return TEMPORARY.includes(this.type);
  }
}

function codeOf(type: OrderErrorType): ErrorCode {
  if (TEMPORARY.includes(type)) return 'TL_EXCHANGE_UNAVAILABLE';
  const isByExchange = type === 'venue_rejected' || type === 'authentication';
  return isByExchange ? 'TL_EXCHANGE_REFUSED' : 'TL_ORDER_REFUSED';
}
