import { expect, test } from 'vitest';
import { OrderRefusal, venueRejectReason } from './reason.ts';

test.each([
  ['Filter failure: NOTIONAL', 'venue_filter'],
  ['INSUFFICIENT_BALANCES', 'venue_insufficient_balance'],
  ['Account has insufficient balance for requested action.', 'venue_insufficient_balance'],
  ['the order did not reach the exchange', 'venue_unavailable'],
  ['the exchange is not ready within 5000 ms', 'venue_unavailable'],
  ['OTHER', 'venue_rejected'],
])('the venue says %s: %s', (words, code) => {
  expect(venueRejectReason(words)).toBe(code);
});

test('the error code of a refusal follows from its reason', () => {
  const codes = (['invalid', 'duplicate_order', 'rate_limited'] as const).map(
    (reason) => new OrderRefusal(reason, 'no').code,
  );
  expect(codes).toEqual(['TL_ORDER_INVALID', 'TL_ORDER_DUPLICATE', 'TL_OVERLOADED']);
});
