// The simulator as a process, spoken to over raw sockets: `npx vitest run --project system
// test/exchange.test.ts`.
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEMO_ACCOUNT, type ExchangeOptions, startExchange } from '@throughline/exchange';
import { afterEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { ExchangeAccount } from './support/exchange-account.ts';
import { startExchangeProcess } from './support/exchange-process.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(options: ExchangeOptions = {}) {
  const exchange = await startExchange(options);
  closing.push(() => exchange.close());
  return exchange;
}

interface Message {
  readonly id?: string | number | null;
  readonly status?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { code: number; msg: string };
  readonly stream?: string;
  readonly data?: Record<string, unknown>;
  readonly event?: Record<string, unknown>;
  readonly e?: string;
}

/** A socket that keeps what it received. */
class Client {
  readonly received: Message[] = [];
  readonly socket: WebSocket;
  private nextId = 1;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => this.received.push(JSON.parse(data.toString())));
    // A socket that the exchange cuts ends with an error; the tests look at the close.
    socket.on('error', () => {});
  }

  /** @returns the first message that fits, past or future */
  async until(fits: (message: Message) => unknown): Promise<Message> {
    return await vi.waitFor(
      () => {
        const message = this.received.find((candidate) => fits(candidate));
        if (!message) throw new Error(`nothing fits in ${JSON.stringify(this.received)}`);
        return message;
      },
      { timeout: 60_000, interval: 5 },
    );
  }

  async call(method: string, params: Record<string, unknown> = {}): Promise<Message> {
    const id = `call-${this.nextId++}`;
    this.socket.send(JSON.stringify({ id, method, params }));
    return await this.until((message) => message.id === id);
  }

  reports(): Record<string, unknown>[] {
    return this.received.flatMap(({ event }) => (event?.e === 'executionReport' ? [event] : []));
  }
}

async function connect(url: string): Promise<Client> {
  const socket = new WebSocket(url);
  closing.push(() => socket.terminate());
  const client = new Client(socket);
  await once(socket, 'open');
  return client;
}

function signed(params: Record<string, unknown>): Record<string, unknown> {
  const all: Record<string, unknown> = {
    ...params,
    apiKey: DEMO_ACCOUNT.apiKey,
    timestamp: Date.now(),
  };
  const text = Object.keys(all)
    .sort()
    .map((name) => `${name}=${all[name]}`)
    .join('&');
  const signature = createHmac('sha256', DEMO_ACCOUNT.secret).update(text).digest('hex');
  return { ...all, signature };
}

async function logOn(url: string): Promise<Client> {
  const client = await connect(url);
  await client.call('session.logon', signed({}));
  const { result } = await client.call('userDataStream.subscribe');
  expect(result).toEqual({ subscriptionId: 0 });
  return client;
}

const LIMIT = { symbol: 'BTCUSDT', type: 'LIMIT', timeInForce: 'GTC', price: '50000' };
const QUIET = { flow: { stepsPerSecond: 0 } };

test('one socket places, sees its reports after the answer, fills and cancels', async () => {
  const { wsApiUrl } = await start(QUIET);
  const client = await logOn(wsApiUrl);
  const sell = { ...LIMIT, side: 'SELL', quantity: '0.3', newClientOrderId: 'maker' };
  const placed = await client.call('order.place', sell);
  expect(placed).toMatchObject({ status: 200, result: { status: 'NEW', clientOrderId: 'maker' } });
  const buy = { ...LIMIT, side: 'BUY', quantity: '0.1', newClientOrderId: 'taker' };
  expect((await client.call('order.place', buy)).result).toMatchObject({
    status: 'FILLED',
    fills: [{ price: '50000.00000000', qty: '0.10000000' }],
  });
  const cancel = { symbol: 'BTCUSDT', origClientOrderId: 'maker' };
  expect((await client.call('order.cancel', cancel)).result).toMatchObject({
    status: 'CANCELED',
    executedQty: '0.10000000',
  });
  await client.until(({ event }) => event?.x === 'CANCELED');
  const rows = client.reports().map(({ c, C, x, X, l, L, z, m }) => [C || c, x, X, l, L, z, m]);
  const [none, lots, price] = ['0.00000000', '0.10000000', '50000.00000000'];
  expect(rows).toEqual([
    ['maker', 'NEW', 'NEW', none, none, none, false],
    ['taker', 'NEW', 'NEW', none, none, none, false],
    ['maker', 'TRADE', 'PARTIALLY_FILLED', lots, price, lots, true],
    ['taker', 'TRADE', 'FILLED', lots, price, lots, false],
    ['maker', 'CANCELED', 'CANCELED', none, none, lots, false],
  ]);
  const [makerFill, takerFill] = client.reports().filter(({ x }) => x === 'TRADE');
  expect(makerFill?.t).toBe(takerFill?.t);
  const answered = client.received.findIndex(({ id }) => id === placed.id);
  const reported = client.received.findIndex(({ event }) => event?.x === 'NEW');
  expect(answered).toBeLessThan(reported);
  const { event: position } = await client.until(
    ({ event }) => event?.e === 'outboundAccountPosition',
  );
  expect(position?.B).toHaveLength(2);
});

test('commissions are told wherever a fill is, and with the account', async () => {
  const { wsApiUrl } = await start({ ...QUIET, commission: { makerBps: 10, takerBps: 20 } });
  const client = await logOn(wsApiUrl);
  await client.call('order.place', { ...LIMIT, side: 'SELL', quantity: '1' });
  const buy = await client.call('order.place', { ...LIMIT, side: 'BUY', quantity: '1' });
  expect(buy.result?.fills).toMatchObject([{ commission: '0.00200000', commissionAsset: 'BTC' }]);
  await client.until(({ event }) => event?.x === 'TRADE' && event.S === 'BUY');
  const told = client.reports().map(({ x, S, n, N }) => [x, S, n, N]);
  expect(told.filter(([type]) => type === 'TRADE')).toEqual([
    ['TRADE', 'SELL', '50.00000000', 'USDT'],
    ['TRADE', 'BUY', '0.00200000', 'BTC'],
  ]);
  expect((await client.call('account.status')).result).toMatchObject({
    makerCommission: 10,
    commissionRates: { maker: '0.00100000', taker: '0.00200000' },
  });
});

test('with repeated and overtaken reports, each is told at least once', async () => {
  const faults = { repeatProbability: 0.5, reorderProbability: 0.5 };
  const { wsApiUrl } = await start({ ...QUIET, faults });
  const client = await logOn(wsApiUrl);
  const ids = Array.from({ length: 20 }, (_, index) => `order-${index}`);
  for (const newClientOrderId of ids) {
    await client.call('order.place', { ...LIMIT, side: 'BUY', quantity: '0.1', newClientOrderId });
  }
  const reported = () => client.reports().map(({ c }) => String(c));
  for (const id of ids) await client.until(({ event }) => event?.c === id);
  await expect.poll(() => reported().length).toBeGreaterThan(ids.length);
  const firsts = [...new Set(reported())];
  expect(firsts.toSorted()).toEqual(ids.toSorted());
});

test('a refused order is answered with its error and reported as rejected', async () => {
  const { wsApiUrl, stats } = await start({ ...QUIET, faults: { rejectProbability: 1 } });
  const client = await logOn(wsApiUrl);
  const order = { ...LIMIT, side: 'BUY', quantity: '0.1', newClientOrderId: 'bad' };
  expect(await client.call('order.place', order)).toMatchObject({
    status: 400,
    error: { code: -2010, msg: 'NEW_ORDER_REJECTED' },
  });
  const { event } = await client.until((message) => message.event?.x === 'REJECTED');
  expect(event).toMatchObject({ c: 'bad', X: 'REJECTED', t: -1 });
  expect(stats().venue.ordersRejected).toBe(1);
});

test('IOC remainders expire, FOK fills whole or not at all', async () => {
  const { wsApiUrl } = await start(QUIET);
  const client = await logOn(wsApiUrl);
  await client.call('order.place', { ...LIMIT, side: 'SELL', quantity: '0.1' });
  const buy = { ...LIMIT, side: 'BUY', quantity: '0.2' };
  const fok = await client.call('order.place', { ...buy, timeInForce: 'FOK' });
  expect(fok.result).toMatchObject({ status: 'EXPIRED', executedQty: '0.00000000' });
  const ioc = await client.call('order.place', { ...buy, timeInForce: 'IOC' });
  expect(ioc.result).toMatchObject({ status: 'EXPIRED', executedQty: '0.10000000' });
  await client.until(({ event }) => event?.eR === 'UNFILLED_IOC_QUANTITY_EXPIRED');
  await client.until(({ event }) => event?.eR === 'UNFILLED_FOK_ORDER_EXPIRED');
});

test('without a logon or a signature nothing of an account is shown or done', async () => {
  const { wsApiUrl } = await start(QUIET);
  const client = await connect(wsApiUrl);
  const codeOf = async (method: string, params = {}) =>
    (await client.call(method, params)).error?.code;
  const order = { ...LIMIT, side: 'BUY', quantity: '0.1' };
  expect(await codeOf('order.place', order)).toBe(-2015);
  expect(await codeOf('userDataStream.subscribe')).toBe(-1002);
  expect(await codeOf('session.logon', { ...signed({}), timestamp: 1 })).toBe(-1022);
  expect(await codeOf('order.place', signed(order))).toBeUndefined();
  expect(await codeOf('account.status', signed({}))).toBeUndefined();
  expect(await codeOf('klines')).toBe(-1020);
  expect(await codeOf('constructor')).toBe(-1020);
});

test('malformed requests are answered, and the socket lives on', async () => {
  const { wsApiUrl } = await start(QUIET);
  const client = await connect(wsApiUrl);
  for (const text of ['{', '[]', 'null', '{"id":1}', '{"id":{},"method":"ping"}']) {
    client.socket.send(text);
  }
  expect((await client.call('ping')).status).toBe(200);
  const codes = client.received.slice(0, 5).map(({ error }) => error?.code);
  expect(codes).toEqual([-1135, -1102, -1102, -1102, -1102]);
});

test('streams show trades and depth of what clients do, raw and combined', async () => {
  const { wsUrl, wsApiUrl, restUrl } = await start(QUIET);
  const raw = await connect(`${wsUrl}/btcusdt@trade`);
  const streams = 'streams=btcusdt@depth@100ms/btcusdt@bookTicker/btcusdt@aggTrade';
  const combined = await connect(`${wsUrl.replace('/ws', '/stream')}?${streams}`);
  const client = await logOn(wsApiUrl);
  await client.call('order.place', { ...LIMIT, side: 'SELL', quantity: '0.3' });
  await client.call('order.place', { ...LIMIT, side: 'BUY', quantity: '0.1' });
  expect(await raw.until(({ e }) => e === 'trade')).toMatchObject({
    s: 'BTCUSDT',
    p: '50000.00000000',
    q: '0.10000000',
    m: false,
  });
  const { data: ticker } = await combined.until(({ stream }) => stream?.endsWith('bookTicker'));
  expect(ticker).toMatchObject({ a: '50000.00000000', b: '0.00000000' });
  const { data: aggregate } = await combined.until(({ stream }) => stream?.endsWith('aggTrade'));
  expect(aggregate).toMatchObject({ q: '0.10000000' });
  const lastChange = ({ data }: Message) => {
    if (data?.e !== 'depthUpdate') return false;
    const [level] = data.a as string[][];
    return level?.[1] === '0.20000000';
  };
  const { data: change } = await combined.until(lastChange);
  const snapshot = await (await fetch(`${restUrl}/api/v3/depth?symbol=BTCUSDT`)).json();
  expect(snapshot).toEqual({ lastUpdateId: change?.u, bids: [], asks: change?.a });
});

test('subscriptions can be added, listed and ended; unknown ones are refused', async () => {
  const { wsUrl } = await start();
  const client = await connect(`${wsUrl}/0`);
  const ask = async (id: number, method: string, params?: unknown) => {
    client.socket.send(JSON.stringify({ id, method, params }));
    return await client.until((message) => message.id === id);
  };
  expect(await ask(1, 'SUBSCRIBE', ['ethusdt@bookTicker'])).toEqual({ result: null, id: 1 });
  await client.until((message) => 'b' in message);
  expect(await ask(2, 'LIST_SUBSCRIPTIONS')).toEqual({ result: ['ethusdt@bookTicker'], id: 2 });
  expect(await ask(3, 'UNSUBSCRIBE', ['ethusdt@bookTicker'])).toEqual({ result: null, id: 3 });
  expect(await ask(4, 'LIST_SUBSCRIPTIONS')).toEqual({ result: [], id: 4 });
  expect((await ask(5, 'SUBSCRIBE', ['ethusdt@kline_1m'])).error?.code).toBe(2);
  client.socket.send('{"method":"EXPLODE"}');
  await client.until(({ error }) => error?.msg.startsWith('Invalid request: method'));
});

test('latency delays answers and reports without reordering them', async () => {
  const faults = { requestLatencyMs: 20, ackLatencyMs: 20, fillLatencyMs: 60, jitterMs: 10 };
  const { wsApiUrl } = await start({ ...QUIET, faults });
  const client = await logOn(wsApiUrl);
  const startMs = performance.now();
  const names = Array.from({ length: 20 }, (_, index) => `order-${index}`);
  for (const newClientOrderId of names) {
    const params = { ...LIMIT, side: 'BUY', quantity: '0.1', newClientOrderId };
    client.socket.send(JSON.stringify({ id: newClientOrderId, method: 'order.place', params }));
  }
  await client.until(({ id }) => id === 'order-0');
  // Each of the two timers may be early by less than a millisecond.
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(38);
  await client.until(({ event }) => event?.c === 'order-19');
  expect(client.reports().map(({ c }) => c)).toEqual(names);
  expect(client.received.flatMap(({ id }) => (names.includes(`${id}`) ? [id] : []))).toEqual(names);
});

test('sockets that break a bound are closed and counted, others live on', async () => {
  const limits = { socketsMax: 4, apiMessagesPerSecondMax: 20, payloadBytesMax: 1_000 };
  const { wsApiUrl, stats } = await start({ ...QUIET, limits });
  const codeOf = async (act: (client: Client) => void) => {
    const client = await connect(wsApiUrl);
    const closed = once(client.socket, 'close');
    act(client);
    return (await closed)[0];
  };
  const good = await connect(wsApiUrl);
  expect(await codeOf(({ socket }) => socket.send(Buffer.from('{}')))).toBe(1003);
  expect(await codeOf(({ socket }) => socket.send('x'.repeat(2_000)))).toBe(1009);
  const flood = ({ socket }: Client) => {
    for (let index = 0; index < 50; index++) socket.send('{"id":1,"method":"ping"}');
  };
  expect(await codeOf(flood)).toBe(1008);
  expect(stats().sockets.cutForViolation).toBe(3);
  await expect.poll(() => stats().sockets.open).toBe(1);
  for (let index = 0; index < 3; index++) await connect(wsApiUrl);
  await expect(connect(wsApiUrl)).rejects.toThrow('503');
  await expect(connect(wsApiUrl.replace('/ws-api/v3', '/other'))).rejects.toThrow('404');
  expect((await good.call('ping')).status).toBe(200);
  expect(stats().sockets).toMatchObject({ open: 4, refused: 1 });
});

test('the disconnect fault cuts sockets; an order can be looked up afterwards', async () => {
  const faults = { disconnectIntervalMs: 1_000, disconnectProbability: 1 };
  const { wsApiUrl, restUrl, stats } = await start({ ...QUIET, faults });
  // Over REST, since no socket is sure to last until it has its answer.
  const account = new ExchangeAccount(restUrl);
  const order = { ...LIMIT, side: 'BUY', quantity: '0.1', newClientOrderId: 'lasting' };
  await account.place(order);
  const { socket } = await connect(wsApiUrl);
  await once(socket, 'close');
  expect(stats().sockets.cutByFault).toBeGreaterThan(0);
  expect(await account.openOrders()).toMatchObject([{ clientOrderId: 'lasting' }]);
});

test('a replayed recording is what streams show and client orders trade against', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'exchange-'));
  closing.push(() => rm(directory, { recursive: true }));
  const path = join(directory, 'recording.jsonl');
  const data = { s: 'ETHUSDT', e: 'depthUpdate', b: [['99.00', '1']], a: [['100.00', '2']] };
  const trade = { s: 'ETHUSDT', e: 'trade', p: '100.00', q: '0.5', m: false };
  const lines = [
    [1, data],
    [200_000_001, trade],
    [9_000_000_001, trade],
  ].map(([ns, frame]) => `${ns} ${JSON.stringify({ stream: 'x', data: frame })}`);
  await writeFile(path, lines.join('\n'));
  const { wsUrl, wsApiUrl } = await start({ replay: { path } });
  const watcher = await connect(`${wsUrl}/ethusdt@trade`);
  expect(await watcher.until(({ e }) => e === 'trade')).toMatchObject({
    p: '100.00000000',
    q: '0.50000000',
  });
  const client = await logOn(wsApiUrl);
  const market = { symbol: 'ETHUSDT', side: 'BUY', type: 'MARKET', quantity: '1' };
  expect((await client.call('order.place', market)).result).toMatchObject({
    status: 'FILLED',
    cummulativeQuoteQty: '100.00000000',
  });
});

test('the process says where it listens, serves, and ends on SIGTERM with code 0', async () => {
  const simulator = await startExchangeProcess(['--seed', '3']);
  closing.push(() => simulator.stop());
  const client = await connect(simulator.wsApi);
  expect((await client.call('ping')).status).toBe(200);
  const closed = once(client.socket, 'close');
  expect(await simulator.stop()).toBe(0);
  expect((await closed)[0]).toBe(1001);
});

test('the process ends with its parent', async () => {
  const simulator = await startExchangeProcess([]);
  closing.push(() => simulator.stop());
  const exited = once(simulator.child, 'exit');
  simulator.child.stdin?.end();
  expect((await exited)[0]).toBe(0);
});

test('a port in use and a bad flag end the process with one clear line', async () => {
  const { port } = await start(QUIET);
  const fails = async (args: string[]) => {
    const failed = await startExchangeProcess(args).catch((error: Error) => error);
    return failed instanceof Error ? failed.message : 'started';
  };
  expect(await fails(['--port', `${port}`])).toMatch(/^exit 1: TL_PORT_IN_USE: .*\n$/);
  expect(await fails(['--replay', '/absent'])).toMatch(/^exit 1: TL_CONFIG_INVALID: .*\n$/);
});
