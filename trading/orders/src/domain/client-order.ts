import { ATTR, ThroughlineError } from '@throughline/model';
import { z } from 'zod';
import {
  formatPrice,
  formatQuantity,
  type Instrument,
  type Instruments,
  parsePrice,
  parseQuantity,
} from './instrument.ts';

export type Side = 'buy' | 'sell';
export type OrderType = 'limit' | 'market';
/** Fill-or-kill is not offered: an order that shares an exchange order cannot be all or nothing. */
export type TimeInForce = 'gtc' | 'ioc';

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
}

const idSchema = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, colons, dashes or _');
const decimalSchema = z.string().max(40);

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
  time_in_force: z.enum(['gtc', 'ioc']).optional(),
});
export type NewOrder = z.output<typeof newOrderSchema>;

/** `user/order`: an order id is unique only within its user. Ids never hold a slash. */
export function clientOrderKey(order: Pick<ClientOrder, 'userId' | 'clientOrderId'>): string {
  return `${order.userId}/${order.clientOrderId}`;
}

/**
 * Checks a message against the instrument's filters and puts it into integers. The exchange's least
 * notional is not checked: it holds for the exchange order, which several client orders share.
 *
 * @param message a parsed JSON value of any shape
 * @throws ThroughlineError `TL_ORDER_INVALID`, naming the first field that is not usable
 */
export function parseClientOrder(message: unknown, instruments: Instruments): ClientOrder {
  const parsed = newOrderSchema.safeParse(message);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`${issue?.path.join('.') || 'the order'}: ${issue?.message ?? 'not usable'}`);
  }
  const order = parsed.data;
  const instrument = instruments.get(order.symbol);
  if (!instrument) throw invalid(`symbol: ${order.symbol} is not traded here`);
  return {
    userId: order.user_id,
    clientOrderId: order.client_order_id,
    symbol: order.symbol,
    side: order.side,
    type: order.order_type,
    timeInForce: parseTimeInForce(order),
    lots: parseLots(order, instrument),
    priceTicks: parsePriceTicks(order, instrument),
  };
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

function parseLots(order: NewOrder, instrument: Instrument): bigint {
  const lots = parseQuantity(instrument, order.quantity);
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
  const ticks = parsePrice(instrument, order.price);
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

function invalid(message: string): ThroughlineError {
  return new ThroughlineError('TL_ORDER_INVALID', message);
}
