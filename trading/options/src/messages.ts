import { isDecimal, ThroughlineError } from '@throughline/model';
import { z } from 'zod';

/** The topics, which are the same over Kafka and over channels. Keys are contract ids. */
export const TOPIC = {
  /** {@link InstrumentQuote}, from ingestion and from backfills. */
  quotes: 'options.quotes',
  /** {@link PricedQuote}. */
  priced: 'options.priced',
  /** Messages that a consumer refused, byte for byte, with the reason in a header. */
  deadLetter: 'options.dead-letter',
} as const;

const positiveDecimal = z
  .string()
  .refine((text) => isDecimal(text) && !text.startsWith('-') && !/^[0.]+$/.test(text), {
    message: 'not a positive decimal',
  });

/** A quote of one contract with what its value depends on. Prices are decimals, rates a year's. */
export const instrumentQuote = z.object({
  contract: z.string().min(1).max(64),
  underlying: z.string().regex(/^[A-Z0-9.]{1,16}$/),
  expiry: z.iso.date(),
  strike: positiveDecimal,
  right: z.enum(['C', 'P']),
  price: positiveDecimal,
  spot: positiveDecimal,
  quote_time: z.iso.datetime(),
  rate: z.number().min(-1).max(1),
  dividend_yield: z.number().min(-1).max(1),
});
export type InstrumentQuote = z.infer<typeof instrumentQuote>;

/** How a quote's volatility was found. */
const VOLATILITY_STATUSES = [
  'implied',
  'expired',
  'below_intrinsic',
  'no_time_value',
  'above_maximum',
  'out_of_range',
] as const;

/** A quote with what the model says of it. Greeks: `Greeks` of domain/black-scholes.ts. */
export const pricedQuote = instrumentQuote.extend({
  volatility_status: z.enum(VOLATILITY_STATUSES),
  /** What the model was given: the implied volatility, or else the reference volatility. */
  volatility: z.number(),
  model_price: z.number(),
  delta: z.number(),
  gamma: z.number(),
  vega: z.number(),
  theta: z.number(),
  rho: z.number(),
});
export type PricedQuote = z.infer<typeof pricedQuote>;

/**
 * Reads a message.
 *
 * @throws ThroughlineError `TL_MESSAGE_INVALID` naming the field that cannot be used; nothing of the
 *   message itself
 */
export function parseMessage<T>(schema: z.ZodType<T>, text: string): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ThroughlineError('TL_MESSAGE_INVALID', 'the message is not JSON');
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') || 'message';
  throw new ThroughlineError('TL_MESSAGE_INVALID', `${field}: ${issue?.message}`);
}

/** Whether a message can never be processed, however often it is tried. */
export function isPoisoned(error: unknown): error is ThroughlineError {
  return error instanceof ThroughlineError && error.code === 'TL_MESSAGE_INVALID';
}
