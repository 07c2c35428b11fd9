import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { Faults } from '../faults/faults.ts';
import { INSTRUMENTS } from '../instruments.ts';
import { Random } from '../random.ts';
import { DEMO_ACCOUNT } from '../venue/account.ts';
import { Venue } from '../venue/venue.ts';
import { createRest } from './rest.ts';

const NOW_MS = 1_700_000_000_000;

function createApp() {
  const faults = new Faults(new Random(1));
  const venue = new Venue({
    instruments: INSTRUMENTS,
    accounts: [DEMO_ACCOUNT],
    faults,
    now: () => NOW_MS,
    firstId: 1,
  });
  return { venue, app: createRest(venue, faults) };
}

type Method = 'GET' | 'POST' | 'DELETE';
type App = ReturnType<typeof createApp>['app'];

function sign(text: string, secret = DEMO_ACCOUNT.secret): string {
  return `${text}&signature=${createHmac('sha256', secret).update(text).digest('hex')}`;
}

async function call(app: App, method: Method, path: string, query: string, secret?: string) {
  const text = sign(`${query}${query === '' ? '' : '&'}timestamp=${NOW_MS}`, secret);
  const headers = { 'x-mbx-apikey': DEMO_ACCOUNT.apiKey };
  const response = await app.inject({ method, url: `/api/v3/${path}?${text}`, headers });
  return { status: response.statusCode, body: response.json() };
}

const ORDER = 'symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&price=50000&quantity=0.1';

test('public paths answer without a key, and name an unknown symbol', async () => {
  const { app } = createApp();
  const get = async (path: string) => (await app.inject({ url: `/api/v3/${path}` })).json();
  expect(await get('ping')).toEqual({});
  expect(await get('time')).toEqual({ serverTime: NOW_MS });
  expect((await get('exchangeInfo?symbol=ETHUSDT')).symbols).toMatchObject([
    {
      symbol: 'ETHUSDT',
      filters: [
        { filterType: 'PRICE_FILTER', tickSize: '0.01000000' },
        { filterType: 'LOT_SIZE', stepSize: '0.00010000' },
        { filterType: 'NOTIONAL', minNotional: '5.00000000' },
      ],
    },
  ]);
  expect(await get('depth?symbol=NONE')).toEqual({ code: -1121, msg: 'Invalid symbol.' });
  expect(await get('depth')).toMatchObject({ code: -1102 });
  expect(await get('trades?symbol=BTCUSDT&limit=5000')).toMatchObject({ code: -1130 });
});

test('an order goes from placing to canceling, in query or form', async () => {
  const { app } = createApp();
  const placed = await call(app, 'POST', 'order', `${ORDER}&newClientOrderId=my-1`);
  expect(placed).toMatchObject({
    status: 200,
    body: { clientOrderId: 'my-1', status: 'NEW', origQty: '0.10000000', fills: [] },
  });
  const form = await app.inject({
    method: 'POST',
    url: '/api/v3/order',
    headers: {
      'x-mbx-apikey': DEMO_ACCOUNT.apiKey,
      'content-type': 'application/x-www-form-urlencoded',
    },
    payload: sign(`${ORDER.replace('BUY', 'SELL')}&newOrderRespType=RESULT&timestamp=${NOW_MS}`),
  });
  expect(form.json()).toMatchObject({ status: 'FILLED', cummulativeQuoteQty: '5000.00000000' });
  expect(form.json()).not.toHaveProperty('fills');
  const key = 'symbol=BTCUSDT&origClientOrderId=my-1';
  expect((await call(app, 'GET', 'order', key)).body).toMatchObject({ status: 'FILLED' });
  expect((await call(app, 'DELETE', 'order', key)).body).toMatchObject({ code: -2011 });
  expect((await call(app, 'GET', 'myTrades', 'symbol=BTCUSDT')).body).toMatchObject([
    { isMaker: true, isBuyer: true, qty: '0.10000000', price: '50000.00000000' },
    { isMaker: false, isBuyer: false },
  ]);
  await call(app, 'POST', 'order', ORDER);
  expect((await call(app, 'GET', 'openOrders', '')).body).toHaveLength(1);
  expect((await call(app, 'DELETE', 'openOrders', 'symbol=BTCUSDT')).body).toMatchObject([
    { status: 'CANCELED' },
  ]);
  expect((await call(app, 'GET', 'allOrders', 'symbol=BTCUSDT&limit=2')).body).toHaveLength(2);
  const { balances } = (await call(app, 'GET', 'account', '')).body;
  expect(balances).toContainEqual({
    asset: 'USDT',
    free: '100000000000.00000000',
    locked: '0.00000000',
  });
});

test('a request that is not signed by its key is refused', async () => {
  const { app } = createApp();
  expect(await call(app, 'POST', 'order', ORDER, 'wrong secret')).toMatchObject({
    status: 400,
    body: { code: -1022 },
  });
  const inject = async (url: string, apiKey: string) =>
    (await app.inject({ url: `/api/v3/${url}`, headers: { 'x-mbx-apikey': apiKey } })).json();
  expect(await inject('account', 'unknown')).toMatchObject({ code: -2015 });
  expect(await inject('account', DEMO_ACCOUNT.apiKey)).toMatchObject({ code: -1102 });
  const late = sign(`timestamp=${NOW_MS - 5_001}`);
  expect(await inject(`account?${late}`, DEMO_ACCOUNT.apiKey)).toMatchObject({ code: -1021 });
  const early = sign(`timestamp=${NOW_MS + 2_000}`);
  expect(await inject(`account?${early}`, DEMO_ACCOUNT.apiKey)).toMatchObject({ code: -1021 });
  const altered = `${sign(`timestamp=${NOW_MS}`)}&timestamp=${NOW_MS}`;
  expect(await inject(`account?${altered}`, DEMO_ACCOUNT.apiKey)).toMatchObject({ code: -1101 });
});

test('each unusable order parameter has its code', async () => {
  const { app } = createApp();
  const codeOf = async (change: string, from = '') =>
    (
      await call(
        app,
        'POST',
        'order',
        from === '' ? `${ORDER}&${change}` : ORDER.replace(from, change),
      )
    ).body.code;
  expect(await codeOf('side=HOLD', 'side=BUY')).toBe(-1117);
  expect(await codeOf('type=STOP', 'type=LIMIT')).toBe(-1116);
  expect(await codeOf('timeInForce=GTX', 'timeInForce=GTC')).toBe(-1115);
  expect(await codeOf('price=abc', 'price=50000')).toBe(-1100);
  expect(await codeOf('price=-1', 'price=50000')).toBe(-1100);
  expect(await codeOf('price=0.123456789', 'price=50000')).toBe(-1111);
  expect(await codeOf('price=0.001', 'price=50000')).toBe(-1013);
  expect(await codeOf('', '&price=50000')).toBe(-1102);
  expect(await codeOf('', '&quantity=0.1')).toBe(-1102);
  expect(await codeOf('type=MARKET', 'type=LIMIT')).toBe(-1106);
  expect(await codeOf('stopPrice=1')).toBe(-1106);
  expect(await codeOf('newClientOrderId=with%20space')).toBe(-1100);
  expect(await codeOf('quantity=9000', 'quantity=0.1')).toBeUndefined();
  expect(await codeOf('quantity=9000.1', 'quantity=0.1')).toBe(-1013);
});

test('unknown paths, kinds of body and sizes are refused in the exchange’s form', async () => {
  const { app } = createApp();
  const post = (contentType: string, payload: string) =>
    app.inject({
      method: 'POST',
      url: '/api/v3/order',
      headers: { 'content-type': contentType },
      payload,
    });
  expect((await app.inject({ url: '/api/v3/klines' })).statusCode).toBe(404);
  expect((await post('application/json', '{}')).statusCode).toBe(415);
  const large = await post('application/x-www-form-urlencoded', 'x'.repeat(100_000));
  expect(large.statusCode).toBe(413);
  expect(large.json()).toMatchObject({ code: -1000 });
});
