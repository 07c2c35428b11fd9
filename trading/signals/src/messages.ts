import { isDecimal } from '@throughline/model';
import { z } from 'zod';

/**
 * What travels between the services, as JSON. Prices and quantities are decimal strings, times are
 * milliseconds since the Unix epoch. A field that a schema does not know is dropped, not refused: a
 * service of an older version goes on working beside a newer one.
 */

/** Subjects of NATS, names of channels in one process. */
export const SUBJECT = {
  marketData: 'market.data',
  candleClosed: 'candles.closed',
  candlesGet: 'candles.get',
  tradingSignals: 'signals.trading',
  orderConfirmed: 'order.confirmed',
} as const;

const symbolSchema = z.string().regex(/^[A-Z0-9]{1,20}$/);
const decimalSchema = z.string().refine(isDecimal, 'not a decimal');
const timeMsSchema = z.int().nonnegative();

/** A trade of the market. */
const tradeTickSchema = z.object({
  event_type: z.literal('trade'),
  symbol: symbolSchema,
  time_ms: timeMsSchema,
  price: decimalSchema,
  quantity: decimalSchema,
});
export type TradeTick = z.output<typeof tradeTickSchema>;

/** The best bid and ask. */
const quoteTickSchema = z.object({
  event_type: z.literal('quote'),
  symbol: symbolSchema,
  time_ms: timeMsSchema,
  bid_price: decimalSchema,
  ask_price: decimalSchema,
});

export const tickSchema = z.discriminatedUnion('event_type', [tradeTickSchema, quoteTickSchema]);
export type Tick = z.output<typeof tickSchema>;

const candleSchema = z.object({
  symbol: symbolSchema,
  /** When its interval began. */
  start_ms: timeMsSchema,
  open: decimalSchema,
  high: decimalSchema,
  low: decimalSchema,
  close: decimalSchema,
  volume: decimalSchema,
  trades: z.int().positive(),
});
export type Candle = z.output<typeof candleSchema>;

export const candlesRequestSchema = z.object({
  symbol: symbolSchema,
  /** The newest so many, oldest first. */
  limit: z.int().positive().max(1_000).default(100),
});

export const candlesReplySchema = z.object({
  interval_ms: z.int().positive(),
  /** Oldest first. */
  candles: z.array(candleSchema),
  /** Absent until one has come. */
  quote: z.object({ bid_price: decimalSchema, ask_price: decimalSchema }).optional(),
});
/** The answer to `candles.get`. */
export type CandlesReply = z.output<typeof candlesReplySchema>;

export const signalSchema = z.object({
  /** Says the same of the same decision, whoever sends it how often: duplicates are known by it. */
  signal_id: z.string().min(1).max(128),
  strategy: z.string().min(1).max(64),
  symbol: symbolSchema,
  direction: z.enum(['buy', 'sell']),
  /** From 0 to 100. */
  confidence: z.int().min(0).max(100),
  entry_price: decimalSchema,
  time_ms: timeMsSchema,
});
export type Signal = z.output<typeof signalSchema>;

/** The event `order.confirmed`: what became of a signal. Each that can be read ends with one. */
export interface OrderConfirmed {
  readonly signal_id: string;
  readonly strategy: string;
  readonly symbol: string;
  readonly side: Signal['direction'];
  readonly client_order_id: string;
  /** The exchange's word, such as FILLED or EXPIRED; REJECTED by whomever it was refused. */
  readonly status: string;
  readonly filled_quantity: string;
  /** Why it was refused, then without the fields below: `order.error_type` of its spans. */
  readonly reason?: string;
  /** The exchange's own id. */
  readonly order_id?: string;
  readonly quantity?: string;
  /** The limit that the order was sent with. */
  readonly price?: string;
}
