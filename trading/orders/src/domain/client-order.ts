import {
  formatPrice,
  formatQuantity,
  type Instrument,
  type Instruments,
  parsePrice,
  parseQuantity,
} from '@throughline/instruments';
import { ATTR } from '@throughline/model';
import { z } from 'zod';
import { OrderRefusal } from './reason.ts';

export type Side = 'buy' | 'sell';
export type OrderType = 'limit' | 'market';
/**
 * How long an order works (FIX TimeInForce): until it is canceled, until the end of the UTC day, or
 * until a time that the client names; at once and the rest not at all; at once and all or nothing.
 */
export type TimeInForce = (typeof TIMES_IN_FORCE)[number];
const TIMES_IN_FORCE = ['gtc', 'day', 'gtd', 'ioc', 'fok'] as const;
/** What a venue is told: ends by time are ours to watch. */
export type ExchangeTimeInForce = 'gtc' | 'ioc' | 'fok';

/** A client's order, validated, in integers. Plain data: it crosses threads. */
export interface ClientOrder {
  readonly userId: string;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly lots: bigint;
  /** The limit; undefined for a market order. */
  readonly priceTicks: bigint | undefined;
  /** When it expires, in milliseconds since the Unix epoch; undefined when it does not. */
  readonly expireMs?: number | undefined;
}

/** What tells a client order from all others. */
export type OrderIds = Pick<ClientOrder, 'userId' | 'clientOrderId'>;

const DAY_MS = 86_400_000;

export const idSchema = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, colons, dashes or _');
export const decimalSchema = z.string().max(40);

/** `order.new` as a client sends it. Unknown fields are ignored. */
const newOrderSchema = z.object({
  type: z.literal('order.new'),
  user_id: idSchema,
  client_order_id: idSchema,
  symbol: z.string().min(1).max(32),
  side: z.enum(['buy', 'sell']),
  order_type: z.enum(['limit', 'market']),
  quantity: decimalSchema,
  price: decimalSchema.optional(),
  time_in_force: z.enum(TIMES_IN_FORCE).optional(),
  /** RFC 3339, for `gtd`. */
  expire_time: z.iso.datetime({ offset: true }).optional(),
});
export type NewOrder = z.output<typeof newOrderSchema>;

/** `user/order`: an order id is unique only within its user. Ids never hold a slash. */
export function clientOrderKey(order: OrderIds): string {
  return `${order.userId}/${order.clientOrderId}`;
}

/**
 * Checks a message against the instrument's filters and puts it into integers. The exchange's least
 * notional is not checked: it holds for the exchange order, which several client orders share.
 *
 * @param message a parsed JSON value of any shape
 * @param nowMs since the Unix epoch
 * @throws OrderRefusal naming the first field that is not usable
 */
export function parseClientOrder(
  message: unknown,
  instruments: Instruments,
  nowMs: number,
): ClientOrder {
  const order = parseFields(newOrderSchema, message);
  const instrument = instruments.get(order.symbol);
  if (!instrument) {
    throw new OrderRefusal('unknown_symbol', `symbol: ${order.symbol} is not traded here`);
  }
  const timeInForce = parseTimeInForce(order);
  return {
    userId: order.user_id,
    clientOrderId: order.client_order_id,
    symbol: order.symbol,
    side: order.side,
    type: order.order_type,
    timeInForce,
    lots: parseLots(order.quantity, instrument),
    priceTicks: parsePriceTicks(order, instrument),
    expireMs: parseExpiry(order.expire_time, timeInForce, nowMs),
  };
}

/**
 * A message of the shape that the schema says.
 *
 * @throws OrderRefusal naming the first field that is not usable
 */
export function parseFields<T>(schema: z.ZodType<T>, message: unknown): T {
  const parsed = schema.safeParse(message);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(`${issue?.path.join('.') || 'the order'}: ${issue?.message ?? 'not usable'}`);
}

/** What the venue is told of an order that works so long. */
export function exchangeTimeInForce(timeInForce: TimeInForce): ExchangeTimeInForce {
  return timeInForce === 'ioc' || timeInForce === 'fok' ? timeInForce : 'gtc';
}

/** The order as span attributes. */
export function clientOrderAttributes(
  order: ClientOrder,
  instrument: Instrument,
): Record<string, string> {
  const { priceTicks } = order;
  return {
    [ATTR.userId]: order.userId,
    [ATTR.clientOrderId]: order.clientOrderId,
    [ATTR.tradingSymbol]: order.symbol,
    [ATTR.orderSide]: order.side,
    [ATTR.orderType]: order.type,
    [ATTR.orderTimeInForce]: order.timeInForce,
    [ATTR.orderQuantity]: formatQuantity(instrument, order.lots),
    ...(priceTicks === undefined ? {} : { [ATTR.orderPrice]: formatPrice(instrument, priceTicks) }),
  };
}

function parseTimeInForce(order: NewOrder): TimeInForce {
  if (order.order_type === 'limit') return order.time_in_force ?? 'gtc';
  if (order.time_in_force === undefined || order.time_in_force === 'ioc') return 'ioc';
  throw invalid('time_in_force: a market order is always ioc');
}

function parseExpiry(
  expireTime: string | undefined,
  timeInForce: TimeInForce,
  nowMs: number,
): number | undefined {
  if (timeInForce !== 'gtd') {
    if (expireTime !== undefined) throw invalid('expire_time: only a gtd order has one');
    return timeInForce === 'day' ? (Math.floor(nowMs / DAY_MS) + 1) * DAY_MS : undefined;
  }
  if (expireTime === undefined) throw invalid('expire_time: a gtd order needs one');
  const expireMs = Date.parse(expireTime);
  if (expireMs > nowMs) return expireMs;
  throw invalid(`expire_time: ${expireTime} is over`);
}

/** @throws OrderRefusal when it is no whole number of lots, or outside of what the venue takes */
export function parseLots(quantity: string, instrument: Instrument): bigint {
  const lots = parseQuantity(instrument, quantity);
  const { lotsMin, lotsMax } = instrument;
  if (lots === undefined) {
    const step = formatQuantity(instrument, 1n);
    throw invalid(`quantity: not a decimal that is a multiple of ${step}`);
  }
  if (lots < lotsMin || lots > lotsMax) {
    const [least, most] = [lotsMin, lotsMax].map((limit) => formatQuantity(instrument, limit));
    throw invalid(`quantity: must be between ${least} and ${most}`);
  }
  return lots;
}

function parsePriceTicks(order: NewOrder, instrument: Instrument): bigint | undefined {
  if (order.order_type === 'market') {
    if (order.price !== undefined) throw invalid('price: a market order has none');
    return undefined;
  }
  if (order.price === undefined) throw invalid('price: a limit order needs one');
  return parseLimit(order.price, instrument);
}

/** @throws OrderRefusal when it is no whole number of ticks, or outside of what the venue takes */
export function parseLimit(price: string, instrument: Instrument): bigint {
  const ticks = parsePrice(instrument, price);
  const { ticksMin, ticksMax } = instrument;
  if (ticks === undefined) {
    const tick = formatPrice(instrument, 1n);
    throw invalid(`price: not a decimal that is a multiple of ${tick}`);
  }
  if (ticks < ticksMin || ticks > ticksMax) {
    const [least, most] = [ticksMin, ticksMax].map((limit) => formatPrice(instrument, limit));
    throw invalid(`price: must be between ${least} and ${most}`);
  }
  return ticks;
}

function invalid(message: string): OrderRefusal {
  return new OrderRefusal('invalid', message);
}
