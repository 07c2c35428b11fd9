// An ordinary ccxt client trades on the simulator: `npx vitest run --project system
// test/exchange-ccxt.test.ts`.

import ccxt from 'ccxt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ExchangeProcess, startExchangeProcess } from './support/exchange-process.ts';

let simulator: ExchangeProcess;
let client: InstanceType<typeof ccxt.pro.binance>;

beforeAll(async () => {
  simulator = await startExchangeProcess(['--seed', '7', '--latency-ms', '1', '--jitter-ms', '1']);
  client = createClient(simulator);
  // ccxt opens plain ws:// sockets only after this.
  await client.loadHttpProxyAgent();
});

afterAll(async () => {
  await client?.close();
  await simulator?.stop();
});

function createClient({ rest, ws, wsApi }: ExchangeProcess) {
  const created = new ccxt.pro.binance({
    apiKey: 'throughline-demo-key',
    secret: 'throughline-demo-secret',
    number: String,
    options: { defaultType: 'spot', fetchMarkets: { types: ['spot'] } },
  });
  const urls = created.urls as { api: Record<string, unknown> };
  Object.assign(urls.api, {
    public: `${rest}/api/v3`,
    private: `${rest}/api/v3`,
    sapi: `${rest}/sapi/v1`,
    ws: { spot: ws, 'ws-api': { spot: wsApi } },
  });
  return created;
}

test('ccxt loads the markets with their filters, and the currencies', async () => {
  const markets = await client.loadMarkets();
  expect(Object.keys(markets).sort()).toEqual(['BTC/USDT', 'ETH/USDT', 'SOL/USDT']);
  const market = client.market('BTC/USDT');
  expect(Number(market.precision.price)).toBe(0.01);
  expect(Number(market.precision.amount)).toBe(0.00001);
  expect(Number(market.limits.cost?.min)).toBe(5);
  expect(Object.keys(client.currencies)).toEqual(expect.arrayContaining(['BTC', 'USDT']));
});

test('ccxt watches trades', async () => {
  const [trade] = await client.watchTrades('BTC/USDT');
  expect(trade?.symbol).toBe('BTC/USDT');
  expect(Number(trade?.price)).toBeGreaterThan(0);
  expect(Number(trade?.amount)).toBeGreaterThan(0);
});

test('ccxt keeps an order book from a snapshot and changes, never crossed', async () => {
  for (let update = 0; update < 5; update++) {
    const book = await client.watchOrderBook('ETH/USDT');
    const [bid] = book.bids[0] ?? [];
    const [ask] = book.asks[0] ?? [];
    expect(Number(bid)).toBeLessThan(Number(ask));
  }
});

test('a limit order over REST fills in several parts that fetchMyTrades lists', async () => {
  const { asks } = await client.fetchOrderBook('BTC/USDT', 20);
  // Far above, since the market moves on meanwhile.
  const limit = client.priceToPrecision('BTC/USDT', Number(asks.at(-1)?.[0]) * 1.1) as never;
  const order = await client.createOrder('BTC/USDT', 'limit', 'buy', '0.5' as never, limit);
  const placed = await client.fetchOrder(String(order.id), 'BTC/USDT');
  expect(placed.status).toBe('closed');
  expect(Number(placed.filled)).toBe(0.5);
  const trades = await client.fetchMyTrades('BTC/USDT');
  const mine = trades.filter((trade) => trade.order === order.id);
  expect(mine.length).toBeGreaterThan(1);
  const lots = mine.map((trade) => Math.round(Number(trade.amount) * 1e5));
  expect(lots.reduce((sum, amount) => sum + amount, 0)).toBe(50_000);
});

test('watchOrders and watchMyTrades see a market order placed over WebSocket', async () => {
  const orders = client.watchOrders('SOL/USDT');
  const fills = client.watchMyTrades('SOL/USDT');
  // Requests on one socket are served in order: an order sent after the subscription is heard.
  await expect
    .poll(() => Object.keys(client.clients[simulator.wsApi]?.subscriptions ?? {}))
    .toContain('spot');
  const placed = await client.createOrderWs('SOL/USDT', 'market', 'sell', '3' as never);
  expect(placed.status).toBe('closed');
  expect((await orders)[0]?.id).toBe(placed.id);
  expect((await fills)[0]?.order).toBe(placed.id);
});

test('a resting order can be seen, then canceled, over both protocols', async () => {
  const { bids } = await client.fetchOrderBook('BTC/USDT', 5);
  const far = client.priceToPrecision('BTC/USDT', Number(bids[0]?.[0]) * 0.6) as never;
  const one = await client.createOrder('BTC/USDT', 'limit', 'buy', '0.01' as never, far);
  const two = await client.createOrderWs('BTC/USDT', 'limit', 'buy', '0.01' as never, far);
  const open = await client.fetchOpenOrders('BTC/USDT');
  expect(open.map((order) => order.id)).toEqual([one.id, two.id]);
  await client.cancelOrder(String(one.id), 'BTC/USDT');
  expect((await client.cancelOrderWs(String(two.id), 'BTC/USDT')).status).toBe('canceled');
  expect(await client.fetchOpenOrders('BTC/USDT')).toEqual([]);
  const balance = await client.fetchBalance();
  expect(Number(balance.USDT?.used)).toBe(0);
});

test('ccxt recognises the refusals by their codes', async () => {
  const price = '10' as never;
  const create = (amount: string) =>
    client.createOrder('SOL/USDT', 'limit', 'buy', amount as never, price);
  await expect(create('0.1')).rejects.toThrow('Filter failure: NOTIONAL');
  await expect(client.cancelOrder('1', 'SOL/USDT')).rejects.toThrow(ccxt.OrderNotFound);
  await expect(client.fetchOrder('1', 'SOL/USDT')).rejects.toThrow(ccxt.OrderNotFound);
  client.secret = 'wrong';
  await expect(create('1')).rejects.toThrow(ccxt.AuthenticationError);
  client.secret = 'throughline-demo-secret';
});
