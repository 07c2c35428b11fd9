import { formatAmount } from '../amount.ts';
import type { PriceLevel } from '../engine/order-book.ts';
import { formatPrice, formatQuantity, type Instrument, notionalUnits } from '../instruments.ts';
import type { BestPrices, DepthChange, Market, MarketTrade } from '../venue/market.ts';
import { OPEN_ORDERS_MAX } from '../venue/venue.ts';

/**
 * The JSON of Binance's spot API: instruments, order books and public trades. Field names and their
 * order follow its documentation; amounts are strings with eight decimals, times are milliseconds.
 *
 * @see https://developers.binance.com/docs/binance-spot-api-docs
 */

export function exchangeInfo(markets: readonly Market[], nowMs: number) {
  return {
    timezone: 'UTC',
    serverTime: nowMs,
    rateLimits: [],
    exchangeFilters: [{ filterType: 'EXCHANGE_MAX_NUM_ORDERS', maxNumOrders: OPEN_ORDERS_MAX }],
    symbols: markets.map((market) => symbolInfo(market.instrument)),
  };
}

function symbolInfo(instrument: Instrument) {
  return {
    symbol: instrument.symbol,
    status: 'TRADING',
    baseAsset: instrument.baseAsset,
    baseAssetPrecision: 8,
    quoteAsset: instrument.quoteAsset,
    quotePrecision: 8,
    quoteAssetPrecision: 8,
    baseCommissionPrecision: 8,
    quoteCommissionPrecision: 8,
    orderTypes: ['LIMIT', 'MARKET'],
    icebergAllowed: false,
    ocoAllowed: false,
    otoAllowed: false,
    quoteOrderQtyMarketAllowed: false,
    allowTrailingStop: false,
    cancelReplaceAllowed: false,
    amendAllowed: false,
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: false,
    filters: [
      {
        filterType: 'PRICE_FILTER',
        minPrice: formatPrice(instrument, 1n),
        maxPrice: formatPrice(instrument, instrument.priceTicksMax),
        tickSize: formatPrice(instrument, 1n),
      },
      {
        filterType: 'LOT_SIZE',
        minQty: formatQuantity(instrument, instrument.lotsMin),
        maxQty: formatQuantity(instrument, instrument.lotsMax),
        stepSize: formatQuantity(instrument, 1n),
      },
      {
        filterType: 'NOTIONAL',
        minNotional: formatAmount(instrument.notionalUnitsMin),
        applyMinToMarket: true,
        maxNotional: formatAmount(
          notionalUnits(instrument, instrument.priceTicksMax, instrument.lotsMax),
        ),
        applyMaxToMarket: false,
        avgPriceMins: 0,
      },
    ],
    permissions: [],
    permissionSets: [['SPOT']],
    defaultSelfTradePreventionMode: 'NONE',
    allowedSelfTradePreventionModes: ['NONE'],
  };
}

function levels(instrument: Instrument, side: readonly PriceLevel[]): [string, string][] {
  return side.map(({ priceTicks, lots }) => [
    formatPrice(instrument, priceTicks),
    formatQuantity(instrument, lots),
  ]);
}

export function depthSnapshot(market: Market, limit: number) {
  return {
    lastUpdateId: market.lastUpdateId,
    bids: levels(market.instrument, market.depth('BUY', limit)),
    asks: levels(market.instrument, market.depth('SELL', limit)),
  };
}

export function depthUpdate(instrument: Instrument, change: DepthChange, nowMs: number) {
  return {
    e: 'depthUpdate',
    E: nowMs,
    s: instrument.symbol,
    U: change.firstUpdateId,
    u: change.lastUpdateId,
    b: levels(instrument, change.bids),
    a: levels(instrument, change.asks),
  };
}

/** An empty side has price and quantity zero. */
function bestTexts(instrument: Instrument, best: BestPrices) {
  return {
    bidPrice: formatPrice(instrument, best.bidTicks ?? 0n),
    bidQty: formatQuantity(instrument, best.bidLots),
    askPrice: formatPrice(instrument, best.askTicks ?? 0n),
    askQty: formatQuantity(instrument, best.askLots),
  };
}

export function bookTicker({ instrument, lastUpdateId }: Market, best: BestPrices) {
  const { bidPrice, bidQty, askPrice, askQty } = bestTexts(instrument, best);
  return { u: lastUpdateId, s: instrument.symbol, b: bidPrice, B: bidQty, a: askPrice, A: askQty };
}

export function restBookTicker(market: Market) {
  return { symbol: market.instrument.symbol, ...bestTexts(market.instrument, market.best()) };
}

export function trade(instrument: Instrument, { tradeId, ...trade }: MarketTrade, nowMs: number) {
  return {
    e: 'trade',
    E: nowMs,
    s: instrument.symbol,
    t: tradeId,
    p: formatPrice(instrument, trade.priceTicks),
    q: formatQuantity(instrument, trade.lots),
    T: trade.timeMs,
    m: trade.takerSide === 'SELL',
    M: true,
  };
}

export function restTrade(instrument: Instrument, trade: MarketTrade) {
  return {
    id: trade.tradeId,
    price: formatPrice(instrument, trade.priceTicks),
    qty: formatQuantity(instrument, trade.lots),
    quoteQty: formatAmount(notionalUnits(instrument, trade.priceTicks, trade.lots)),
    time: trade.timeMs,
    isBuyerMaker: trade.takerSide === 'SELL',
    isBestMatch: true,
  };
}

/**
 * Trades of one taking order at one price are one aggregate trade, named by its first trade.
 *
 * @param trades in the order they happened
 */
export function aggregateTrades(instrument: Instrument, trades: readonly MarketTrade[]) {
  const groups: { first: MarketTrade; last: MarketTrade; lots: bigint }[] = [];
  for (const trade of trades) {
    const group = groups.at(-1);
    if (group && isSameTaking(group.last, trade)) {
      group.last = trade;
      group.lots += trade.lots;
    } else {
      groups.push({ first: trade, last: trade, lots: trade.lots });
    }
  }
  return groups.map(({ first, last, lots }) => ({
    a: first.tradeId,
    p: formatPrice(instrument, first.priceTicks),
    q: formatQuantity(instrument, lots),
    f: first.tradeId,
    l: last.tradeId,
    T: first.timeMs,
    m: first.takerSide === 'SELL',
    M: true,
  }));
}

function isSameTaking(left: MarketTrade, right: MarketTrade): boolean {
  const taker = (trade: MarketTrade) =>
    trade.takerSide === 'BUY' ? trade.buyOrderId : trade.sellOrderId;
  return taker(left) === taker(right) && left.priceTicks === right.priceTicks;
}
