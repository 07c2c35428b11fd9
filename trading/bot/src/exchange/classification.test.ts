import { expect, test } from 'vitest';
import { OrderError, type OrderErrorType } from '../domain/order-error.ts';
import { failureOf, refusalOf } from './classification.ts';

const NOW_MS = Date.UTC(2026, 10, 20);

function refusal(status: number, body: unknown, headers: Record<string, string> = {}): OrderError {
  return refusalOf('POST /api/v3/order', { status, headers: new Headers(headers) }, body, NOW_MS);
}

test.each<[status: number, code: number, msg: string, OrderErrorType]>([
  [400, -1013, 'Filter failure: LOT_SIZE', 'filter'],
  [400, -1111, "Parameter 'price' has too much precision.", 'filter'],
  [400, -1021, 'Timestamp for this request is outside of the recvWindow.', 'clock'],
  [400, -1022, 'Signature for this request is not valid.', 'authentication'],
  [400, -1102, "Mandatory parameter 'price' was not sent", 'invalid_request'],
  [400, -1121, 'Invalid symbol.', 'unknown_symbol'],
  [400, -2010, 'NEW_ORDER_REJECTED', 'rejected'],
  [400, -2010, 'Account has insufficient balance for requested action.', 'insufficient_balance'],
  [400, -2010, 'Duplicate order sent.', 'duplicate'],
  [400, -2013, 'Order does not exist.', 'unknown_order'],
  [401, -2015, 'Invalid API-key, IP, or permissions for action.', 'authentication'],
  [429, -1003, 'Too many requests.', 'rate_limited'],
  [418, -1003, 'Way too many requests; IP banned.', 'rate_limited'],
  [500, -1000, 'An unknown error occurred.', 'venue_unavailable'],
])('status %i with %i %s is %s', (status, code, msg, errorType) => {
  expect(refusal(status, { code, msg }).errorType).toBe(errorType);
});

test('a body that is not the exchange’s is no obstacle', () => {
  expect(refusal(502, undefined).errorType).toBe('venue_unavailable');
  expect(refusal(401, '<html>').errorType).toBe('authentication');
  expect(refusal(404, []).errorType).toBe('invalid_request');
});

test('Retry-After is seconds or a date', () => {
  const after = (text: string) => refusal(429, {}, { 'retry-after': text }).retryAfterMs;
  expect(after('2')).toBe(2_000);
  expect(after(new Date(NOW_MS + 3_000).toUTCString())).toBe(3_000);
  expect(after(new Date(NOW_MS - 3_000).toUTCString())).toBe(0);
  expect(after('soon')).toBeUndefined();
  expect(refusal(429, {}).retryAfterMs).toBeUndefined();
});

test('a silence is a timeout, and a broken connection an exchange that is away', () => {
  const timeout = new DOMException('The operation timed out.', 'TimeoutError');
  expect(failureOf('GET /x', timeout).errorType).toBe('timeout');
  const broken = new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
  const failure = failureOf('GET /x', broken);
  expect(failure.errorType).toBe('venue_unavailable');
  expect(failure.message).toBe('GET /x: connect ECONNREFUSED');
  const known = new OrderError('filter', 'known');
  expect(failureOf('GET /x', known)).toBe(known);
});
