import { expect, test } from 'vitest';
import type { ExchangeOrder } from '../domain/exchange-order.ts';
import { BTCUSDT } from '../testing/instruments.ts';
import {
  type ExecutionReport,
  executionOf,
  placeParameters,
  reportedFillId,
  reportedOrderId,
} from './exchange-messages.ts';

const order: ExchangeOrder = {
  exchangeOrderId: 'b-1-1',
  batchId: 'b-1',
  venue: 'north',
  symbol: 'BTCUSDT',
  side: 'sell',
  type: 'limit',
  timeInForce: 'gtc',
  lots: 1_000n,
  priceTicks: 6_100_050n,
};
const report: ExecutionReport = {
  ...{
    e: 'executionReport',
    s: 'BTCUSDT',
    S: 'SELL' as const,
    i: 5,
    q: '0.01000000',
    c: 'b-1-1',
    C: '',
    x: 'TRADE',
    X: 'PARTIALLY_FILLED',
    r: 'NONE',
  },
  ...{ t: 77, l: '0.00400000', L: '61000.50000000', z: '0.00400000', m: false },
};

test('an order goes out in the exchange’s words, with nothing of ours but its id', () => {
  expect(placeParameters({ order, instrument: BTCUSDT })).toEqual({
    symbol: 'BTCUSDT',
    side: 'SELL',
    type: 'LIMIT',
    timeInForce: 'GTC',
    price: '61000.5',
    quantity: '0.01',
    newClientOrderId: 'b-1-1',
    newOrderRespType: 'ACK',
  });
  const market = { ...order, type: 'market', timeInForce: 'ioc', priceTicks: undefined } as const;
  const parameters = placeParameters({ order: market, instrument: BTCUSDT });
  expect(parameters).toMatchObject({ type: 'MARKET' });
  expect(Object.keys(parameters)).not.toContain('timeInForce');
  expect(Object.keys(parameters)).not.toContain('price');
});

test('a trade is a fill in lots and ticks, with an id of its own among all venues and both sides', () => {
  expect(executionOf({ order, instrument: BTCUSDT }, report)).toEqual({
    exchangeOrderId: 'b-1-1',
    venue: 'north',
    symbol: 'BTCUSDT',
    exchangeStatus: 'PARTIALLY_FILLED',
    outcome: {
      type: 'fill',
      fillId: 'north-BTCUSDT-77-sell',
      lots: 400n,
      priceTicks: 6_100_050n,
      liquidity: 'taker',
    },
  });
});

test.each([
  ['CANCELED', 'canceled'],
  ['REJECTED', 'rejected'],
  ['EXPIRED', 'expired'],
  ['EXPIRED_IN_MATCH', 'expired'],
])('%s ends the order', (status, end) => {
  const ended = { ...report, x: status, X: status };
  expect(executionOf({ order, instrument: BTCUSDT }, ended)?.outcome).toMatchObject({
    type: 'end',
    end,
  });
});

test('an acknowledgement is no execution', () => {
  expect(
    executionOf({ order, instrument: BTCUSDT }, { ...report, x: 'NEW', X: 'NEW' }),
  ).toBeUndefined();
});

test('the report of a cancel names the order that was canceled', () => {
  expect(reportedOrderId(report)).toBe('b-1-1');
  expect(reportedOrderId({ ...report, c: 'cancel-9', C: 'b-1-1' })).toBe('b-1-1');
});

test('a report alone tells which fill it is of', () => {
  expect(reportedFillId('north', report)).toBe('north-BTCUSDT-77-sell');
  expect(reportedFillId('south', { ...report, S: 'BUY' })).toBe('south-BTCUSDT-77-buy');
});
