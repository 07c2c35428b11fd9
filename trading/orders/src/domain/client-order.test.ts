import { expect, test } from 'vitest';
import { BTCUSDT } from '../testing/instruments.ts';
import { clientOrderAttributes, parseClientOrder } from './client-order.ts';

const NOW_MS = Date.parse('2026-03-05T13:30:00Z');
const instruments = new Map([['BTCUSDT', BTCUSDT]]);
const limit = {
  type: 'order.new',
  user_id: 'u1',
  client_order_id: 'o1',
  symbol: 'BTCUSDT',
  side: 'buy',
  order_type: 'limit',
  quantity: '0.5',
  price: '61000.00',
};
const { price: _, ...withoutPrice } = limit;
const market = { ...withoutPrice, order_type: 'market' };

test('a limit order is read into lots and ticks', () => {
  const order = parseClientOrder(limit, instruments, NOW_MS);
  expect(order).toEqual({
    userId: 'u1',
    clientOrderId: 'o1',
    symbol: 'BTCUSDT',
    side: 'buy',
    type: 'limit',
    timeInForce: 'gtc',
    lots: 50_000n,
    priceTicks: 6_100_000n,
  });
  expect(clientOrderAttributes(order, BTCUSDT)).toEqual({
    'user.id': 'u1',
    'client.order_id': 'o1',
    'trading.symbol': 'BTCUSDT',
    'order.side': 'buy',
    'order.type': 'limit',
    'order.time_in_force': 'gtc',
    'order.quantity': '0.5',
    'order.price': '61000',
  });
});

test('a market order has no price and never rests', () => {
  expect(parseClientOrder(market, instruments, NOW_MS)).toMatchObject({
    timeInForce: 'ioc',
    priceTicks: undefined,
  });
});

test('a day order expires at the end of the UTC day, a gtd order at its time', () => {
  const expiry = (fields: object) =>
    parseClientOrder({ ...limit, ...fields }, instruments, NOW_MS).expireMs;
  expect(expiry({ time_in_force: 'day' })).toBe(Date.parse('2026-03-06T00:00:00Z'));
  const gtd = { time_in_force: 'gtd', expire_time: '2026-03-05T15:00:00+01:00' };
  expect(expiry(gtd)).toBe(Date.parse('2026-03-05T14:00:00Z'));
  expect(expiry({ time_in_force: 'fok' })).toBeUndefined();
  expect(expiry({})).toBeUndefined();
});

test.each([
  ['no object', 7, /the order/],
  ['a missing user', { ...limit, user_id: undefined }, /user_id/],
  ['an id with a slash', { ...limit, client_order_id: 'a/b' }, /client_order_id/],
  ['an unknown symbol', { ...limit, symbol: 'DOGEUSDT' }, /DOGEUSDT is not traded/],
  ['an unknown side', { ...limit, side: 'hold' }, /side/],
  ['a quantity as a number', { ...limit, quantity: 0.5 }, /quantity/],
  ['a quantity that is no decimal', { ...limit, quantity: '1e3' }, /quantity/],
  ['a quantity between two lots', { ...limit, quantity: '0.000001' }, /multiple of 0\.00001/],
  ['a quantity of zero', { ...limit, quantity: '0' }, /between 0\.00001 and 9000/],
  ['a negative quantity', { ...limit, quantity: '-1' }, /between/],
  ['a price between two ticks', { ...limit, price: '61000.001' }, /multiple of 0\.01/],
  ['a price of zero', { ...limit, price: '0' }, /price: must be between/],
  ['a limit order without price', { ...limit, price: undefined }, /needs one/],
  ['a market order with price', { ...market, price: '1.00' }, /has none/],
  ['a market order that rests', { ...market, time_in_force: 'gtc' }, /always ioc/],
  ['an unknown time in force', { ...limit, time_in_force: 'gtx' }, /time_in_force/],
  ['gtd without a time', { ...limit, time_in_force: 'gtd' }, /expire_time: .* needs one/],
  ['a time without gtd', { ...limit, expire_time: '2026-03-05T14:00:00Z' }, /only a gtd/],
  ['no RFC 3339', { ...limit, time_in_force: 'gtd', expire_time: 'tomorrow' }, /expire_time/],
  [
    'a time that is over',
    { ...limit, time_in_force: 'gtd', expire_time: '2026-03-05T13:30:00Z' },
    /is over/,
  ],
])('%s is refused with a message that names the field', (_name, message, expected) => {
  expect(() => parseClientOrder(message, instruments, NOW_MS)).toThrow(
    expect.objectContaining({
      code: 'TL_ORDER_INVALID',
      message: expect.stringMatching(expected),
    }),
  );
});
