import {
  formatPrice,
  formatQuantity,
  type Instrument,
  parsePrice,
  parseQuantity,
} from '@throughline/instruments';
import { z } from 'zod';
import type { ExchangeOrder, Execution, UnfilledOutcome } from '../domain/exchange-order.ts';

/**
 * The messages of Binance's WebSocket API, as far as this client uses them.
 *
 * @see https://developers.binance.com/docs/binance-spot-api-docs/websocket-api
 */

/** An order and the instrument whose prices and quantities its messages are in. */
interface Placed {
  readonly order: ExchangeOrder;
  readonly instrument: Instrument;
}

/** Parameters of `order.place`. Nothing of ours but the order's id goes to the exchange. */
export function placeParameters({ order, instrument }: Placed) {
  const { priceTicks } = order;
  return {
    symbol: order.symbol,
    side: order.side.toUpperCase(),
    type: order.type.toUpperCase(),
    ...(priceTicks === undefined
      ? {}
      : {
          timeInForce: order.timeInForce.toUpperCase(),
          price: formatPrice(instrument, priceTicks),
        }),
    quantity: formatQuantity(instrument, order.lots),
    newClientOrderId: order.exchangeOrderId,
    newOrderRespType: 'ACK',
  };
}

/** The event of the user data stream that matters here; all others are ignored. */
export const executionReportSchema = z.object({
  e: z.literal('executionReport'),
  s: z.string(),
  S: z.enum(['BUY', 'SELL']),
  i: z.number(),
  q: z.string(),
  c: z.string(),
  C: z.string(),
  x: z.string(),
  X: z.string(),
  r: z.string(),
  t: z.number(),
  l: z.string(),
  L: z.string(),
  z: z.string(),
  m: z.boolean(),
});
export type ExecutionReport = z.output<typeof executionReportSchema>;

/** The answer to `order.place`, as far as the shortest form of it (`ACK`) goes. */
export const placedSchema = z.object({ orderId: z.number() });

/** The answer to `order.status`. */
export const orderStatusSchema = z.object({
  orderId: z.number(),
  status: z.string(),
  executedQty: z.string(),
});

/** The answer to `openOrders.status`. */
export const openOrdersSchema = z.array(
  z.object({
    symbol: z.string(),
    orderId: z.number(),
    clientOrderId: z.string(),
    origQty: z.string(),
    executedQty: z.string(),
  }),
);

/** The answer to `myTrades`. */
export const tradesSchema = z.array(
  z.looseObject({
    id: z.number(),
    orderId: z.number(),
    price: z.string(),
    qty: z.string(),
    isMaker: z.boolean(),
  }),
);
type Trade = Pick<z.output<typeof tradesSchema>[number], 'id' | 'price' | 'qty' | 'isMaker'>;

/** The order's own id: a report of a cancel has it as `C`, beside the id of the cancel. */
export function reportedOrderId(report: ExecutionReport): string {
  return report.C === '' ? report.c : report.C;
}

/**
 * What tells a fill from all others. Each venue numbers its own trades, by symbol, and both sides
 * of one trade may be ours.
 */
function fillIdOf(venue: string, symbol: string, tradeId: number, side: string): string {
  return `${venue}-${symbol}-${tradeId}-${side}`;
}

/** The id of the fill that a report of a trade tells of, whoever's order it is. */
export function reportedFillId(venue: string, { s, t, S }: ExecutionReport): string {
  return fillIdOf(venue, s, t, S.toLowerCase());
}

/**
 * @returns undefined for what is neither a fill nor an end, such as NEW, and for quantities and
 *   prices that the instrument cannot have
 */
export function executionOf(
  { order, instrument }: Placed,
  report: ExecutionReport,
): Execution | undefined {
  if (report.x === 'TRADE') {
    const { t: id, L: price, l: qty, m: isMaker } = report;
    return fillOf({ order, instrument }, { id, price, qty, isMaker }, report.X);
  }
  const reason = report.r === 'NONE' ? report.X : report.r;
  return endOf(order, report.X, reason);
}

/** A fill that was learned of by asking. */
export function fillOf(
  { order, instrument }: Placed,
  trade: Trade,
  exchangeStatus: string,
): Execution | undefined {
  const lots = parseQuantity(instrument, trade.qty);
  const priceTicks = parsePrice(instrument, trade.price);
  if (lots === undefined || priceTicks === undefined) return undefined;
  return {
    exchangeOrderId: order.exchangeOrderId,
    venue: order.venue,
    symbol: order.symbol,
    exchangeStatus,
    outcome: {
      type: 'fill',
      fillId: fillIdOf(order.venue, order.symbol, trade.id, order.side),
      lots,
      priceTicks,
      liquidity: trade.isMaker ? 'maker' : 'taker',
    },
  };
}

const ENDS: Readonly<Record<string, UnfilledOutcome['end']>> = {
  CANCELED: 'canceled',
  REJECTED: 'rejected',
  EXPIRED: 'expired',
  EXPIRED_IN_MATCH: 'expired',
};

/** @returns undefined while the order is open, and when it is filled */
export function endOf(
  order: ExchangeOrder,
  exchangeStatus: string,
  reason: string,
): Execution | undefined {
  const end = ENDS[exchangeStatus];
  if (!end) return undefined;
  const { exchangeOrderId, venue, symbol } = order;
  const outcome = { type: 'end', end, reason } as const;
  return { exchangeOrderId, venue, symbol, exchangeStatus, outcome };
}
