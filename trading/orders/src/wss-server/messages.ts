import { formatPrice, formatQuantity, type Instrument } from '@throughline/instruments';
import type { ErrorCode } from '@throughline/model';
import { averagePrice, leavesLots, type OrderStatus } from '../domain/order-state.ts';
import type { ReasonCode } from '../domain/reason.ts';
import type { OrderUpdated } from '../events.ts';
import type { DeskOrder, OpenOrder } from './order-desk.ts';
import type { AmendRequest } from './requests.ts';

/**
 * What clients receive (docs/reference/orders-protocol.md); all quantities and prices are decimal
 * strings.
 */

/** The order is taken on, and will end with an `order.update` of a terminal status. */
interface OrderAccepted {
  readonly type: 'order.accepted';
  readonly user_id: string;
  readonly client_order_id: string;
  readonly symbol: string;
  readonly quantity: string;
  /** Over the chain of orders that replaced each other, as FIX counts. */
  readonly total_quantity: string;
  readonly total_cum_quantity: string;
  /** The order that this one replaces. */
  readonly orig_client_order_id?: string;
  readonly expire_time?: string;
}

interface OrderUpdate {
  readonly type: 'order.update';
  readonly user_id: string;
  readonly client_order_id: string;
  readonly symbol: string;
  readonly status: OrderStatus;
  readonly cum_quantity: string;
  readonly leaves_quantity: string;
  readonly total_quantity: string;
  readonly total_cum_quantity: string;
  /** Absent before the first fill. */
  readonly average_price?: string;
  /** This order's part of the fill that caused the update, if one did. */
  readonly fill?: { readonly id: string; readonly quantity: string; readonly price: string };
  /** Why the order ended, unless it is filled. */
  readonly reason?: string;
  readonly reason_code?: ReasonCode;
}

/** A cancel or replace is under way (FIX OrdStatus Pending Cancel, Pending Replace). */
interface OrderPending {
  readonly type: 'order.pending';
  readonly request: AmendType;
  readonly user_id: string;
  /** Of the request. */
  readonly client_order_id: string;
  readonly orig_client_order_id: string;
}

/** FIX CxlRejReason (102). */
export type CancelRejectReason =
  | 'too_late'
  | 'unknown_order'
  | 'already_pending'
  | 'duplicate_request'
  | 'quantity_not_above_filled'
  | 'shutting_down';

export type AmendType = 'cancel' | 'replace';

/** A cancel or replace that was not done (FIX OrderCancelReject); the order is as `status` says. */
interface OrderCancelRejected {
  readonly type: 'order.cancel_rejected';
  readonly response_to: AmendType;
  readonly user_id: string;
  /** Of the request. */
  readonly client_order_id: string;
  readonly orig_client_order_id: string;
  /** Of the order; `rejected` when it is not known, as in FIX. */
  readonly status: OrderStatus;
  readonly reason_code: CancelRejectReason;
  readonly reason: string;
}

/** What becomes of a user's orders: numbered, and told again after a `resume`. */
export type UserMessage = OrderAccepted | OrderUpdate | OrderPending | OrderCancelRejected;

export interface ErrorMessage {
  readonly type: 'error';
  readonly code: ErrorCode;
  readonly message: string;
  /** Present when the message that failed named one. */
  readonly client_order_id?: string;
  readonly reason_code?: ReasonCode;
}

/**
 * Why not all can be told again: it is too long ago, or was told by another process, whose orders are
 * not known here unless the replay tells of them.
 */
type ResumeGapReason = 'not_kept' | 'unknown_session';

/** What was asked for by `resume` cannot be told: the replay begins at `first_sequence`. */
interface ResumeGap {
  readonly type: 'resume_gap';
  readonly reason_code: ResumeGapReason;
  readonly user_id: string;
  readonly from_sequence: number;
  readonly first_sequence: number;
}

/** The replay is complete: the next message of the user will be `next_sequence`. */
interface Resumed {
  readonly type: 'resumed';
  readonly user_id: string;
  readonly next_sequence: number;
  readonly session_id: string;
}

interface Welcome {
  readonly type: 'welcome';
  readonly trace_ids: boolean;
  /** Of this process: the numbers of messages are its own. */
  readonly session_id: string;
}

export type ServerMessage =
  | (UserMessage & { readonly sequence: number; readonly trace_id?: string })
  | ErrorMessage
  | ResumeGap
  | Resumed
  | Welcome;

export function orderAccepted(open: OpenOrder, instrument: Instrument): OrderAccepted {
  const { order, origClientOrderId } = open;
  const { expireMs } = order;
  return {
    type: 'order.accepted',
    user_id: order.userId,
    client_order_id: order.clientOrderId,
    symbol: order.symbol,
    quantity: formatQuantity(instrument, order.lots),
    ...totals(open, open.state.cumLots, instrument),
    ...(origClientOrderId === undefined ? {} : { orig_client_order_id: origClientOrderId }),
    ...(expireMs === undefined ? {} : { expire_time: new Date(expireMs).toISOString() }),
  };
}

export function orderUpdate(
  { allotment: { order, lots, state }, fill, reason }: OrderUpdated,
  open: DeskOrder,
  instrument: Instrument,
): OrderUpdate {
  const price = averagePrice(instrument, state);
  return {
    type: 'order.update',
    user_id: order.userId,
    client_order_id: order.clientOrderId,
    symbol: order.symbol,
    status: state.status,
    cum_quantity: formatQuantity(instrument, state.cumLots),
    leaves_quantity: formatQuantity(instrument, leavesLots(state)),
    ...totals(open, state.cumLots, instrument),
    ...(price === undefined ? {} : { average_price: price }),
    ...(fill && {
      fill: {
        id: fill.fillId,
        quantity: formatQuantity(instrument, lots),
        price: formatPrice(instrument, fill.priceTicks),
      },
    }),
    ...(reason && { reason: reason.text, reason_code: reason.code }),
  };
}

export function orderPending(request: AmendType, amend: AmendRequest): OrderPending {
  return { type: 'order.pending', request, ...amendIds(amend) };
}

export function orderCancelRejected(
  responseTo: AmendType,
  amend: AmendRequest,
  rejection: { status: OrderStatus; code: CancelRejectReason; text: string },
): OrderCancelRejected {
  return {
    type: 'order.cancel_rejected',
    response_to: responseTo,
    ...amendIds(amend),
    status: rejection.status,
    reason_code: rejection.code,
    reason: rejection.text,
  };
}

function amendIds({ userId, requestId, origClientOrderId }: AmendRequest) {
  return {
    user_id: userId,
    client_order_id: requestId,
    orig_client_order_id: origClientOrderId,
  };
}

function totals({ order, chainCumLots }: DeskOrder, cumLots: bigint, instrument: Instrument) {
  return {
    total_quantity: formatQuantity(instrument, chainCumLots + order.lots),
    total_cum_quantity: formatQuantity(instrument, chainCumLots + cumLots),
  };
}
