import { formatAmount } from '../amount.ts';
import { formatPrice, formatQuantity } from '../instruments.ts';
import type { Account, ClientFill, ClientOrder } from '../venue/account.ts';
import type { Commission } from '../venue/commission.ts';
import type { ExecutionReport } from '../venue/venue.ts';

/**
 * The JSON of Binance's spot API: orders, fills, balances and the events of the user data stream.
 * Field names and their order follow its documentation; amounts are strings with eight decimals,
 * times are milliseconds.
 *
 * @see https://developers.binance.com/docs/binance-spot-api-docs
 */

const ZERO = formatAmount(0n);
const NO_ORDER_LIST = -1;

function orderTexts(order: ClientOrder) {
  const { instrument } = order;
  return {
    price: formatPrice(instrument, order.priceTicks ?? 0n),
    origQty: formatQuantity(instrument, order.lots),
    executedQty: formatQuantity(instrument, order.cumLots),
    origQuoteOrderQty: ZERO,
    cummulativeQuoteQty: formatAmount(order.cumQuoteUnits),
    status: order.status,
    timeInForce: timeInForceText(order),
    type: order.priceTicks === undefined ? 'MARKET' : 'LIMIT',
    side: order.side,
  };
}

/** Binance reports GTC for market orders, although they cannot rest. */
function timeInForceText(order: ClientOrder): string {
  return order.priceTicks === undefined ? 'GTC' : order.timeInForce;
}

export type OrderResponseType = 'ACK' | 'RESULT' | 'FULL';

export function placedOrder(order: ClientOrder, responseType: OrderResponseType) {
  const ack = {
    symbol: order.instrument.symbol,
    orderId: order.orderId,
    orderListId: NO_ORDER_LIST,
    clientOrderId: order.clientOrderId,
    transactTime: order.createdMs,
  };
  if (responseType === 'ACK') return ack;
  const result = {
    ...ack,
    ...orderTexts(order),
    workingTime: order.createdMs,
    selfTradePreventionMode: 'NONE',
  };
  return responseType === 'RESULT' ? result : { ...result, fills: order.fills.map(placedFill) };
}

function placedFill(fill: ClientFill) {
  const { instrument } = fill.order;
  return {
    price: formatPrice(instrument, fill.priceTicks),
    qty: formatQuantity(instrument, fill.lots),
    commission: formatAmount(fill.commissionUnits),
    commissionAsset: commissionAsset(fill.order),
    tradeId: fill.tradeId,
  };
}

/** Binance takes its commission from what the order receives. */
function commissionAsset({ side, instrument }: ClientOrder): string {
  return side === 'BUY' ? instrument.baseAsset : instrument.quoteAsset;
}

export function canceledOrder(order: ClientOrder) {
  return {
    symbol: order.instrument.symbol,
    origClientOrderId: order.clientOrderId,
    orderId: order.orderId,
    orderListId: NO_ORDER_LIST,
    clientOrderId: order.cancelId,
    transactTime: order.updatedMs,
    ...orderTexts(order),
    selfTradePreventionMode: 'NONE',
  };
}

export function orderStatus(order: ClientOrder) {
  return {
    symbol: order.instrument.symbol,
    orderId: order.orderId,
    orderListId: NO_ORDER_LIST,
    clientOrderId: order.clientOrderId,
    ...orderTexts(order),
    stopPrice: ZERO,
    icebergQty: ZERO,
    time: order.createdMs,
    updateTime: order.updatedMs,
    isWorking: true,
    workingTime: order.createdMs,
    selfTradePreventionMode: 'NONE',
  };
}

export function myTrade(fill: ClientFill) {
  const { order } = fill;
  return {
    symbol: order.instrument.symbol,
    id: fill.tradeId,
    orderId: order.orderId,
    orderListId: NO_ORDER_LIST,
    price: formatPrice(order.instrument, fill.priceTicks),
    qty: formatQuantity(order.instrument, fill.lots),
    quoteQty: formatAmount(fill.quoteUnits),
    commission: formatAmount(fill.commissionUnits),
    commissionAsset: commissionAsset(order),
    time: fill.timeMs,
    isBuyer: order.side === 'BUY',
    isMaker: fill.isMaker,
    isBestMatch: true,
  };
}

/** Rates in millionths as units of 10^-8. */
const UNITS_PER_RATE = 100n;
/** The older fields count in whole basis points. */
const RATE_PER_BPS = 100n;

export function accountStatus(account: Account, commission: Commission, nowMs: number) {
  const [maker, taker] = [commission.rate(true), commission.rate(false)];
  return {
    makerCommission: Number(maker / RATE_PER_BPS),
    takerCommission: Number(taker / RATE_PER_BPS),
    buyerCommission: 0,
    sellerCommission: 0,
    commissionRates: {
      maker: formatAmount(maker * UNITS_PER_RATE),
      taker: formatAmount(taker * UNITS_PER_RATE),
      buyer: ZERO,
      seller: ZERO,
    },
    canTrade: true,
    canWithdraw: false,
    canDeposit: false,
    updateTime: nowMs,
    accountType: 'SPOT',
    balances: account.balances.assets().map((asset) => ({
      asset,
      free: formatAmount(account.balances.of(asset).freeUnits),
      locked: formatAmount(account.balances.of(asset).lockedUnits),
    })),
    permissions: ['SPOT'],
  };
}

export function currencies(account: Account) {
  return account.balances.assets().map((asset) => {
    const { freeUnits, lockedUnits } = account.balances.of(asset);
    return {
      coin: asset,
      name: asset,
      depositAllEnable: false,
      withdrawAllEnable: false,
      free: formatAmount(freeUnits),
      locked: formatAmount(lockedUnits),
      isLegalMoney: false,
      trading: true,
      networkList: [],
    };
  });
}

/** The user data event of the balances that an order touches. */
export function accountPosition({ account, instrument }: ClientOrder, nowMs: number) {
  return {
    e: 'outboundAccountPosition',
    E: nowMs,
    u: nowMs,
    B: [instrument.baseAsset, instrument.quoteAsset].map((asset) => {
      const { freeUnits, lockedUnits } = account.balances.of(asset);
      return { a: asset, f: formatAmount(freeUnits), l: formatAmount(lockedUnits) };
    }),
  };
}

/**
 * As on Binance, a cancel's report has the cancel request's id as `c` and the order's own as `C`.
 */
export function executionReport(report: ExecutionReport, nowMs: number) {
  const { order, fill, executionType } = report;
  const { instrument } = order;
  const isCancel = executionType === 'CANCELED';
  const isOpen = order.status === 'NEW' || order.status === 'PARTIALLY_FILLED';
  return {
    e: 'executionReport',
    E: nowMs,
    s: instrument.symbol,
    c: isCancel ? order.cancelId : order.clientOrderId,
    S: order.side,
    o: order.priceTicks === undefined ? 'MARKET' : 'LIMIT',
    f: timeInForceText(order),
    q: formatQuantity(instrument, order.lots),
    p: formatPrice(instrument, order.priceTicks ?? 0n),
    P: ZERO,
    F: ZERO,
    g: NO_ORDER_LIST,
    C: isCancel ? order.clientOrderId : '',
    x: executionType,
    X: order.status,
    r: report.rejectReason ?? 'NONE',
    i: order.orderId,
    l: formatQuantity(instrument, fill?.lots ?? 0n),
    z: formatQuantity(instrument, order.cumLots),
    L: formatPrice(instrument, fill?.priceTicks ?? 0n),
    n: formatAmount(fill?.commissionUnits ?? 0n),
    N: fill && fill.commissionUnits > 0n ? commissionAsset(order) : null,
    T: fill?.timeMs ?? order.updatedMs,
    t: fill?.tradeId ?? -1,
    I: report.executionId,
    w: isOpen && order.timeInForce === 'GTC',
    m: fill?.isMaker ?? false,
    M: fill !== undefined,
    O: order.createdMs,
    Z: formatAmount(order.cumQuoteUnits),
    Y: formatAmount(fill?.quoteUnits ?? 0n),
    Q: ZERO,
    W: order.createdMs,
    V: 'NONE',
    ...(executionType === 'EXPIRED' ? { eR: expiryReason(order) } : {}),
  };
}

function expiryReason(order: ClientOrder): string {
  return order.timeInForce === 'FOK'
    ? 'UNFILLED_FOK_ORDER_EXPIRED'
    : 'UNFILLED_IOC_QUANTITY_EXPIRED';
}
