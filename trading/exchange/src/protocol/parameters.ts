import { z } from 'zod';
import { parseAmount } from '../amount.ts';
import type { OrderKey, PlaceOrder } from '../venue/venue.ts';
import { VenueError, type VenueErrorName } from '../venue/venue-error.ts';
import type { OrderResponseType } from './account-messages.ts';

/**
 * Parameters as they came: texts from a query or form, any JSON value from a WebSocket. Names that
 * an operation does not know are passed over, because clients send more than they need; those that
 * would change an order's meaning are refused.
 */
export type RawParameters = Readonly<Record<string, unknown>>;

const DEPTH_LIMIT_MAX = 5_000;
const LIST_LIMIT_MAX = 1_000;

const symbol = z.string().regex(/^[A-Z0-9_.-]{1,20}$/);
const clientOrderId = z.string().regex(/^[.A-Z:/a-z0-9_-]{1,36}$/);
const text = z.union([z.string(), z.number().transform(String)]);
const amount = text.pipe(z.string().regex(/^\d{1,20}(\.\d{1,20})?$/));
const integer = text.pipe(
  z
    .string()
    .regex(/^\d{1,16}$/)
    .transform(Number)
    .pipe(z.int()),
);
const timestamp = integer.optional();
/**
 * A parameter of Binance's that changes an order's meaning, and that this exchange does not know.
 */
const unsupported = z.undefined().optional();

const limit = (fallback: number, max: number) =>
  integer.pipe(z.number().min(1).max(max)).default(fallback);

export const noParameters = z.object({});
export const symbolParameters = z.object({ symbol });
export const optionalSymbolParameters = z.object({ symbol: symbol.optional() });
export const depthParameters = z.object({ symbol, limit: limit(100, DEPTH_LIMIT_MAX) });
export const tradesParameters = z.object({ symbol, limit: limit(500, LIST_LIMIT_MAX) });

/** Orders or fills of one symbol; `fromId` counts order ids for orders, trade ids for fills. */
export const historyParameters = z.object({
  symbol,
  orderId: integer.optional(),
  fromId: integer.optional(),
  startTime: timestamp,
  endTime: timestamp,
  limit: limit(500, LIST_LIMIT_MAX),
});

const keyFields = {
  symbol,
  orderId: integer.optional(),
  origClientOrderId: clientOrderId.optional(),
};
export const orderKeyParameters = z.object(keyFields);
export const cancelParameters = z.object({
  ...keyFields,
  newClientOrderId: clientOrderId.optional(),
});

export const placeParameters = z.object({
  symbol,
  side: z.enum(['BUY', 'SELL']),
  type: z.enum(['LIMIT', 'MARKET']),
  timeInForce: z.enum(['GTC', 'IOC', 'FOK']).optional(),
  price: amount.optional(),
  quantity: amount,
  newClientOrderId: clientOrderId.optional(),
  newOrderRespType: z.enum(['ACK', 'RESULT', 'FULL']).default('FULL'),
  quoteOrderQty: unsupported,
  stopPrice: unsupported,
  trailingDelta: unsupported,
  icebergQty: unsupported,
});

/** What Binance answers when a parameter is there but wrong, where it is not -1130. */
const DEFECT_BY_PARAMETER: Readonly<Record<string, VenueErrorName>> = {
  symbol: 'invalidSymbol',
  side: 'invalidSide',
  type: 'invalidOrderType',
  timeInForce: 'invalidTimeInForce',
  price: 'illegalCharacters',
  quantity: 'illegalCharacters',
  newClientOrderId: 'illegalCharacters',
  origClientOrderId: 'illegalCharacters',
  quoteOrderQty: 'parameterNotRequired',
  stopPrice: 'parameterNotRequired',
  trailingDelta: 'parameterNotRequired',
  icebergQty: 'parameterNotRequired',
};

/** @throws VenueError naming the first parameter that is missing (-1102) or wrong */
export function parseParameters<T>(schema: z.ZodType<T>, raw: RawParameters): T {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const name = String(result.error.issues[0]?.path[0] ?? '');
  if (raw[name] === undefined || raw[name] === null || raw[name] === '') {
    throw new VenueError('parameterMissing', name);
  }
  throw new VenueError(DEFECT_BY_PARAMETER[name] ?? 'invalidParameter', name);
}

/** @throws VenueError -1102, -1106, -1111 where price, quantity and type do not go together */
export function placeOrderOf(parameters: z.infer<typeof placeParameters>): {
  readonly order: PlaceOrder;
  readonly responseType: OrderResponseType;
} {
  const { symbol, side, type, price, newClientOrderId } = parameters;
  for (const name of ['price', 'timeInForce'] as const) {
    const isGiven = parameters[name] !== undefined;
    if (type === 'LIMIT' && !isGiven) throw new VenueError('parameterMissing', name);
    if (type === 'MARKET' && isGiven) throw new VenueError('parameterNotRequired', name);
  }
  const order: PlaceOrder = {
    symbol,
    side,
    timeInForce: parameters.timeInForce ?? 'IOC',
    quantityUnits: unitsOf('quantity', parameters.quantity),
    ...(price === undefined ? {} : { priceUnits: unitsOf('price', price) }),
    ...(newClientOrderId === undefined ? {} : { clientOrderId: newClientOrderId }),
  };
  return { order, responseType: parameters.newOrderRespType };
}

/** @throws VenueError -1102 when neither id is given */
export function orderKeyOf(parameters: z.infer<typeof orderKeyParameters>): OrderKey {
  const { orderId, origClientOrderId } = parameters;
  if (orderId === undefined && origClientOrderId === undefined) {
    throw new VenueError('parameterMissing', 'orderId');
  }
  return {
    ...(orderId === undefined ? {} : { orderId }),
    ...(origClientOrderId === undefined ? {} : { clientOrderId: origClientOrderId }),
  };
}

function unitsOf(name: string, amount: string): bigint {
  const units = parseAmount(amount);
  if (units === undefined) throw new VenueError('tooMuchPrecision', name);
  return units;
}
