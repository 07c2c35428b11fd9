import type { z } from 'zod';
import type { Account } from '../venue/account.ts';
import type { Venue } from '../venue/venue.ts';
import * as accountMessages from './account-messages.ts';
import * as marketMessages from './market-messages.ts';
import {
  cancelParameters,
  depthParameters,
  historyParameters,
  noParameters,
  optionalSymbolParameters,
  orderKeyOf,
  orderKeyParameters,
  parseParameters,
  placeOrderOf,
  placeParameters,
  type RawParameters,
  symbolParameters,
  tradesParameters,
} from './parameters.ts';

/** What REST and the WebSocket API both offer, under their own names for it. */
export type Operation =
  | { readonly access: 'public'; run(venue: Venue, raw: RawParameters): unknown }
  | { readonly access: 'signed'; run(venue: Venue, raw: RawParameters, account: Account): unknown };

function publicOperation<T>(
  schema: z.ZodType<T>,
  run: (venue: Venue, parameters: T) => unknown,
): Operation {
  return { access: 'public', run: (venue, raw) => run(venue, parseParameters(schema, raw)) };
}

function signedOperation<T>(
  schema: z.ZodType<T>,
  run: (venue: Venue, parameters: T, account: Account) => unknown,
): Operation {
  return {
    access: 'signed',
    run: (venue, raw, account) => run(venue, parseParameters(schema, raw), account),
  };
}

export const ping = publicOperation(noParameters, () => ({}));

export const time = publicOperation(noParameters, (venue) => ({ serverTime: venue.now() }));

export const exchangeInfo = publicOperation(optionalSymbolParameters, (venue, { symbol }) =>
  marketMessages.exchangeInfo(
    symbol === undefined ? [...venue.markets.values()] : [venue.market(symbol)],
    venue.now(),
  ),
);

export const depth = publicOperation(depthParameters, (venue, { symbol, limit }) =>
  marketMessages.depthSnapshot(venue.market(symbol), limit),
);

export const trades = publicOperation(tradesParameters, (venue, { symbol, limit }) => {
  const market = venue.market(symbol);
  return market
    .recentTrades(limit)
    .map((trade) => marketMessages.restTrade(market.instrument, trade));
});

export const aggregateTrades = publicOperation(tradesParameters, (venue, { symbol, limit }) => {
  const market = venue.market(symbol);
  return marketMessages.aggregateTrades(market.instrument, market.recentTrades(limit));
});

export const bookTicker = publicOperation(optionalSymbolParameters, (venue, { symbol }) =>
  symbol === undefined
    ? [...venue.markets.values()].map(marketMessages.restBookTicker)
    : marketMessages.restBookTicker(venue.market(symbol)),
);

export const placeOrder = signedOperation(placeParameters, (venue, parameters, account) => {
  const { order, responseType } = placeOrderOf(parameters);
  return accountMessages.placedOrder(venue.place(account, order), responseType);
});

export const cancelOrder = signedOperation(cancelParameters, (venue, parameters, account) => {
  const key = orderKeyOf(parameters);
  const { symbol, newClientOrderId } = parameters;
  return accountMessages.canceledOrder(venue.cancel(account, symbol, key, newClientOrderId));
});

export const orderStatus = signedOperation(orderKeyParameters, (venue, parameters, account) =>
  accountMessages.orderStatus(venue.order(account, parameters.symbol, orderKeyOf(parameters))),
);

export const openOrders = signedOperation(
  optionalSymbolParameters,
  (venue, { symbol }, account) => {
    if (symbol !== undefined) venue.market(symbol);
    return account
      .openOrders()
      .filter((order) => symbol === undefined || order.instrument.symbol === symbol)
      .map(accountMessages.orderStatus);
  },
);

export const cancelOpenOrders = signedOperation(symbolParameters, (venue, { symbol }, account) => {
  venue.market(symbol);
  return account
    .openOrders()
    .filter((order) => order.instrument.symbol === symbol)
    .map(({ orderId }) =>
      accountMessages.canceledOrder(venue.cancel(account, symbol, { orderId })),
    );
});

export const allOrders = signedOperation(historyParameters, (venue, parameters, account) => {
  const { symbol, orderId, startTime = 0, endTime = Number.MAX_SAFE_INTEGER, limit } = parameters;
  venue.market(symbol);
  const matching = account
    .orders()
    .filter((order) => order.instrument.symbol === symbol)
    .filter((order) => orderId === undefined || order.orderId >= orderId)
    .filter(({ createdMs }) => createdMs >= startTime && createdMs <= endTime);
  return page(matching, orderId !== undefined, limit).map(accountMessages.orderStatus);
});

export const myTrades = signedOperation(historyParameters, (venue, parameters, account) => {
  const { symbol, orderId, fromId, startTime = 0, endTime = Number.MAX_SAFE_INTEGER } = parameters;
  venue.market(symbol);
  const matching = account
    .fills()
    .filter((fill) => fill.order.instrument.symbol === symbol)
    .filter((fill) => orderId === undefined || fill.order.orderId === orderId)
    .filter((fill) => fromId === undefined || fill.tradeId >= fromId)
    .filter(({ timeMs }) => timeMs >= startTime && timeMs <= endTime);
  return page(matching, fromId !== undefined, parameters.limit).map(accountMessages.myTrade);
});

export const accountStatus = signedOperation(noParameters, (venue, _parameters, account) =>
  accountMessages.accountStatus(account, venue.commission, venue.now()),
);

/** Clients load the list of currencies from here. None can be moved in or out of a simulator. */
export const currencies = signedOperation(noParameters, (_venue, _parameters, account) =>
  accountMessages.currencies(account),
);

/** Clients look for margin pairs when they load markets. There are none. */
export const marginPairs = publicOperation(noParameters, () => []);

/** From an id on the oldest come first; without one, the newest are wanted. */
function page<T>(matching: readonly T[], isFromId: boolean, limit: number): readonly T[] {
  return isFromId ? matching.slice(0, limit) : matching.slice(-limit);
}
