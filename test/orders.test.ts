// The orders system against a real exchange: `npx vitest run --project system test/orders.test.ts`.
import { once } from 'node:events';
import { type LoadOptions, runLoad } from '@throughline/orders';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type ExchangeProcess, startExchangeProcess } from './support/exchange-process.ts';
import { type Collector, startCollector } from './support/orders-collector.ts';
import { type ExchangeProxy, startExchangeProxy } from './support/orders-exchange-proxy.ts';
import { type OrdersProcess, startOrdersProcess, TestClient } from './support/orders-process.ts';
import {
  expectConservation,
  expectLinks,
  expectTopology,
  type FinalState,
  spansByName,
} from './support/orders-topology.ts';

const NOWHERE = ['--otlp', 'http://127.0.0.1:9'];

let exchange: ExchangeProcess;
let collector: Collector;
let proxy: ExchangeProxy;
const running: OrdersProcess[] = [];
const clients: TestClient[] = [];

beforeAll(async () => {
  exchange = await startExchangeProcess(['--latency-ms', '2', '--trades-per-order', '2']);
});
afterAll(async () => {
  await exchange.stop();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const orders of running.splice(0)) await orders.stop();
  await collector?.close().catch(() => undefined);
  await proxy?.close().catch(() => undefined);
});

async function startOrders(...args: string[]): Promise<OrdersProcess> {
  const orders = await startOrdersProcess(exchange, args);
  running.push(orders);
  return orders;
}

/** With everything between orders and the exchange recorded, and all spans collected. */
async function startObserved(...args: string[]): Promise<OrdersProcess> {
  collector = await startCollector();
  proxy = await startExchangeProxy(exchange.wsApi);
  const orders = await startOrdersProcess({ rest: exchange.rest, wsApi: proxy.wsApi }, [
    ...['--otlp', collector.url],
    ...args,
  ]);
  running.push(orders);
  return orders;
}

async function connect(orders: OrdersProcess): Promise<TestClient> {
  const client = await TestClient.connect(orders.wsUrl);
  clients.push(client);
  return client;
}

let sequence = 0;

function marketOrder(fields: object = {}) {
  sequence += 1;
  return {
    type: 'order.new',
    user_id: 'tester',
    client_order_id: `t-${sequence}`,
    symbol: 'BTCUSDT',
    side: 'buy',
    order_type: 'market',
    quantity: '0.01',
    ...fields,
  };
}

function load(orders: OrdersProcess, count: number, options: Partial<LoadOptions> = {}) {
  return runLoad({
    wsUrl: orders.wsUrl,
    exchangeRestUrl: exchange.rest,
    orders: count,
    ratePerSecond: 100,
    users: 8,
    seed: 1,
    finalTimeoutMs: 120_000,
    ...options,
  });
}

function finalOf(update: FinalState): FinalState {
  const { user_id, client_order_id, status, cum_quantity } = update;
  return { user_id, client_order_id, status, cum_quantity };
}

test('each order is one connected graph of spans, and every lot is accounted for', async () => {
  const orders = await startObserved('--max-open-ms', '500');
  const { orders: finals, byStatus } = await load(orders, 60);
  expect(byStatus.open ?? 0).toBe(0);
  expect(byStatus.filled).toBeGreaterThan(20);
  expect(await orders.stop()).toBe(0);

  const { spans } = collector;
  expectTopology(spans);
  expectLinks(spans);
  expectConservation(spans, finals);
  const sizes = spansByName(spans, 'order_batching').map((span) => span.attributes['batch.size']);
  expect(Math.max(...sizes.map(Number))).toBeGreaterThan(1);
  const sends = spansByName(spans, 'exchange_order_send').length;
  expect(sends).toBeGreaterThan(sizes.length);
});

test('the exchange sees neither our trace context nor our users', async () => {
  const orders = await startObserved('--max-open-ms', '500');
  const { orders: finals } = await load(orders, 20);
  const sent = proxy.sent.join('\n');
  expect(proxy.sent.filter((text) => text.includes('order.place')).length).toBeGreaterThan(5);
  for (const word of ['traceparent', 'tracestate', 'baggage', '_otel', 'user-', 'batch']) {
    expect(sent).not.toContain(word);
  }
  for (const { client_order_id } of finals) expect(sent).not.toContain(client_order_id);
  await orders.stop();
  const ids = spansByName(collector.spans, 'exchange_order_send').map((span) =>
    String(span.attributes['exchange.order_id']),
  );
  for (const id of ids) expect(id).toMatch(/^[a-zA-Z0-9-_]{1,36}$/);
});

test("a client's context is linked but not continued, and its baggage is dropped", async () => {
  const orders = await startObserved();
  const client = await connect(orders);
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const order = marketOrder({
    _otel_trace_headers: {
      traceparent: `00-${traceId}-b7ad6b7169203331-01`,
      baggage: 'user.id=somebody-else,strategy.name=theirs',
    },
  });
  client.send(order);
  await client.final(order.client_order_id);
  await orders.stop();
  const [received] = spansByName(collector.spans, 'client_order_received');
  expect(received?.links).toMatchObject([
    {
      traceId,
      spanId: 'b7ad6b7169203331',
      attributes: { 'throughline.link.type': 'client_context' },
    },
  ]);
  expect(received?.attributes['user.id']).toBe('tester');
  expect(collector.spans.filter((span) => span.traceId === traceId)).toEqual([]);
  expect(collector.spans.filter((span) => span.attributes['strategy.name'])).toEqual([]);
});

test('an order of a client that has gone lives on to its end', async () => {
  const orders = await startObserved();
  const client = await connect(orders);
  const order = marketOrder();
  client.send(order);
  await client.until((message) => message.type === 'order.accepted');
  client.close();
  const filled = () =>
    spansByName(collector.spans, 'client_order_update').find(
      ({ attributes }) => attributes['order.status'] === 'filled',
    );
  await expect.poll(filled).toMatchObject({ attributes: { 'order.cum_quantity': '0.01' } });
  await orders.stop();
});

test('malformed orders get a clear error and disturb nobody', async () => {
  const orders = await startOrders(...NOWHERE);
  const [good, bad] = [await connect(orders), await connect(orders)];
  const known = marketOrder();
  const broken: [message: string | Buffer, code: string, text: RegExp][] = [
    ['{"type":"order.new"', 'TL_ORDER_INVALID', /not JSON/],
    ['[]', 'TL_ORDER_INVALID', /expected object/],
    [Buffer.from([1, 2, 3]), 'TL_ORDER_INVALID', /binary/],
    ['{"type":"order.nonsense"}', 'TL_ORDER_INVALID', /type/],
    [JSON.stringify(marketOrder({ symbol: 'NOSUCH' })), 'TL_ORDER_INVALID', /NOSUCH/],
    [JSON.stringify(marketOrder({ quantity: '0.000000001' })), 'TL_ORDER_INVALID', /quantity/],
    [JSON.stringify(marketOrder({ quantity: '-1' })), 'TL_ORDER_INVALID', /quantity/],
    [JSON.stringify(marketOrder({ __proto__: null, side: 'both' })), 'TL_ORDER_INVALID', /side/],
    [JSON.stringify(known), 'TL_ORDER_DUPLICATE', /has used/],
  ];
  good.send(known);
  expect(await good.final(known.client_order_id)).toMatchObject({ status: 'filled' });
  for (const [message, code, text] of broken) {
    const before = bad.messages.length;
    bad.socket.send(message);
    await expect.poll(() => bad.messages.length).toBe(before + 1);
    expect(bad.messages.at(-1)).toMatchObject({
      type: 'error',
      code,
      message: expect.stringMatching(text),
    });
  }
  const after = marketOrder();
  bad.send(after);
  expect(await bad.final(after.client_order_id)).toMatchObject({ cum_quantity: '0.01' });

  const closed = once(bad.socket, 'close');
  bad.socket.send('x'.repeat(20_000));
  expect((await closed)[0]).toBe(1009);
  expect(good.messages.filter((message) => message.type === 'error')).toEqual([]);
  const last = marketOrder();
  good.send(last);
  expect(await good.final(last.client_order_id)).toMatchObject({ status: 'filled' });
});

test('a web page cannot connect', async () => {
  const orders = await startOrders(...NOWHERE);
  const response = await fetch(orders.wsUrl.replace('ws:', 'http:'));
  expect(response.status).toBe(426);
  const { WebSocket } = await import('ws');
  const socket = new WebSocket(orders.wsUrl, { origin: 'http://evil.example' });
  const [error] = await once(socket, 'error');
  expect(error.message).toContain('403');
});

test('without a tracing server everything runs on, and the end is not delayed', async () => {
  const orders = await startOrders(...NOWHERE, '--max-open-ms', '300');
  const { byStatus, orders: finals } = await load(orders, 40, { seed: 7 });
  expect(byStatus.open ?? 0).toBe(0);
  expect(finals).toHaveLength(40);
  expect(await orders.stop()).toBe(0);
});

test('with tracing disabled everything runs and no span is sent', async () => {
  collector = await startCollector();
  process.env.OTEL_TRACING_ENABLED = 'false';
  const orders = await startOrders('--otlp', collector.url).finally(() => {
    delete process.env.OTEL_TRACING_ENABLED;
  });
  const client = await connect(orders);
  const order = marketOrder();
  client.send(order);
  expect(await client.final(order.client_order_id)).toMatchObject({ status: 'filled' });
  await orders.stop();
  expect(collector.spans).toEqual([]);
});

test('when the connection to the exchange breaks, every order still ends, exactly', async () => {
  const orders = await startObserved('--max-open-ms', '500', '--batch-size', '4');
  // By what it has carried, not by the clock: a connection that never lasts helps nobody.
  proxy.cutAtEvery(7);
  const { byStatus, orders: finals } = await load(orders, 120, { seed: 3 });
  expect(byStatus.open ?? 0).toBe(0);
  expect(proxy.sent.filter((text) => text.includes('session.logon')).length).toBeGreaterThan(2);
  expect(proxy.sent.filter((text) => text.includes('order.status')).length).toBeGreaterThan(0);
  await orders.stop();
  expectLinks(collector.spans);
  expectConservation(collector.spans, finals);
});

test('a cancel that comes while its order waits for its turn is not lost', async () => {
  const orders = await startOrders(...NOWHERE, '--max-open-ms', '20');
  const { byStatus } = await load(orders, 1_500, { ratePerSecond: 100_000 });
  expect(byStatus.open ?? 0).toBe(0);
  expect(byStatus.canceled).toBeGreaterThan(0);
});

test('what waits in a batch at SIGTERM is sent off, and its client told', async () => {
  const orders = await startObserved('--batch-ms', '60000');
  const client = await connect(orders);
  const order = marketOrder();
  client.send(order);
  await client.until((message) => message.type === 'order.accepted');
  const final = client.final(order.client_order_id);
  const stopped = orders.stop();
  const update = await final;
  expect(await stopped).toBe(0);
  const [batch] = spansByName(collector.spans, 'order_batching');
  expect(batch?.attributes['batch.trigger']).toBe('close');
  expectConservation(collector.spans, [finalOf(update)]);
});

test('it ends when its parent closes stdin', async () => {
  const orders = await startOrders(...NOWHERE);
  orders.child.stdin?.end();
  const [code] = await once(orders.child, 'close');
  expect(code).toBe(0);
});

test('a missing exchange and a port in use are told in one line', async () => {
  const missing = { rest: 'http://127.0.0.1:9', wsApi: 'ws://127.0.0.1:9' };
  await expect(startOrdersProcess(missing, NOWHERE)).rejects.toThrow(
    /^exit 1: TL_EXCHANGE_UNAVAILABLE: .*127\.0\.0\.1:9.*\n$/,
  );
  const first = await startOrders(...NOWHERE);
  const port = new URL(first.wsUrl).port;
  await expect(startOrdersProcess(exchange, [...NOWHERE, '--port', port])).rejects.toThrow(
    /exit 1: TL_PORT_IN_USE: .*\n$/,
  );
});
