import type { ErrorCode } from '@throughline/model';
import type { ClientOrder } from '../domain/client-order.ts';
import { formatPrice, formatQuantity, type Instrument } from '../domain/instrument.ts';
import { averagePrice, leavesLots, type OrderStatus } from '../domain/order-state.ts';
import type { OrderUpdated } from '../events.ts';

/** What clients receive; all quantities and prices are decimal strings. */

/** The order is taken on, and will end with an `order.update` of a terminal status. */
interface OrderAccepted {
  readonly type: 'order.accepted';
  readonly user_id: string;
  readonly client_order_id: string;
  readonly symbol: string;
  readonly quantity: string;
}

interface OrderUpdate {
  readonly type: 'order.update';
  readonly user_id: string;
  readonly client_order_id: string;
  readonly symbol: string;
  readonly status: OrderStatus;
  readonly cum_quantity: string;
  readonly leaves_quantity: string;
  /** Absent before the first fill. */
  readonly average_price?: string;
  /** This order's part of the fill that caused the update, if one did. */
  readonly fill?: { readonly id: string; readonly quantity: string; readonly price: string };
  /** Why the order ended, unless it is filled. */
  readonly reason?: string;
}

export interface ErrorMessage {
  readonly type: 'error';
  readonly code: ErrorCode;
  readonly message: string;
  /** Present when the message that failed named one. */
  readonly client_order_id?: string;
}

export type ServerMessage = OrderAccepted | OrderUpdate | ErrorMessage;

export function orderAccepted(order: ClientOrder, instrument: Instrument): OrderAccepted {
  return {
    type: 'order.accepted',
    user_id: order.userId,
    client_order_id: order.clientOrderId,
    symbol: order.symbol,
    quantity: formatQuantity(instrument, order.lots),
  };
}

export function orderUpdate(
  { allotment: { order, lots, state }, fill, reason }: OrderUpdated,
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
    ...(price === undefined ? {} : { average_price: price }),
    ...(fill && {
      fill: {
        id: fill.fillId,
        quantity: formatQuantity(instrument, lots),
        price: formatPrice(instrument, fill.priceTicks),
      },
    }),
    ...(reason === undefined ? {} : { reason }),
  };
}
