import type { Attributes } from '@opentelemetry/api';
import { formatQuantity, type Instrument } from '@throughline/instruments';
import { ATTR } from '@throughline/model';
import type { Allotment } from './domain/group-execution.ts';
import { averagePrice, leavesLots } from './domain/order-state.ts';
import type { Reason } from './domain/reason.ts';

/** Of `client_order_update`. */
export function updateAttributes(
  { order, state }: Allotment,
  instrument: Instrument,
  reason: Reason | undefined,
): Attributes {
  const price = averagePrice(instrument, state);
  return {
    [ATTR.userId]: order.userId,
    [ATTR.clientOrderId]: order.clientOrderId,
    [ATTR.tradingSymbol]: order.symbol,
    [ATTR.orderStatus]: state.status,
    [ATTR.orderCumQuantity]: formatQuantity(instrument, state.cumLots),
    [ATTR.orderLeavesQuantity]: formatQuantity(instrument, leavesLots(state)),
    ...(price === undefined ? {} : { [ATTR.orderAveragePrice]: price }),
    ...(reason && { [ATTR.orderReason]: reason.text, [ATTR.orderReasonCode]: reason.code }),
  };
}
