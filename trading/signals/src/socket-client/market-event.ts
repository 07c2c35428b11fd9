import { z } from 'zod';
import { type Tick, tickSchema } from '../messages.ts';

/** Frames of Binance's market streams, combined (`{stream, data}`) or not. */
const tradeSchema = z.object({
  e: z.literal('trade'),
  s: z.string(),
  p: z.string(),
  q: z.string(),
  T: z.number(),
});
const bookTickerSchema = z.object({ u: z.number(), s: z.string(), b: z.string(), a: z.string() });
const frameSchema = z.object({ data: z.union([tradeSchema, bookTickerSchema]) });

/**
 * @param receivedMs for quotes, which have no time of their own
 * @returns undefined for what is neither a trade nor a quote, or not readable
 */
export function tickOfFrame(text: string, receivedMs: number): Tick | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const frame = frameSchema.safeParse(json);
  if (!frame.success) return undefined;
  const { data } = frame.data;
  const tick =
    'e' in data
      ? {
          event_type: 'trade',
          symbol: data.s,
          time_ms: data.T,
          price: data.p,
          quantity: data.q,
        }
      : {
          event_type: 'quote',
          symbol: data.s,
          time_ms: receivedMs,
          bid_price: data.b,
          ask_price: data.a,
        };
  return tickSchema.safeParse(tick).data;
}
