import type { Attributes } from '@opentelemetry/api';
import { formatPrice, formatQuantity, type Instrument } from '@throughline/instruments';
import { ATTR } from '@throughline/model';
import type { ExchangeOrder, Execution } from '../domain/exchange-order.ts';

/** Whose order ids and messages these are. */
const EXCHANGE_TYPE = 'binance_spot';

/** Of `exchange_order_send`. */
export function exchangeOrderAttributes(order: ExchangeOrder, instrument: Instrument): Attributes {
  const { priceTicks } = order;
  return {
    [ATTR.exchangeOrderId]: order.exchangeOrderId,
    [ATTR.exchangeType]: EXCHANGE_TYPE,
    [ATTR.exchangeVenue]: order.venue,
    [ATTR.batchId]: order.batchId,
    [ATTR.tradingSymbol]: order.symbol,
    [ATTR.orderSide]: order.side,
    [ATTR.orderType]: order.type,
    [ATTR.orderTimeInForce]: order.timeInForce,
    [ATTR.orderQuantity]: formatQuantity(instrument, order.lots),
    ...(priceTicks === undefined ? {} : { [ATTR.orderPrice]: formatPrice(instrument, priceTicks) }),
  };
}

/** Of `exchange_fill_received`. What is no fill has quantity 0, and no id and price. */
export function executionAttributes(execution: Execution, instrument: Instrument): Attributes {
  const { exchangeOrderId, venue, symbol, exchangeStatus, outcome } = execution;
  const shared = {
    [ATTR.exchangeOrderId]: exchangeOrderId,
    [ATTR.exchangeVenue]: venue,
    [ATTR.exchangeOrderStatus]: exchangeStatus,
    [ATTR.tradingSymbol]: symbol,
  };
  if (outcome.type === 'end') {
    return { ...shared, [ATTR.fillQuantity]: '0', [ATTR.orderReason]: outcome.reason };
  }
  return {
    ...shared,
    [ATTR.fillId]: outcome.fillId,
    [ATTR.fillQuantity]: formatQuantity(instrument, outcome.lots),
    [ATTR.fillPrice]: formatPrice(instrument, outcome.priceTicks),
    [ATTR.fillLiquidity]: outcome.liquidity,
  };
}
