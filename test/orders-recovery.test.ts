// Orders at several venues that are lost and come back: `npx vitest run --project system
// test/orders-recovery.test.ts`.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import {
  DEMO_ACCOUNT,
  type Exchange,
  type ExchangeOptions,
  startExchange,
} from '@throughline/exchange';
import {
  addDecimals,
  compareDecimals,
  type Decimal,
  formatDecimal,
  parseDecimal,
} from '@throughline/model';
import { runLoad, startOrders as startInProcess } from '@throughline/orders';
import { afterEach, expect, test } from 'vitest';
import { freePort } from '../scripts/provision/server-process.ts';
import { ExchangeAccount } from './support/exchange-account.ts';
import { type CollectedSpan, type Collector, startCollector } from './support/orders-collector.ts';
import { startExchangeProxy } from './support/orders-exchange-proxy.ts';
import { expectLifecycles, lifecyclesOf } from './support/orders-lifecycles.ts';
import { type OrdersProcess, startOrdersProcess, TestClient } from './support/orders-process.ts';
import {
  expectConservation,
  expectLinks,
  type FinalState,
  linksOf,
  spansByName,
} from './support/orders-topology.ts';

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT'];
/** Poll as long as a slow machine needs. */
const PATIENT = { timeout: 60_000, interval: 100 };

/** Loads until every venue was cut off and has filled something. */
const ROUNDS_MAX = 10;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function startVenue(options: ExchangeOptions): Promise<Exchange> {
  const venue = await startExchange(options);
  closing.push(() => venue.close());
  return venue;
}

async function startOrders(
  venues: readonly Pick<Exchange, 'name' | 'restUrl' | 'wsApiUrl'>[],
  ...args: readonly string[]
): Promise<OrdersProcess> {
  const [first, ...others] = venues.map(({ name, restUrl, wsApiUrl }) => ({
    rest: `${name}=${restUrl}`,
    wsApi: `${name}=${wsApiUrl}`,
  }));
  if (!first) throw new RangeError('a venue is needed');
  const flags = others.flatMap(({ rest, wsApi }) => [
    ...['--exchange-rest', rest],
    ...['--exchange-ws-api', wsApi],
  ]);
  const orders = await startOrdersProcess(first, [...flags, ...args]);
  closing.push(() => orders.stop());
  return orders;
}

async function collect(): Promise<Collector> {
  const collector = await startCollector();
  closing.push(() => collector.close());
  return collector;
}

/** By the id that the fill has in the spans: how much it was. */
async function fillsAt({ name, restUrl }: Exchange): Promise<[string, string][]> {
  const account = new ExchangeAccount(restUrl);
  const trades = await Promise.all(SYMBOLS.map((symbol) => account.trades(symbol)));
  return trades.flat().map(({ symbol, id, isBuyer, qty }) => {
    return [`${name}-${symbol}-${id}-${isBuyer ? 'buy' : 'sell'}`, canonical(qty)];
  });
}

function canonical(quantity: string): string {
  return formatDecimal(parseDecimal(quantity));
}

function sum(quantities: Iterable<unknown>): string {
  const zero: Decimal = { units: 0n, scale: 0 };
  const all = [...quantities].map((quantity) => parseDecimal(String(quantity)));
  return formatDecimal(all.reduce(addDecimals, zero));
}

function quantityOf({ attributes }: CollectedSpan): unknown {
  return attributes['order.quantity'];
}

/** By the id of the fill: what its match allocated. */
function allocationsOf(spans: readonly CollectedSpan[]): [string, string][] {
  return spansByName(spans, 'fill_matching')
    .filter(({ attributes }) => attributes['fill.id'] !== undefined)
    .map((match) => [
      String(match.attributes['fill.id']),
      sum(linksOf(match, 'allocated_to').map(({ attributes }) => attributes['fill.quantity'])),
    ]);
}

/** @returns buys for about 60,000 at once, and tells how it ended and, by venue, what was sent there */
async function startBuying({ wsUrl }: OrdersProcess, { spans }: Collector) {
  const client = await TestClient.connect(wsUrl);
  closing.push(() => client.close());
  let sequence = 0;
  return async () => {
    sequence += 1;
    const client_order_id = `t-${sequence}`;
    client.send({
      ...{ type: 'order.new', user_id: 'tester', client_order_id, symbol: 'BTCUSDT', side: 'buy' },
      ...{ order_type: 'limit', price: '65000', quantity: '1', time_in_force: 'ioc' },
    });
    const { status } = await client.final(client_order_id);
    // All that was filled was sent: not every send arrives with the first.
    const least = parseDecimal(status === 'filled' ? '1' : '0.00001');
    const sent = () => parseDecimal(sum(sendsOf(spans, client_order_id).map(quantityOf)));
    await expect.poll(() => compareDecimals(sent(), least) >= 0, PATIENT).toBe(true);
    const sends = sendsOf(spans, client_order_id);
    const lots = Object.groupBy(sends, (span) => String(span.attributes['exchange.venue']));
    const quantities = Object.entries(lots).map(([venue, parts = []]) => [
      venue,
      sum(parts.map(quantityOf)),
    ]);
    return { status, ...Object.fromEntries(quantities) };
  };
}

/** The exchange orders of a client order that was alone in its batch. */
function sendsOf(spans: readonly CollectedSpan[], clientOrderId: string): CollectedSpan[] {
  const batch = spansByName(spans, 'order_batching').find(({ attributes }) => {
    return String(attributes['batch.orders']) === clientOrderId;
  });
  return spansByName(spans, 'exchange_order_send').filter(({ attributes }) => {
    return batch && attributes['batch.id'] === batch.attributes['batch.id'];
  });
}

test('venues that cut connections and repeat and reorder reports: no fill is lost or doubled', async () => {
  const faults = {
    tradesPerOrderMin: 3,
    fillLatencyMs: 3,
    jitterMs: 5,
    repeatProbability: 0.3,
    reorderProbability: 0.3,
    disconnectProbability: 0.4,
    disconnectIntervalMs: 150,
  };
  const north = await startVenue({ name: 'north', seed: 1, faults });
  const south = await startVenue({ name: 'south', seed: 2, faults });
  const collector = await collect();
  const orders = await startOrders(
    [north, south],
    ...['--otlp', collector.url, '--max-open-ms', '500', '--batch-size', '4'],
    ...['--venue-weights', 'south=2'],
  );
  const finals: FinalState[] = [];
  // Where the machine is slow, a venue may be away for all of the first load.
  const hasWorked = async (venue: Exchange) =>
    venue.stats().sockets.cutByFault > 0 && (await fillsAt(venue)).length > 0;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const load = await runLoad({
      wsUrl: orders.wsUrl,
      exchangeRestUrl: north.restUrl,
      orders: 200,
      ratePerSecond: 100,
      users: 8,
      seed: 5 + round,
      plans: { cancel: 0.1, replace: 0.1, expire: 0 },
    });
    expect(load.defects).toEqual([]);
    expect(load.byStatus.open ?? 0).toBe(0);
    for (const { user_id, client_order_id, status, cum_quantity } of load.orders) {
      finals.push({ user_id, client_order_id, status, cum_quantity });
    }
    if ((await hasWorked(north)) && (await hasWorked(south))) break;
  }
  expect(await orders.stop()).toBe(0);

  const { spans } = collector;
  expectLinks(spans);
  expectConservation(spans, finals);
  expectLifecycles(spans, finals);
  const atVenues = [...(await fillsAt(north)), ...(await fillsAt(south))];
  expect(new Map(allocationsOf(spans))).toEqual(new Map(atVenues));
  expect(allocationsOf(spans)).toHaveLength(atVenues.length);
  expect(sum(finals.map(({ cum_quantity }) => cum_quantity))).toBe(
    sum(atVenues.map(([, quantity]) => quantity)),
  );
  for (const venue of [north, south]) {
    expect(venue.stats().sockets.cutByFault).toBeGreaterThan(0);
    expect(atVenues.some(([fillId]) => fillId.startsWith(venue.name))).toBe(true);
  }

  const received = spansByName(spans, 'external_exchange_ws_recv');
  const fillsOf = (name: string) =>
    received.filter(({ attributes }) => attributes[name] === true && attributes['fill.id']);
  expect(fillsOf('exchange.recovered').length).toBeGreaterThan(0);
  const again = fillsOf('messaging.redelivered');
  expect(again.length).toBeGreaterThan(0);
  for (const span of again) expect(linksOf(span, 'redelivery_of')).toHaveLength(1);
  for (const fill of spansByName(spans, 'exchange_fill_received')) {
    const { 'fill.id': fillId, 'exchange.venue': venue } = fill.attributes;
    if (fillId !== undefined) expect(String(fillId).startsWith(`${venue}-`)).toBe(true);
  }
  for (const send of spansByName(spans, 'external_exchange_ws_send')) {
    const venue = send.attributes['exchange.venue'] === 'north' ? north : south;
    expect(send.attributes).toMatchObject({
      'server.address': '127.0.0.1',
      'server.port': venue.port,
    });
  }
});

test('a venue that is down gets nothing, the others go on, and it is back when it is', async () => {
  const north = await startVenue({ name: 'north', seed: 1 });
  const south = await startExchange({ name: 'south', seed: 2, port: await freePort() });
  const collector = await collect();
  const orders = await startOrders(
    [north, south],
    ...['--otlp', collector.url, '--venue-weights', 'south=3', '--allocation', 'fifo'],
  );
  const buy = await startBuying(orders, collector);
  expect(await buy()).toEqual({ status: 'filled', north: '0.25', south: '0.75' });
  await south.close();
  await expect.poll(buy, PATIENT).toEqual({ status: 'filled', north: '1' });
  await startVenue({ name: 'south', seed: 3, port: south.port });
  await expect.poll(buy, PATIENT).toEqual({ status: 'filled', north: '0.25', south: '0.75' });
  await orders.stop();
  const methods = spansByName(collector.spans, 'fill_matching').map(
    ({ attributes }) => attributes['allocation.method'],
  );
  expect(new Set(methods)).toEqual(new Set(['fifo']));
});

test('a venue that is missing at the start takes part when it comes, and is cleared of what was left', async () => {
  const north = await startVenue({ name: 'north', seed: 1 });
  const south = await startVenue({ name: 'south', seed: 2, flow: { stepsPerSecond: 0 } });
  const account = new ExchangeAccount(south.restUrl);
  const limit = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC' };
  await account.place({ ...limit, price: '50000', quantity: '0.1', newClientOrderId: 'tl-left' });
  // The way to south is closed at first: nobody listens where it is said to be.
  const door = createServer((socket) => {
    const way = connect(south.port, '127.0.0.1');
    pipeline(socket, way, socket, () => undefined);
  });
  const port = await freePort();
  const atDoor = (url: string) => url.replace(`:${south.port}`, `:${port}`);
  const collector = await collect();
  const orders = await startOrders(
    [north, { ...south, restUrl: atDoor(south.restUrl), wsApiUrl: atDoor(south.wsApiUrl) }],
    ...['--otlp', collector.url, '--venue-weights', 'south=3'],
  );
  const connected = async () => {
    const metrics = await (await fetch(`${orders.ready.health}/metrics`)).text();
    return metrics.match(/^orders_exchange_connected\{venue="south"\} (.*)$/m)?.[1];
  };
  const buy = await startBuying(orders, collector);
  expect(await buy()).toEqual({ status: 'filled', north: '1' });
  expect(await connected()).toBe('0');
  expect(await account.openOrders()).toHaveLength(1);

  await once(door.listen(port, '127.0.0.1'), 'listening');
  closing.push(() => door.close());
  await expect.poll(buy, PATIENT).toMatchObject({ north: '0.25', south: '0.75' });
  expect(await connected()).toBe('1');
  const open = await account.openOrders();
  expect(open.map(({ clientOrderId }) => clientOrderId)).not.toContain('tl-left');
  await orders.stop();
});

test('what a killed process left open is canceled by the next one, and the clients are told', async () => {
  const venue = await startVenue({ name: 'north', flow: { stepsPerSecond: 0 } });
  const account = new ExchangeAccount(venue.restUrl);
  const limit = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC' };
  await account.place({ ...limit, price: '50000', quantity: '0.1', newClientOrderId: 'others-1' });

  const folder = mkdtempSync(join(tmpdir(), 'orders-journal-'));
  closing.push(() => rmSync(folder, { recursive: true }));
  const collector = await collect();
  const journal = join(folder, 'orders.jsonl');
  const args = ['--otlp', collector.url, '--journal', journal];
  const killed = await startOrders([venue], ...args, '--max-open-ms', '600000');
  const client = await TestClient.connect(killed.wsUrl);
  client.send({ type: 'hello' });
  const { session_id } = await client.until(({ type }) => type === 'welcome');
  client.send({
    ...{ type: 'order.new', user_id: 'tester', client_order_id: 'o-1', symbol: 'BTCUSDT' },
    ...{ side: 'buy', order_type: 'limit', price: '50000', quantity: '1' },
  });
  const openIds = async () => {
    const open = await account.openOrders();
    return open.map(({ clientOrderId }) => clientOrderId);
  };
  await expect.poll(async () => (await openIds()).length, PATIENT).toBeGreaterThan(1);
  expect((await openIds()).slice(1).every((id) => id.startsWith('tl-'))).toBe(true);
  const received = () => spansByName(collector.spans, 'client_order_received').length;
  await expect.poll(received, PATIENT).toBe(1);
  await killed.stop('SIGKILL');
  client.close();

  const next = await startOrders([venue], ...args);
  expect(await openIds()).toEqual(['others-1']);
  const back = await TestClient.connect(next.wsUrl);
  closing.push(() => back.close());
  back.send({ type: 'resume', user_id: 'tester', from_sequence: 1, session_id });
  expect(await back.final('o-1')).toMatchObject({
    ...{ status: 'canceled', reason_code: 'restarted', cum_quantity: '0' },
  });
  const [first] = back.messages;
  expect(first).toMatchObject({ type: 'resume_gap', reason_code: 'unknown_session' });
  await next.stop();
  expect(lifecyclesOf(collector.spans).get('tester/o-1')?.status).toBe('canceled');
  expect(spansByName(collector.spans, 'client_order_update')).toHaveLength(1);
  // A third process would have nothing to tell any more.
  expect(readFileSync(journal, 'utf8')).toMatch(/"key":"tester\/o-1","state":{"status":"canceled"/);
});

test('an order whose request arrives when it was given up is canceled', async () => {
  const venue = await startVenue({ name: 'north', flow: { stepsPerSecond: 0 } });
  const proxy = await startExchangeProxy(venue.wsApiUrl);
  closing.push(() => proxy.close());
  const orders = await startInProcess({
    venues: [{ name: 'north', wsApiUrl: proxy.wsApi, restUrl: venue.restUrl, weight: 1 }],
    ...{ apiKey: DEMO_ACCOUNT.apiKey, apiSecret: DEMO_ACCOUNT.secret },
    ...{ requestTimeoutMs: 500, openMsMax: 600_000, tracing: { enabled: false }, log: () => {} },
  });
  closing.push(() => orders.close());
  const client = await TestClient.connect(orders.wsUrl);
  closing.push(() => client.close());
  proxy.hold('order.place');
  client.send({
    ...{ type: 'order.new', user_id: 'tester', client_order_id: 'o-1', symbol: 'BTCUSDT' },
    ...{ side: 'buy', order_type: 'limit', price: '50000', quantity: '1' },
  });
  expect(await client.final('o-1')).toMatchObject({ status: 'rejected', cum_quantity: '0' });
  proxy.release();
  const { north } = orders.stats().venues;
  expect(north?.ordersPlaced).toBeGreaterThan(0);
  const canceled = () => orders.stats().venues.north?.orphansCanceled;
  await expect.poll(canceled, PATIENT).toBe(north?.ordersPlaced);
  expect(await new ExchangeAccount(venue.restUrl).openOrders()).toEqual([]);
});
