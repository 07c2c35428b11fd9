import { createHmac } from 'node:crypto';
import { withoutPropagation } from '@throughline/sdk';
import { untraced } from '@throughline/service';
import { z } from 'zod';
import { formatAmount, parseAmount } from '../domain/amount.ts';
import type { Instrument, Order } from '../domain/order.ts';
import { OrderError } from '../domain/order-error.ts';

export interface ExchangeRestOptions {
  /** Without path, such as `https://api.binance.com`. */
  readonly url: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly timeoutMs: number;
  /** Told after each answer, and each missing one. */
  readonly onReachable: (isReachable: boolean) => void;
}

/** An order as the exchange has it. */
export interface PlacedOrder {
  readonly exchangeOrderId: string;
  /** The exchange's word, such as FILLED or EXPIRED. */
  readonly status: string;
  readonly quantityUnits: bigint;
  readonly priceUnits: bigint;
  readonly filledUnits: bigint;
}

const RECEIVE_WINDOW_MS = 5_000;
const NO_SUCH_ORDER = -2013;
/** Wrong time, signature or key. */
const AUTHENTICATION_CODES: readonly number[] = [-1021, -1022, -2014, -2015];

const amountSchema = z.string().transform((text, context) => {
  const units = parseAmount(text);
  if (units !== undefined) return units;
  context.addIssue('not an amount');
  return z.NEVER;
});

const orderSchema = z.object({
  orderId: z.number(),
  status: z.string(),
  origQty: amountSchema,
  price: amountSchema,
  executedQty: amountSchema,
});

const filterListSchema = z.array(z.looseObject({ filterType: z.string() }));

/** The filters of a symbol by their types; what is no list of filters stays as it is. */
const filtersSchema = z.preprocess(
  (json) => {
    const { data } = filterListSchema.safeParse(json);
    return data ? Object.fromEntries(data.map((filter) => [filter.filterType, filter])) : json;
  },
  z.object({
    PRICE_FILTER: z.object({ tickSize: amountSchema }),
    LOT_SIZE: z.object({ stepSize: amountSchema, minQty: amountSchema }),
    NOTIONAL: z.object({ minNotional: amountSchema }),
  }),
);
const exchangeInfoSchema = z.object({
  symbols: z.array(z.object({ symbol: z.string(), filters: filtersSchema })),
});

const errorSchema = z.object({ code: z.number(), msg: z.string() });

/**
 * Binance's REST API, as far as a service uses it that places orders. Each request is a span by
 * undici's instrumentation. Nothing of ours but the order's id goes to the exchange, not even to one
 * that is next door.
 *
 * @see https://developers.binance.com/docs/binance-spot-api-docs/rest-api
 */
export class ExchangeRest {
  readonly #options: ExchangeRestOptions;

  constructor(options: ExchangeRestOptions) {
    this.#options = options;
  }

  /** Asks whether the exchange is there, which is told to `onReachable`. Never throws. */
  async ping(): Promise<void> {
    await untraced(() => this.#request('GET', '/api/v3/ping')).catch(() => undefined);
  }

  /** What is traded, by symbol. @throws OrderError */
  async instruments(): Promise<Map<string, Instrument>> {
    const answer = await this.#request('GET', '/api/v3/exchangeInfo');
    const { symbols } = read(exchangeInfoSchema, answer);
    return new Map(
      symbols.map(({ symbol, filters }) => [
        symbol,
        {
          symbol,
          tickUnits: filters.PRICE_FILTER.tickSize,
          stepUnits: filters.LOT_SIZE.stepSize,
          quantityUnitsMin: filters.LOT_SIZE.minQty,
          notionalUnitsMin: filters.NOTIONAL.minNotional,
        },
      ]),
    );
  }

  /** @throws OrderError; when that is temporary, the order may have been placed all the same */
  async place(order: Order): Promise<PlacedOrder> {
    const answer = await this.#signed('POST', '/api/v3/order', {
      symbol: order.symbol,
      side: order.side.toUpperCase(),
      type: 'LIMIT',
      timeInForce: 'IOC',
      quantity: formatAmount(order.quantityUnits),
      price: formatAmount(order.priceUnits),
      newClientOrderId: order.clientOrderId,
      newOrderRespType: 'RESULT',
    });
    return placedOf(answer);
  }

  /** The order that was placed with this id; undefined when none was. @throws OrderError */
  async find(symbol: string, clientOrderId: string): Promise<PlacedOrder | undefined> {
    const parameters = { symbol, origClientOrderId: clientOrderId };
    const answer = await this.#signed('GET', '/api/v3/order', parameters, NO_SUCH_ORDER);
    return answer === undefined ? undefined : placedOf(answer);
  }

  #signed(
    method: 'GET' | 'POST',
    path: string,
    parameters: Readonly<Record<string, string>>,
    expectedCode?: number,
  ): Promise<unknown> {
    const query = new URLSearchParams({
      ...parameters,
      recvWindow: String(RECEIVE_WINDOW_MS),
      timestamp: String(Date.now()),
    }).toString();
    const { apiKey, apiSecret } = this.#options;
    const signature = createHmac('sha256', apiSecret).update(query).digest('hex');
    const target = `${path}?${query}&signature=${signature}`;
    return this.#request(method, target, { 'x-mbx-apikey': apiKey }, expectedCode);
  }

  /** @returns undefined when the exchange refuses with the code that was expected */
  async #request(
    method: 'GET' | 'POST',
    target: string,
    headers: Readonly<Record<string, string>> = {},
    expectedCode?: number,
  ): Promise<unknown> {
    const { url, timeoutMs, onReachable } = this.#options;
    let response: Response;
    let json: unknown;
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      response = await withoutPropagation(() =>
        fetch(new URL(target, url), { method, headers, signal }),
      );
      json = await response.json();
    } catch (cause) {
      onReachable(false);
      throw noAnswer(cause);
    }
    onReachable(true);
    if (response.ok) return json;
    const { data } = errorSchema.safeParse(json);
    if (data && data.code === expectedCode) return undefined;
    throw refusal(response.status, data?.code, data?.msg);
  }
}

function placedOf(answer: unknown): PlacedOrder {
  const { orderId, status, origQty, price, executedQty } = read(orderSchema, answer);
  return {
    exchangeOrderId: String(orderId),
    status,
    quantityUnits: origQty,
    priceUnits: price,
    filledUnits: executedQty,
  };
}

function read<T>(schema: z.ZodType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const message = 'the answer of the exchange is not what Binance documents';
  throw new OrderError('unavailable', message, parsed.error);
}

function noAnswer(cause: unknown): OrderError {
  const isTimeout = cause instanceof Error && cause.name === 'TimeoutError';
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new OrderError(
    isTimeout ? 'timeout' : 'unavailable',
    `the exchange gives no answer: ${detail}`,
    cause,
  );
}

function refusal(status: number, code = 0, text = 'no reason given'): OrderError {
  const message = `the exchange answers ${status}, code ${code}: ${text}`;
  if (status === 429 || status === 418) return new OrderError('rate_limited', message);
  if (status >= 500) return new OrderError('unavailable', message);
  const isAuthentication = status === 401 || AUTHENTICATION_CODES.includes(code);
  return new OrderError(isAuthentication ? 'authentication' : 'venue_rejected', message);
}
