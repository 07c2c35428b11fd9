import { z } from 'zod';
import { OrderError, type OrderErrorType } from '../domain/order-error.ts';

/** Binance's body of an error. */
const refusalSchema = z.object({ code: z.number(), msg: z.string() });

/**
 * Binance's error codes.
 *
 * @see https://developers.binance.com/docs/binance-spot-api-docs/errors
 */
const TYPE_BY_CODE: Readonly<Record<number, OrderErrorType>> = {
  [-1002]: 'authentication',
  [-1003]: 'rate_limited',
  [-1007]: 'timeout',
  [-1008]: 'venue_unavailable',
  [-1013]: 'filter',
  [-1015]: 'rate_limited',
  [-1021]: 'clock',
  [-1022]: 'authentication',
  [-1111]: 'filter',
  [-1121]: 'unknown_symbol',
  [-2010]: 'rejected',
  [-2011]: 'unknown_order',
  [-2013]: 'unknown_order',
  [-2014]: 'authentication',
  [-2015]: 'authentication',
};

const NEW_ORDER_REJECTED = -2010;
const TOO_MANY_REQUESTS = 429;
/** Binance bans an address for a while that goes on after a 429. */
const BANNED = 418;

/**
 * What an answer with an error status means. A 5xx says nothing about what became of the request.
 *
 * @param request names it in the message: method and path, never the query
 * @param nowMs milliseconds since the Unix epoch, for a `Retry-After` that is a date
 */
export function refusalOf(
  request: string,
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  body: unknown,
  nowMs: number,
): OrderError {
  const parsed = refusalSchema.safeParse(body);
  const { code, msg } = parsed.success ? parsed.data : { code: 0, msg: 'no reason given' };
  const message = `${request}: status ${status}, ${code} ${msg}`;
  const retryAfterMs = retryAfterMsOf(headers.get('retry-after'), nowMs);
  if (status === TOO_MANY_REQUESTS || status === BANNED) {
    return new OrderError('rate_limited', message, { retryAfterMs });
  }
  if (status >= 500) return new OrderError('venue_unavailable', message, { retryAfterMs });
  if (code === NEW_ORDER_REJECTED) return new OrderError(rejectionType(msg), message);
  const type = TYPE_BY_CODE[code] ?? (status === 401 ? 'authentication' : 'invalid_request');
  return new OrderError(type, message);
}

/** One code has several reasons; Binance documents the texts that tell them apart. */
function rejectionType(message: string): OrderErrorType {
  if (/insufficient balance/i.test(message)) return 'insufficient_balance';
  return /duplicate order/i.test(message) ? 'duplicate' : 'rejected';
}

/** What a request means that got no answer. */
export function failureOf(request: string, cause: unknown): OrderError {
  if (cause instanceof OrderError) return cause;
  const name = cause instanceof Error ? cause.name : '';
  if (name === 'TimeoutError' || name === 'AbortError') {
    return new OrderError('timeout', `${request}: no answer in time`, { cause });
  }
  // Undici tells of the network's error as the cause of its own.
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const detail = inner instanceof Error ? inner.message : String(inner);
  return new OrderError('venue_unavailable', `${request}: ${detail}`, { cause });
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3). */
function retryAfterMsOf(text: string | null, nowMs: number): number | undefined {
  if (text === null) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}
