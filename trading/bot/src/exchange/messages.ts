import {
  createInstrument,
  formatPrice,
  formatQuantity,
  type Instrument,
  parsePrice,
  parseQuantity,
} from '@throughline/instruments';
import { type Decimal, isDecimal, parseDecimal } from '@throughline/model';
import { z } from 'zod';
import type { Trade } from '../domain/candle.ts';
import type { Order, OrderStatus, Quote } from '../domain/order.ts';
import { OrderError } from '../domain/order-error.ts';
import type { Pair } from '../domain/pair.ts';

/**
 * The messages of Binance's REST API, as far as this client uses them.
 *
 * @see https://developers.binance.com/docs/binance-spot-api-docs/rest-api
 */

const decimal = z.string().refine(isDecimal);

export const timeSchema = z.object({ serverTime: z.number() });

const symbolSchema = z.object({
  symbol: z.string(),
  baseAsset: z.string(),
  quoteAsset: z.string(),
  filters: z.array(z.looseObject({ filterType: z.string() })),
});
export const exchangeInfoSchema = z.object({ symbols: z.array(symbolSchema) });

const priceFilterSchema = z.object({ tickSize: decimal, minPrice: decimal, maxPrice: decimal });
const lotSizeSchema = z.object({ stepSize: decimal, minQty: decimal, maxQty: decimal });
const notionalSchema = z.object({ minNotional: decimal });

/** @throws OrderError `invalid_request` when a filter is missing */
export function pairOf(info: z.output<typeof symbolSchema>): Pair {
  const filter = <T>(type: string, schema: z.ZodType<T>): T => {
    const parsed = schema.safeParse(info.filters.find(({ filterType }) => filterType === type));
    if (parsed.success) return parsed.data;
    const message = `${info.symbol} comes without a usable filter ${type}`;
    throw new OrderError('invalid_request', message, { cause: parsed.error });
  };
  const price = filter('PRICE_FILTER', priceFilterSchema);
  const lot = filter('LOT_SIZE', lotSizeSchema);
  const { symbol, baseAsset, quoteAsset } = info;
  const instrument = createInstrument(symbol, {
    tickSize: price.tickSize,
    priceMin: price.minPrice,
    priceMax: price.maxPrice,
    stepSize: lot.stepSize,
    quantityMin: lot.minQty,
    quantityMax: lot.maxQty,
    notionalMin: filter('NOTIONAL', notionalSchema).minNotional,
  });
  return { ...instrument, baseAsset, quoteAsset };
}

export const aggregateTradesSchema = z.array(
  z.object({ p: z.string(), q: z.string(), T: z.number() }),
);

/** Oldest first, as they come. */
export function tradesOf(
  instrument: Instrument,
  trades: z.output<typeof aggregateTradesSchema>,
): Trade[] {
  return trades.map(({ p, q, T: timeMs }) => ({
    timeMs,
    priceTicks: usable(parsePrice(instrument, p), `price ${p}`),
    lots: usable(parseQuantity(instrument, q), `quantity ${q}`),
  }));
}

export const bookTickerSchema = z.object({ bidPrice: z.string(), askPrice: z.string() });

export function quoteOf(
  instrument: Instrument,
  { bidPrice, askPrice }: z.output<typeof bookTickerSchema>,
): Quote {
  return {
    bidTicks: usable(parsePrice(instrument, bidPrice), `price ${bidPrice}`),
    askTicks: usable(parsePrice(instrument, askPrice), `price ${askPrice}`),
  };
}

export const accountSchema = z.object({
  balances: z.array(z.object({ asset: z.string(), free: decimal })),
});

/** What is free to be spent, by asset. */
export function freeOf({ balances }: z.output<typeof accountSchema>): Map<string, Decimal> {
  return new Map(balances.map(({ asset, free }) => [asset, parseDecimal(free)]));
}

/** Parameters of a new order. Nothing of ours but the order's id goes to the exchange. */
export function placeParameters(order: Order, instrument: Instrument): URLSearchParams {
  return new URLSearchParams({
    symbol: order.symbol,
    side: order.side.toUpperCase(),
    type: 'LIMIT',
    timeInForce: 'GTC',
    quantity: formatQuantity(instrument, order.lots),
    price: formatPrice(instrument, order.priceTicks),
    newClientOrderId: order.id,
    newOrderRespType: 'RESULT',
  });
}

const STATUS = {
  NEW: 'new',
  PARTIALLY_FILLED: 'partially_filled',
  FILLED: 'filled',
  CANCELED: 'canceled',
  PENDING_CANCEL: 'new',
  REJECTED: 'rejected',
  EXPIRED: 'expired',
  EXPIRED_IN_MATCH: 'expired',
} as const satisfies Readonly<Record<string, OrderStatus>>;

/** The part that all answers about an order have: placed, asked for, canceled. */
export const orderSchema = z.object({
  orderId: z.number(),
  status: z.enum(Object.keys(STATUS) as (keyof typeof STATUS)[]),
  executedQty: z.string(),
  cummulativeQuoteQty: decimal,
});

/** An order as the exchange has it. */
export interface OrderReport {
  readonly exchangeOrderId: string;
  readonly status: OrderStatus;
  readonly filledLots: bigint;
  /** What was paid or received for the filled lots, in the quote asset. */
  readonly filledNotional: Decimal;
}

export function reportOf(
  instrument: Instrument,
  answer: z.output<typeof orderSchema>,
): OrderReport {
  const { orderId, status, executedQty, cummulativeQuoteQty } = answer;
  return {
    exchangeOrderId: String(orderId),
    status: STATUS[status],
    filledLots: usable(parseQuantity(instrument, executedQty), `quantity ${executedQty}`),
    filledNotional: parseDecimal(cummulativeQuoteQty),
  };
}

function usable(value: bigint | undefined, what: string): bigint {
  if (value !== undefined) return value;
  throw new OrderError('invalid_request', `the exchange sends a ${what} that it cannot have`);
}
