// What clients of the orders system may do besides sending orders, against a real exchange: cancel,
// replace, let expire, and come back. `npx vitest run --project system test/orders-client.test.ts`.
import { runLoad } from '@throughline/orders';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type ExchangeProcess, startExchangeProcess } from './support/exchange-process.ts';
import { type Collector, startCollector } from './support/orders-collector.ts';
import { expectLifecycles, lifecyclesOf } from './support/orders-lifecycles.ts';
import {
  type OrdersProcess,
  type ServerMessage,
  startOrdersProcess,
  TestClient,
} from './support/orders-process.ts';
import {
  expectConservation,
  expectLinks,
  expectTopology,
  type FinalState,
  linksOf,
  spansByName,
} from './support/orders-topology.ts';

/** Time enough to reach the gateway. */
const EXPIRES_IN_MS = 2_000;

let exchange: ExchangeProcess;
let collector: Collector;
let orders: OrdersProcess | undefined;
const clients: TestClient[] = [];

beforeAll(async () => {
  exchange = await startExchangeProcess(['--latency-ms', '2', '--trades-per-order', '2']);
});
afterAll(async () => {
  await exchange.stop();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await orders?.stop();
  await collector?.close();
});

async function start(...args: string[]): Promise<OrdersProcess> {
  collector = await startCollector();
  orders = await startOrdersProcess(exchange, ['--otlp', collector.url, ...args]);
  return orders;
}

async function connect({ wsUrl }: OrdersProcess): Promise<TestClient> {
  const client = await TestClient.connect(wsUrl);
  clients.push(client);
  return client;
}

/** An order that rests: a tenth below the best bid. */
async function restingOrder(client_order_id: string, fields: object = {}) {
  const response = await fetch(`${exchange.rest}/api/v3/ticker/bookTicker?symbol=BTCUSDT`);
  const { bidPrice } = (await response.json()) as { bidPrice: string };
  return {
    type: 'order.new',
    user_id: 'tester',
    client_order_id,
    symbol: 'BTCUSDT',
    side: 'buy',
    order_type: 'limit',
    quantity: '0.01',
    price: (Math.floor(Number(bidPrice) * 0.9 * 100) / 100).toFixed(2),
    ...fields,
  };
}

function amend(type: string, client_order_id: string, orig_client_order_id: string, fields = {}) {
  return { type, user_id: 'tester', client_order_id, orig_client_order_id, ...fields };
}

function accepted(client: TestClient, orderId: string): Promise<ServerMessage> {
  return client.until((one) => one.type === 'order.accepted' && one.client_order_id === orderId);
}

function finalOf(update: FinalState): FinalState {
  const { user_id, client_order_id, status, cum_quantity } = update;
  return { user_id, client_order_id, status, cum_quantity };
}

test('under load, orders that are canceled, replaced or expire end once, whole and exact', async () => {
  const system = await start('--max-open-ms', '3000', '--batch-ms', '60');
  const {
    byStatus,
    orders: all,
    defects,
  } = await runLoad({
    wsUrl: system.wsUrl,
    exchangeRestUrl: exchange.rest,
    orders: 120,
    ratePerSecond: 100,
    users: 8,
    seed: 11,
    plans: { cancel: 0.2, replace: 0.2, expire: 0.1 },
  });
  expect(defects).toEqual([]);
  expect(byStatus.open ?? 0).toBe(0);
  expect(byStatus.replaced).toBeGreaterThan(0);
  // Left out: orders whose time was over before they reached the gateway.
  const finals = all.filter(({ status }) => status !== 'refused').map(finalOf);
  expect(await system.stop()).toBe(0);

  const { spans } = collector;
  for (const name of ['cancel_received', 'replace_received', 'expiry']) {
    expect(spansByName(spans, `client_order_${name}`).length).toBeGreaterThan(0);
  }
  const placedAgain = spansByName(spans, 'exchange_order_send').filter(
    (span) => linksOf(span, 'triggered_by').length > 0,
  );
  expect(placedAgain.length).toBeGreaterThan(0);
  expectTopology(spans);
  expectLinks(spans);
  expectConservation(spans, finals);
  expectLifecycles(spans, finals);
});

test('what a client asks for is in the lifecycle of its order, and the wait for it explained', async () => {
  const system = await start('--max-open-ms', '60000', '--batch-size', '1');
  const client = await connect(system);
  client.send({ type: 'hello', trace_ids: true });
  client.send(await restingOrder('o1'));
  const { trace_id } = await accepted(client, 'o1');
  client.send(amend('order.replace', 'o2', 'o1', { quantity: '0.02' }));
  expect(await client.final('o1')).toMatchObject({ status: 'replaced', trace_id });
  const second = await accepted(client, 'o2');
  expect(second).toMatchObject({ orig_client_order_id: 'o1', total_quantity: '0.02' });
  client.send(amend('order.cancel', 'c2', 'o2'));
  await client.final('o2');
  client.send(amend('order.cancel', 'c3', 'o2'));
  const tooLate = await client.until(({ type }) => type === 'order.cancel_rejected');
  expect(tooLate).toMatchObject({ reason_code: 'too_late', status: 'canceled' });
  const order = await restingOrder('o3', { time_in_force: 'gtd' });
  const expire_time = new Date(Date.now() + EXPIRES_IN_MS).toISOString();
  client.send({ ...order, expire_time });
  expect(await client.final('o3')).toMatchObject({ reason_code: 'expire_time' });
  client.send(await restingOrder('o4', { quantity: '9000' }));
  expect(await client.final('o4')).toMatchObject({ reason_code: 'risk_notional' });
  client.send(await restingOrder('o5', { time_in_force: 'fok' }));
  expect(await client.final('o5')).toMatchObject({ cum_quantity: '0' });
  await system.stop();

  const { spans } = collector;
  // What is said of an order that has ended long ago does not know its trace any more.
  const untraced = client.messages.filter((one) => !('trace_id' in one));
  expect(untraced.map(({ type }) => type)).toEqual(['welcome', 'order.cancel_rejected']);
  const begins = spansByName(spans, 'client_order_received');
  expect(begins.find(({ attributes }) => attributes['client.order_id'] === 'o1')?.traceId).toBe(
    trace_id,
  );
  const finals = await Promise.all(
    ['o1', 'o2', 'o3', 'o4', 'o5'].map(async (id) => finalOf(await client.final(id))),
  );
  expect(finals.map(({ status }) => status)).toEqual([
    ...['replaced', 'canceled', 'expired', 'rejected', 'expired'],
  ]);
  expectLifecycles(spans, finals);
  const lifecycles = lifecyclesOf(spans);
  const names = (key: string) => new Set(lifecycles.get(key)?.spans.map(({ name }) => name));
  expect(names('tester/o1')).toContain('client_order_replace_received');
  expect(names('tester/o2')).toContain('exchange_order_cancel');
  expect(names('tester/o3')).toContain('client_order_expiry');
  const path = lifecycles.get('tester/o2')?.spans.filter(({ critical }) => critical);
  expect(path?.map(({ name }) => name)).toContain('client_order_cancel_received');
  // The lifecycle of an order ends where that of its successor begins.
  const foreign = lifecycles
    .get('tester/o1')
    ?.spans.filter(({ attributes }) => attributes['client.order_id'] === 'o2');
  expect(foreign).toEqual([]);
});

test('a client that comes back misses nothing and is told nothing twice', async () => {
  const system = await start('--max-open-ms', '60000');
  const first = await connect(system);
  const ids = Array.from({ length: 20 }, (_, index) => `r${index}`);
  for (const id of ids.slice(0, 10)) first.send(await restingOrder(id));
  await accepted(first, 'r9');
  for (const id of ids.slice(0, 5)) first.send(amend('order.cancel', `c-${id}`, id));
  await first.final('r0');
  first.close();
  const messages = [...first.messages];
  const told = messages.map(({ sequence }) => sequence);

  const second = await connect(system);
  second.send({ type: 'resume', user_id: 'tester', from_sequence: (told.at(-1) ?? 0) + 1 });
  for (const id of ids.slice(10)) second.send(await restingOrder(id));
  await accepted(second, 'r19');
  for (const id of ids.slice(5)) second.send(amend('order.cancel', `c-${id}`, id));
  await Promise.all(ids.slice(5).map((id) => second.final(id)));
  const rest = second.messages.flatMap(({ sequence }) => sequence ?? []);
  const all = [...told, ...rest];
  expect(all).toEqual(all.map((_, index) => index + 1));
  expect(second.messages.filter(({ type }) => type === 'resume_gap')).toEqual([]);
  const ended = [...messages, ...second.messages].filter(
    ({ type, status }) => type === 'order.update' && status === 'canceled',
  );
  expect(ended.map(({ client_order_id }) => client_order_id).toSorted()).toEqual(ids.toSorted());
  // Nobody asked for trace ids here.
  expect(second.messages.filter((one) => 'trace_id' in one)).toEqual([]);
});
