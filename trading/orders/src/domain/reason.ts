import { type ErrorCode, ThroughlineError } from '@throughline/model';

/**
 * Why an order was refused, or ended without being filled: one word for programs, on the client's
 * messages (`reason_code`) and on spans (`order.reason_code`). FIX has OrdRejReason (103) for a part
 * of it.
 */
export type ReasonCode =
  // The gateway.
  | 'invalid'
  | 'unknown_symbol'
  | 'duplicate_order'
  | 'rate_limited'
  | 'overloaded'
  | 'shutting_down'
  | 'restarted'
  // Our risk check.
  | 'risk_notional'
  | 'risk_open_orders'
  // The venue.
  | 'venue_filter'
  | 'venue_insufficient_balance'
  | 'venue_unavailable'
  | 'venue_rejected'
  | 'venue_canceled'
  | 'venue_expired'
  // The client.
  | 'client_canceled'
  | 'client_replaced'
  | 'expire_time';

/** The code, and the same for people. Plain data: it crosses threads. */
export interface Reason {
  readonly code: ReasonCode;
  readonly text: string;
}

const ERROR_CODES: Partial<Record<ReasonCode, ErrorCode>> = {
  duplicate_order: 'TL_ORDER_DUPLICATE',
  rate_limited: 'TL_OVERLOADED',
  overloaded: 'TL_OVERLOADED',
  shutting_down: 'TL_OVERLOADED',
};

/** A message that the gateway does not take on; its code follows from the reason. */
export class OrderRefusal extends ThroughlineError {
  readonly reason: ReasonCode;

  constructor(reason: ReasonCode, message: string) {
    super(ERROR_CODES[reason] ?? 'TL_ORDER_INVALID', message);
    this.reason = reason;
  }
}

/** What a venue's words contain, and what that means; the first that fits counts. */
const VENUE_WORDS: readonly (readonly [RegExp, ReasonCode])[] = [
  [/filter failure|min_notional|lot_size|price_filter/i, 'venue_filter'],
  [/insufficient.balance/i, 'venue_insufficient_balance'],
  [
    /not (connected|ready)|no answer|was lost|did not reach|cannot send|turn$/i,
    'venue_unavailable',
  ],
];

/** The code for an order that a venue, or the way to it, refused in the words given. */
export function venueRejectReason(words: string): ReasonCode {
  return VENUE_WORDS.find(([pattern]) => pattern.test(words))?.[1] ?? 'venue_rejected';
}
