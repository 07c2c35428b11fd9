import { averagePrice, formatQuantity, type Instrument } from '@throughline/instruments';
import { isFinal } from '../domain/order.ts';
import type { OrderReport } from '../exchange/messages.ts';
import type { ReportRecord } from '../storage/order-store.ts';

/** What the exchange says of an order, as it is kept. An order that ended short is `unfilled`. */
export function reportRecordOf(instrument: Instrument, report: OrderReport): ReportRecord {
  const { status, exchangeOrderId, filledLots, filledNotional } = report;
  return {
    status,
    exchangeOrderId,
    filledQuantity: formatQuantity(instrument, filledLots),
    averagePrice: averagePrice(instrument, filledNotional, filledLots),
    errorType: isFinal(status) && status !== 'filled' ? 'unfilled' : undefined,
  };
}
