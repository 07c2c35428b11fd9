import { createInstrument, type Instrument } from '@throughline/instruments';
import { ThroughlineError } from '@throughline/model';
import { z } from 'zod';

const TIMEOUT_MS = 5_000;

const filterSchema = z.looseObject({ filterType: z.string() });
const symbolSchema = z.object({ symbol: z.string(), filters: z.array(filterSchema) });
const exchangeInfoSchema = z.object({ symbols: z.array(symbolSchema) });

const priceFilterSchema = z.object({
  tickSize: z.string(),
  minPrice: z.string(),
  maxPrice: z.string(),
});
const lotSizeSchema = z.object({ stepSize: z.string(), minQty: z.string(), maxQty: z.string() });
const notionalSchema = z.object({ minNotional: z.string() });

const bookTickersSchema = z.array(
  z.object({ symbol: z.string(), bidPrice: z.string(), askPrice: z.string() }),
);
export type BookTicker = z.output<typeof bookTickersSchema>[number];

/**
 * The instruments that the exchange trades, by symbol (Binance, `GET /api/v3/exchangeInfo`).
 *
 * @throws ThroughlineError `TL_EXCHANGE_UNAVAILABLE`
 */
export async function fetchInstruments(restUrl: string): Promise<Map<string, Instrument>> {
  const { symbols } = await get(restUrl, '/api/v3/exchangeInfo', exchangeInfoSchema);
  return new Map(symbols.map((info) => [info.symbol, toInstrument(info)]));
}

/**
 * The best bid and ask of every symbol (Binance, `GET /api/v3/ticker/bookTicker`).
 *
 * @throws ThroughlineError `TL_EXCHANGE_UNAVAILABLE`
 */
export async function fetchBookTickers(restUrl: string): Promise<BookTicker[]> {
  return get(restUrl, '/api/v3/ticker/bookTicker', bookTickersSchema);
}

function toInstrument({ symbol, filters }: z.output<typeof symbolSchema>): Instrument {
  const filter = <T>(type: string, schema: z.ZodType<T>): T => {
    const parsed = schema.safeParse(filters.find(({ filterType }) => filterType === type));
    if (parsed.success) return parsed.data;
    throw unavailable(`${symbol} comes without a usable filter ${type}`);
  };
  const price = filter('PRICE_FILTER', priceFilterSchema);
  const lot = filter('LOT_SIZE', lotSizeSchema);
  const { minNotional } = filter('NOTIONAL', notionalSchema);
  return createInstrument(symbol, {
    tickSize: price.tickSize,
    priceMin: price.minPrice,
    priceMax: price.maxPrice,
    stepSize: lot.stepSize,
    quantityMin: lot.minQty,
    quantityMax: lot.maxQty,
    notionalMin: minNotional,
  });
}

async function get<T>(restUrl: string, path: string, schema: z.ZodType<T>): Promise<T> {
  let json: unknown;
  try {
    const response = await fetch(new URL(path, restUrl), {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw unavailable(`it answers with status ${response.status}`);
    json = await response.json();
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw unavailable(`cannot get ${path} from ${restUrl}: ${detail}`, cause);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw unavailable(`the answer to ${path} is not what Binance documents`, parsed.error);
}

function unavailable(message: string, cause?: unknown): ThroughlineError {
  return new ThroughlineError('TL_EXCHANGE_UNAVAILABLE', message, {
    hint: 'Is the exchange running, and is its address right?',
    cause,
  });
}
