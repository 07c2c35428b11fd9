import type { Attributes } from '@opentelemetry/api';
import { formatPrice, formatQuantity, type Instrument } from '@throughline/instruments';
import { ATTR } from '@throughline/model';
import { getTracer } from '@throughline/sdk';
import type { Order } from '../domain/order.ts';
import { errorTypeOf } from '../domain/order-error.ts';
import type { OrderRecord, ReportRecord, SignalRecord } from '../storage/order-store.ts';

/** The spans of a workflow carry prices and quantities as decimal strings. */

export function signalAttributes(signal: SignalRecord): Attributes {
  return {
    [ATTR.signalDirection]: signal.direction,
    [ATTR.signalConfidence]: signal.confidence,
    [ATTR.signalEntryPrice]: signal.entryPrice,
  };
}

export function orderAttributes(order: Order, instrument: Instrument): Attributes {
  return {
    [ATTR.orderOrderId]: order.id,
    [ATTR.orderSymbol]: order.symbol,
    [ATTR.orderType]: 'limit',
    [ATTR.orderSide]: order.side,
    [ATTR.orderQuantity]: formatQuantity(instrument, order.lots),
    [ATTR.orderPrice]: formatPrice(instrument, order.priceTicks),
  };
}

/** @param report what the exchange said last, or what was kept of it */
export function reportAttributes(report: ReportRecord | OrderRecord): Attributes {
  const { status, exchangeOrderId, filledQuantity, averagePrice, errorType } = report;
  return {
    ...(exchangeOrderId === undefined ? {} : { [ATTR.exchangeOrderId]: exchangeOrderId }),
    [ATTR.orderStatus]: status,
    [ATTR.orderSuccess]: status === 'filled',
    [ATTR.orderFilledQuantity]: filledQuantity,
    ...(averagePrice === undefined ? {} : { [ATTR.orderAveragePrice]: averagePrice }),
    ...(errorType === undefined ? {} : { [ATTR.orderErrorType]: errorType }),
  };
}

export function setAttributes(attributes: Attributes): void {
  const tracer = getTracer();
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) tracer.setAttribute(key, value);
  }
}

/** The exception itself is recorded where it leaves the span. */
export function setFailure(error: unknown): void {
  setAttributes({ [ATTR.orderSuccess]: false, [ATTR.orderErrorType]: errorTypeOf(error) });
}
