/**
 * The reference system `bot` against the exchange simulator, PostgreSQL and PGlite:
 * `vitest run --project system test/bot`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DEMO_ACCOUNT, type Exchange, startExchange } from '@throughline/exchange';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BOT_ORDER } from '../packages/server/src/lifecycle/definitions.ts';
import { startPostgres } from '../scripts/provision/postgres.ts';
import { type ExchangeProxy, startExchangeProxy } from './support/bot-exchange-proxy.ts';
import { type BotProcess, startBotProcess } from './support/bot-process.ts';
import { type CollectedSpan, type Collector, startCollector } from './support/orders-collector.ts';
import { lifecyclesOf } from './support/orders-lifecycles.ts';
import { edgesOf } from './support/span-tree.ts';

const DEADLINE_MS = 60_000;
/** Of one request to the exchange: where nothing is to fail, a machine that stands still is no reason. */
const REQUEST_TIMEOUT_MS = 20_000;
/** Where requests fail, or an order is waited for until it can no more arrive. */
const SHORT_TIMEOUT_MS = 1_500;
const SHORT = ['--request-timeout-ms', `${SHORT_TIMEOUT_MS}`];
const API_KEY = 'key-that-nobody-may-see';
const API_SECRET = 'secret-that-nobody-may-see';
const ACCOUNT = { ...DEMO_ACCOUNT, apiKey: API_KEY, secret: API_SECRET };
const FLOW = { stepsPerSecond: 200 };
/** Signals whatever the market does: to buy, or to sell. */
const BUY = { period: 2, oversold: 100, overbought: 100 };
const SELL = { period: 20, oversold: 0, overbought: 0 };
const STRATEGY = 'rsi_mean_reversion';
const SIGNAL_GENERATION = `signal_generation.${STRATEGY}`;
const ORDER = '/api/v3/order';
const TICKER = '/api/v3/ticker/bookTicker';

let postgres: Awaited<ReturnType<typeof startPostgres>>;
let exchange: Exchange;
let proxy: ExchangeProxy;
let collector: Collector;
const bots: BotProcess[] = [];
/** What all bots logged, those that are gone too. */
const logs = (): string => bots.map((bot) => bot.log()).join('\n');

beforeAll(async () => {
  [postgres, collector, exchange] = await Promise.all([
    startPostgres(),
    startCollector(),
    startExchange({ accounts: [ACCOUNT], flow: FLOW }),
  ]);
  proxy = await startExchangeProxy(exchange.restUrl);
});

afterAll(async () => {
  await Promise.all(bots.map((bot) => bot.stop()));
  await Promise.all([proxy.close(), exchange.close(), collector.close(), postgres.stop()]);
});

/** A database of its own. @returns its address */
async function createDatabase(name: string): Promise<string> {
  const client = new pg.Client(postgres.url);
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  return postgres.url.replace(/\/postgres$/, `/${name}`);
}

async function startBot(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<BotProcess> {
  const bot = await startBotProcess(
    [
      ...['--exchange-rest', proxy.url, '--candle-ms', '50'],
      ...['--request-timeout-ms', `${REQUEST_TIMEOUT_MS}`, ...args],
    ],
    {
      EXCHANGE_API_KEY: API_KEY,
      EXCHANGE_API_SECRET: API_SECRET,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      ...environment,
    },
  );
  bots.push(bot);
  return bot;
}

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: JSON that each test looks at in its own way
  readonly body: any;
}

async function call(
  bot: BotProcess,
  method: string,
  path: string,
  json?: unknown,
): Promise<Answer> {
  const response = await fetch(`${bot.url}${path}`, {
    method,
    ...(json === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) }),
  });
  return { status: response.status, body: await response.json() };
}

/** Runs the strategy until the market has candles enough for a signal. */
async function trade(bot: BotProcess, parameters = BUY): Promise<Answer['body']> {
  const json = { strategy: STRATEGY, symbol: 'BTCUSDT', parameters };
  const deadlineMs = performance.now() + DEADLINE_MS;
  for (;;) {
    const { status, body } = await call(bot, 'POST', '/signals/run', json);
    expect(status, JSON.stringify(body)).toBe(200);
    if (body.signal !== undefined || performance.now() > deadlineMs) return body;
    await sleep(50);
  }
}

async function until<T>(find: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadlineMs = performance.now() + DEADLINE_MS;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (performance.now() > deadlineMs) throw new Error(`not found in time\n${logs()}`);
    await sleep(20);
  }
}

/** How many spans the bot has that did not arrive yet; 0 where it makes none. */
async function queuedSpans({ health }: BotProcess): Promise<number> {
  const metrics = await (await fetch(`${health}/metrics`)).text();
  return Number(/^throughline_sdk_queue_spans (\d+)$/m.exec(metrics)?.[1] ?? 0);
}

/** The spans of an order's trace, once the span of this name is among them. */
async function traceOf(
  order: { traceId: string },
  last = 'POST /signals/run',
): Promise<CollectedSpan[]> {
  const found = () => collector.spans.filter(({ traceId }) => traceId === order.traceId);
  await until(() => found().find(({ name }) => name === last));
  // Batches may overtake one another on their way: those that ended before it are there after this.
  await until(async () => {
    const queued = await Promise.all(bots.filter((bot) => bot.isRunning()).map(queuedSpans));
    return queued.every((spans) => spans === 0) ? true : undefined;
  });
  return found();
}

function named(spans: readonly CollectedSpan[], name: string): CollectedSpan {
  const found = spans.filter((span) => span.name === name);
  expect(found, name).toHaveLength(1);
  return found[0] as CollectedSpan;
}

/** The names of the spans from the outermost to this one. */
function pathOf(spans: readonly CollectedSpan[], of: CollectedSpan): string[] {
  const path: string[] = [];
  for (let at: CollectedSpan | undefined = of; at; ) {
    path.unshift(at.name);
    const { parentSpanId }: CollectedSpan = at;
    at = spans.find(({ spanId }) => spanId === parentSpanId);
  }
  return path;
}

/** `GET /api/v3/order 400` for each request to the exchange below the span, in order. */
function requestsBelow(spans: readonly CollectedSpan[], parent: CollectedSpan): string[] {
  return spans
    .filter(({ parentSpanId, kind }) => parentSpanId === parent.spanId && kind === 'client')
    .filter(({ attributes }) => attributes['url.path'] !== undefined)
    .sort((one, other) => Number(one.startNs - other.startNs))
    .map(({ attributes }) =>
      ['http.request.method', 'url.path', 'http.response.status_code']
        .map((key) => attributes[key] ?? attributes['error.type'])
        .join(' '),
    );
}

/** All spans of an order that is filled at once: each with its kind, and what it is below. */
const TREE = [
  'bot client GET < bot order_validation',
  'bot client GET < bot signal_generation.rsi_mean_reversion',
  'bot client POST < bot order_execution',
  'bot client pg-pool.connect < bot handler - fastify -> @fastify/otel',
  'bot client pg-pool.connect < bot order_confirmation',
  'bot client pg-pool.connect < bot order_execution',
  'bot client pg-pool.connect < bot order_validation',
  'bot client pg-pool.connect < bot signal_generation.rsi_mean_reversion',
  'bot client pg.query:INSERT < bot signal_generation.rsi_mean_reversion',
  'bot client pg.query:SELECT < bot handler - fastify -> @fastify/otel',
  'bot client pg.query:SELECT < bot order_validation',
  'bot client pg.query:UPDATE < bot order_confirmation',
  'bot client pg.query:UPDATE < bot order_execution',
  'bot client pg.query:UPDATE < bot order_validation',
  'bot internal handler - fastify -> @fastify/otel < bot request',
  'bot internal onSend - fastify -> @fastify/otel < bot request',
  'bot internal order_confirmation < bot order_execution',
  'bot internal order_execution < bot order_validation',
  'bot internal order_validation < bot signal_generation.rsi_mean_reversion',
  'bot internal request < bot POST /signals/run',
  'bot internal signal_generation.rsi_mean_reversion < bot handler - fastify -> @fastify/otel',
  'bot server POST /signals/run < -',
];

const WORKFLOW = [SIGNAL_GENERATION, 'order_validation', 'order_execution', 'order_confirmation'];

describe.each(['PostgreSQL', 'PGlite'])('with %s', (database) => {
  test('an order is one trace, from the request to its confirmation', async () => {
    const args = database === 'PGlite' ? [] : ['--postgres', await createDatabase('one_trace')];
    const bot = await startBot([...args, '--position-max', '1500']);
    const { signal, order } = await trade(bot);
    expect(order).toMatchObject({ status: 'filled', side: 'buy', filledQuantity: order.quantity });
    expect(await call(bot, 'GET', `/orders/${order.id}`)).toEqual({ status: 200, body: order });

    const spans = await traceOf(order);
    const confirmation = named(spans, 'order_confirmation');
    const path = pathOf(spans, confirmation);
    expect(path[0]).toBe('POST /signals/run');
    expect(path.slice(-4)).toEqual(WORKFLOW);
    expect(spans.filter(({ isError }) => isError)).toEqual([]);
    const inDatabase = / (one_trace|postgres) </;
    // Whether the pool has a connection to spare is a matter of time.
    const edges = edgesOf(spans.filter(({ name }) => name !== 'pg.connect'));
    expect(edges.map((edge) => edge.replace(inDatabase, ' <'))).toEqual(TREE);

    const generation = named(spans, SIGNAL_GENERATION);
    expect(generation.attributes).toMatchObject({
      'strategy.name': STRATEGY,
      'trading.symbol': 'BTCUSDT',
      'trading.price': expect.stringMatching(/^\d+(\.\d{1,2})?$/),
      'market.candles_count': signal.candles,
      'signal.generated': true,
      'signal.direction': 'buy',
      'signal.confidence': signal.confidence,
      'signal.entry_price': signal.entryPrice,
      'order.order_id': order.id,
    });
    const ordered = {
      'order.order_id': order.id,
      'order.symbol': 'BTCUSDT',
      'order.type': 'limit',
      'order.side': 'buy',
      'order.quantity': order.quantity,
      'order.price': order.price,
    };
    expect(named(spans, 'order_validation').attributes).toMatchObject(ordered);
    const execution = named(spans, 'order_execution');
    expect(execution.attributes).toMatchObject({
      ...ordered,
      'order.success': true,
      'order.execution_time_ms': expect.any(Number),
      'order.filled_quantity': expect.any(String),
      'exchange.order_id': order.exchangeOrderId,
    });
    expect(confirmation.attributes).toMatchObject({
      'order.order_id': order.id,
      'order.success': true,
      'order.status': 'filled',
      'order.filled_quantity': order.quantity,
      'order.average_price': order.averagePrice,
    });

    expect(requestsBelow(spans, generation)).toEqual(['GET /api/v3/aggTrades 200']);
    expect(requestsBelow(spans, named(spans, 'order_validation'))).toEqual([
      'GET /api/v3/ticker/bookTicker 200',
      'GET /api/v3/account 200',
    ]);
    expect(requestsBelow(spans, execution)).toEqual([`POST ${ORDER} 200`]);
    // Every step writes down what it knows.
    for (const name of WORKFLOW) {
      const below = spans.filter((span) => pathOf(spans, span).at(-2) === name);
      expect(below.some(({ attributes }) => 'db.query.text' in attributes)).toBe(true);
    }
    // The order is found by its id on all that was done for it, HTTP and queries included.
    const done = spans.filter((span) => pathOf(spans, span).includes('order_validation'));
    for (const { attributes } of done) expect(attributes['client.order_id']).toBe(order.id);

    // An order is worth at least half of 1000, and the position 1500 at most: one of four is over.
    const errorTypes = [];
    for (let orders = 0; orders < 3; orders += 1)
      errorTypes.push((await trade(bot)).order.errorType);
    expect(errorTypes).toContain('max_position');
    const refused = await call(bot, 'GET', '/orders?status=rejected&limit=1');
    expect(refused.body.orders).toEqual([expect.objectContaining({ errorType: 'max_position' })]);
  });
});

describe('when the exchange fails', () => {
  let bot: BotProcess;

  beforeAll(async () => {
    bot = await startBot(['--postgres', await createDatabase('faults'), ...SHORT]);
  });

  afterEach(() => proxy.failAll());

  test.each([
    ['refuses for a moment', { type: 'answer', status: 429, headers: { 'retry-after': '0' } }, 429],
    ['cannot be reached for a moment', { type: 'cut' }, 'TypeError'],
    ['is not available for a moment', { type: 'answer', status: 503 }, 503],
  ] as const)('%s, the order is sent again after it was asked for', async (_what, fault, status) => {
    const accepted = exchange.stats().venue.ordersAccepted;
    proxy.fail(`POST ${ORDER}`, fault);
    const { order } = await trade(bot);
    expect(order.status).toBe('filled');
    expect(exchange.stats().venue.ordersAccepted - accepted).toBe(1);

    const spans = await traceOf(order);
    const execution = named(spans, 'order_execution');
    const requests = requestsBelow(spans, execution);
    expect(requests[0]).toMatch(new RegExp(`^POST ${ORDER} `));
    if (status !== 'TypeError') expect(requests[0]).toBe(`POST ${ORDER} ${status}`);
    expect(requests.slice(1, -1).every((one) => one === `GET ${ORDER} 400`)).toBe(true);
    expect(requests.length).toBeGreaterThanOrEqual(3);
    expect(requests.at(-1)).toBe(`POST ${ORDER} 200`);
    expect(execution.events.map(({ name }) => name)).toEqual(['retry']);
    expect(execution.attributes['order.success']).toBe(true);
  });

  test.each([
    'lose_answer',
    'hold_answer',
  ] as const)('an order whose answer is lost (%s) is found, not doubled', async (type) => {
    const accepted = exchange.stats().venue.ordersAccepted;
    proxy.fail(`POST ${ORDER}`, { type });
    const { order } = await trade(bot);
    expect(order.status).toBe('filled');
    expect(exchange.stats().venue.ordersAccepted - accepted).toBe(1);
    const spans = await traceOf(order);
    const requests = requestsBelow(spans, named(spans, 'order_execution'));
    expect(requests).toHaveLength(2);
    expect(requests[1]).toBe(`GET ${ORDER} 200`);
  });

  test('an order that is still on its way when its connection breaks is waited for', async () => {
    const accepted = exchange.stats().venue.ordersAccepted;
    proxy.fail(`POST ${ORDER}`, { type: 'cut_and_deliver', ms: 300 });
    const { order } = await trade(bot);
    expect(order.status).toBe('filled');
    await proxy.idle();
    expect(exchange.stats().venue.ordersAccepted - accepted).toBe(1);
  });

  test('an order that was given up as lost is refused when it arrives after the one sent instead', async () => {
    const accepted = exchange.stats().venue.ordersAccepted;
    const answers = proxy.answers.length;
    // Longer than the bot waits, and so longer than the exchange takes it.
    proxy.fail(`POST ${ORDER}`, { type: 'delay_request', ms: 2 * SHORT_TIMEOUT_MS });
    const { order } = await trade(bot);
    expect(order.status).toBe('filled');
    await proxy.idle();
    expect(proxy.answers.slice(answers)).toContain(`POST ${ORDER} 400`);
    expect(exchange.stats().venue.ordersAccepted - accepted).toBe(1);
  });

  test('no market data is an error of the request, with its stack on the span', async () => {
    proxy.failAll({ type: 'answer', status: 429, headers: { 'retry-after': '60' } });
    const json = { strategy: STRATEGY, symbol: 'BTCUSDT', parameters: BUY };
    const { status, body } = await call(bot, 'POST', '/signals/run', json);
    expect(status).toBe(503);
    expect(body.error.code).toBe('TL_EXCHANGE_UNAVAILABLE');
    const failed = await until(() =>
      collector.spans.find(({ name, isError }) => name === SIGNAL_GENERATION && isError),
    );
    expect(failed.attributes['error.type']).toBe('TL_EXCHANGE_UNAVAILABLE');
    const [exception] = failed.events;
    expect(exception?.name).toBe('exception');
    expect(exception?.attributes['exception.stacktrace']).toContain('at ');
  });

  test('an order for which there is no quote is rejected, and so ends', async () => {
    const limited = { type: 'answer', status: 429, headers: { 'retry-after': '60' } } as const;
    proxy.fail(`GET ${TICKER}`, limited);
    const { order } = await trade(bot);
    expect(order).toMatchObject({ status: 'rejected', errorType: 'rate_limited', quantity: '0' });
    const spans = await traceOf(order);
    expect(named(spans, 'order_confirmation').attributes).toMatchObject({
      'order.order_id': order.id,
      'order.status': 'rejected',
      'order.error_type': 'rate_limited',
    });
  });

  test('an order that nobody could ask about is resolved when the exchange is back', async () => {
    const limited = { type: 'answer', status: 429, headers: { 'retry-after': '60' } } as const;
    proxy.fail(`POST ${ORDER}`, { type: 'lose_answer' });
    proxy.fail(`GET ${ORDER}`, limited);
    const { order } = await trade(bot);
    expect(order).toMatchObject({ status: 'unknown', errorType: 'rate_limited' });
    const resolved = await until(async () => {
      const { body } = await call(bot, 'GET', `/orders/${order.id}`);
      return body.status === 'unknown' ? undefined : body;
    });
    expect(resolved.status).toBe('filled');
    const spans = await traceOf(order, 'order_confirmation');
    const path = pathOf(spans, named(spans, 'order_confirmation'));
    expect(path.slice(-4)).toEqual(WORKFLOW);
    expect(named(spans, 'order_execution').attributes).toMatchObject({
      'order.success': false,
      'order.error_type': 'rate_limited',
    });
  });
});

test('orders that are refused say why: the exchange’s reason, or ours', async () => {
  const poor = { ...ACCOUNT, balances: { USDT: '100000', BTC: '0' } };
  const refusing = await startExchange({
    accounts: [poor],
    flow: FLOW,
    faults: { rejectProbability: 1 },
  });
  try {
    const url = await createDatabase('refused');
    const bot = await startBot(['--exchange-rest', refusing.restUrl, '--postgres', url]);
    const rejected = (await trade(bot)).order;
    expect(rejected).toMatchObject({ status: 'rejected', errorType: 'rejected' });
    const spans = await traceOf(rejected);
    const execution = named(spans, 'order_execution');
    expect(execution.isError).toBe(true);
    expect(execution.attributes).toMatchObject({
      'order.success': false,
      'order.error_type': 'rejected',
      'order.execution_time_ms': expect.any(Number),
    });
    const [exception] = execution.events;
    expect(exception?.attributes).toMatchObject({
      'exception.message': expect.stringContaining('NEW_ORDER_REJECTED'),
      'exception.stacktrace': expect.stringContaining('at '),
    });
    const refused = named(spans, 'order_confirmation');
    expect(pathOf(spans, refused).slice(-2)).toEqual(['order_execution', 'order_confirmation']);
    expect(refused.attributes).toMatchObject({
      'order.status': 'rejected',
      'order.success': false,
      'order.error_type': 'rejected',
    });

    const unpaid = (await trade(bot, SELL)).order;
    expect(unpaid).toMatchObject({ status: 'rejected', errorType: 'insufficient_balance' });
    const unpaidSpans = await traceOf(unpaid);
    const validation = named(unpaidSpans, 'order_validation');
    expect(validation.isError).toBe(true);
    const final = named(unpaidSpans, 'order_confirmation');
    expect(pathOf(unpaidSpans, final).slice(-2)).toEqual([
      'order_validation',
      'order_confirmation',
    ]);
    expect(validation.attributes).toMatchObject({
      'order.success': false,
      'order.error_type': 'insufficient_balance',
    });

    const metrics = await (await fetch(`${bot.health}/metrics`)).text();
    for (const why of ['rejected', 'insufficient_balance']) {
      expect(metrics).toContain(`bot_orders_total{status="rejected",error_type="${why}"} 1`);
    }
  } finally {
    await refusing.close();
  }
});

describe('orders that rest', () => {
  const RESTING = ['--slippage-bps=-500', ...SHORT];
  let url: string;

  beforeAll(async () => {
    url = await createDatabase('resting');
  });

  /** Places an order that will stay open, and does not wait for its end. */
  async function rest(bot: BotProcess): Promise<Answer['body']> {
    trade(bot).catch(() => undefined);
    return until(async () => (await call(bot, 'GET', '/orders?status=new')).body.orders[0]);
  }

  test('are canceled when the bot is told to stop, before it does', async () => {
    const bot = await startBot([...RESTING, '--postgres', url, '--open-ms', '60000']);
    const order = await rest(bot);
    const canceled = exchange.stats().venue.ordersCanceled;
    expect(await bot.stop()).toBe(0);
    expect(bot.log()).not.toContain('a stop took');
    expect(exchange.stats().venue.ordersCanceled).toBe(canceled + 1);
    const spans = await traceOf(order);
    expect(named(spans, 'order_confirmation').attributes).toMatchObject({
      'order.success': false,
      'order.status': 'canceled',
      'order.error_type': 'unfilled',
    });
  });

  test('are taken up after a crash, in the trace that they began', async () => {
    const crashing = await startBot([...RESTING, '--postgres', url, '--open-ms', '60000']);
    const order = await rest(crashing);
    await until(() =>
      collector.spans.find(
        ({ name, traceId }) => name === 'order_execution' && traceId === order.traceId,
      ),
    );
    await crashing.stop('SIGKILL');
    const bot = await startBot([...RESTING, '--postgres', url, '--open-ms', '100']);
    const spans = await traceOf(order, 'order_confirmation');
    expect(pathOf(spans, named(spans, 'order_confirmation')).slice(-2)).toEqual([
      'order_execution',
      'order_confirmation',
    ]);
    const { body } = await call(bot, 'GET', `/orders/${order.id}`);
    expect(body).toMatchObject({ status: 'canceled', errorType: 'unfilled' });

    // While it runs, an order that stays open too long ends the same way.
    const late = (await trade(bot)).order;
    expect(late).toMatchObject({ status: 'canceled', filledQuantity: '0' });
    const confirmation = named(await traceOf(late), 'order_confirmation');
    expect(confirmation.isError).toBe(false);
  });
});

test('what a crash left unsent or unanswered is confirmed as that, even when it crashes again', async () => {
  const args = ['--postgres', await createDatabase('unsent'), ...SHORT];
  const wait = { type: 'answer', status: 429, headers: { 'retry-after': '5' } } as const;
  const first = await startBot(args);
  const underWay = async (status: string): Promise<{ id: string; traceId: string }> => {
    trade(first).catch(() => undefined);
    const path = `/orders?status=${status}`;
    const order = await until(async () => (await call(first, 'GET', path)).body.orders[0]);
    await until(() =>
      collector.spans.find(
        ({ name, traceId }) => name === SIGNAL_GENERATION && traceId === order.traceId,
      ),
    );
    return order;
  };
  proxy.fail(`GET ${TICKER}`, wait);
  const unsent = await underWay('pending_new');
  proxy.fail(`POST ${ORDER}`, wait);
  const unanswered = await underWay('unknown');
  await first.stop('SIGKILL');

  const accepted = exchange.stats().venue.ordersAccepted;
  const asked = proxy.requests.length;
  proxy.fail(`GET ${ORDER}`, { type: 'hold_answer' });
  const second = await startBot(args);
  await until(() => (proxy.requests.slice(asked).includes(`GET ${ORDER}`) ? true : undefined));
  await second.stop('SIGKILL');
  const bot = await startBot(args);
  const confirmationsOf = async (order: { traceId: string }) => {
    const spans = await traceOf(order, 'order_confirmation');
    return spans.filter(({ name }) => name === 'order_confirmation');
  };
  const [unknown, ...more] = await confirmationsOf(unanswered);
  expect(more).toEqual([]);
  expect(unknown?.attributes).toMatchObject({
    ...{ 'order.order_id': unanswered.id, 'order.status': 'rejected', 'order.success': false },
    'order.error_type': 'unknown_order',
  });
  // It may be said twice by two processes; it never ends twice.
  for (const { attributes } of await confirmationsOf(unsent)) {
    expect(attributes).toMatchObject({
      ...{ 'order.order_id': unsent.id, 'order.status': 'rejected', 'order.success': false },
      'order.error_type': 'not_sent',
    });
  }
  const lifecycles = lifecyclesOf(collector.spans, BOT_ORDER);
  for (const { id } of [unsent, unanswered]) {
    expect(lifecycles.get(id)).toMatchObject({ status: 'rejected' });
    expect((await call(bot, 'GET', `/orders/${id}`)).body.status).toBe('rejected');
  }
  expect(exchange.stats().venue.ordersAccepted).toBe(accepted);
});

describe('the service around it', () => {
  test('strategies run until they are stopped, each run a trace of its own', async () => {
    // By the variables of the tracing guide alone.
    const { hostname, port } = new URL(collector.url);
    const bot = await startBot(['--postgres', await createDatabase('strategies')], {
      OTEL_EXPORTER_OTLP_ENDPOINT: '',
      OTEL_TRACING_ENABLED: 'true',
      OTEL_SERVICE_NAME: 'bot-under-test',
      SERVICE_VERSION: '9.9.9',
      JAEGER_HOST: hostname,
      JAEGER_PORT: port,
      OTEL_SAMPLING_RATE: '1.0',
    });
    expect((await fetch(`${bot.health}/readyz`)).status).toBe(200);
    const path = '/strategies/moving_average_crossover';
    const json = { symbol: 'ETHUSDT', intervalMs: 100, parameters: { fast: 2, slow: 3 } };
    const seen = collector.spans.length;
    expect(await call(bot, 'POST', `${path}/start`, json)).toMatchObject({
      status: 200,
      body: { run: { symbol: 'ETHUSDT', runs: 0 } },
    });
    const generation = (span: CollectedSpan) =>
      span.name === 'signal_generation.moving_average_crossover';
    const spans = await until(() => {
      const found = collector.spans.slice(seen).filter(generation);
      return found.length < 3 ? undefined : found;
    });
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(spans.length);
    for (const { parentSpanId, service } of spans) {
      expect(parentSpanId).toBeUndefined();
      expect(service).toBe('bot-under-test');
    }
    const { body } = await call(bot, 'GET', '/strategies');
    expect(body.strategies).toEqual([
      { name: 'moving_average_crossover', run: expect.objectContaining({ symbol: 'ETHUSDT' }) },
      { name: STRATEGY },
    ]);
    expect((await call(bot, 'POST', `${path}/stop`)).status).toBe(200);
    expect((await call(bot, 'POST', `${path}/stop`)).status).toBe(404);

    const run = { strategy: STRATEGY, symbol: 'BTCUSDT' };
    const refusals: [string, string, unknown, number, string][] = [
      ['POST', '/signals/run', { ...run, strategy: 'nope' }, 404, 'TL_NOT_FOUND'],
      ['POST', '/signals/run', { ...run, symbol: 'DOGEUSDT' }, 404, 'TL_NOT_FOUND'],
      ['POST', '/signals/run', { ...run, symbol: 'btc/usdt' }, 400, 'TL_BAD_REQUEST'],
      ['POST', '/signals/run', { ...run, parameters: { period: 0 } }, 400, 'TL_BAD_REQUEST'],
      ['POST', '/signals/run', { ...run, more: 1 }, 400, 'TL_BAD_REQUEST'],
      ['POST', '/signals/run', undefined, 400, 'TL_BAD_REQUEST'],
      ['POST', `${path}/start`, { ...json, intervalMs: 1 }, 400, 'TL_BAD_REQUEST'],
      ['GET', '/orders?limit=0', undefined, 400, 'TL_BAD_REQUEST'],
      ['GET', '/orders/unknown', undefined, 404, 'TL_NOT_FOUND'],
      ['DELETE', '/orders', undefined, 404, 'TL_NOT_FOUND'],
    ];
    for (const [method, at, body, status, code] of refusals) {
      expect(await call(bot, method, at, body), `${method} ${at}`).toMatchObject({
        status,
        body: { error: { code } },
      });
    }
    expect(await bot.stop()).toBe(0);
  });

  test('switched off, it trades the same and makes no span', async () => {
    const bot = await startBot(['--postgres', await createDatabase('switched_off')], {
      OTEL_SERVICE_NAME: 'switched-off',
      OTEL_TRACING_ENABLED: 'false',
    });
    const { signal, order } = await trade(bot);
    expect(signal.direction).toBe('buy');
    expect(order).toMatchObject({ status: 'filled', filledQuantity: order.quantity });
    expect(await bot.stop()).toBe(0);
    expect(collector.spans.filter(({ service }) => service === 'switched-off')).toEqual([]);
  });

  test('no secret of all that happened here is in a span or a log, and no context went out', () => {
    const exported = JSON.stringify(collector.spans, (_key, value) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    // There were signed requests to look at.
    expect(exported).toContain('timestamp=');
    // Nor was anything of ours sent to the exchange.
    expect(proxy.headers).toContain('x-mbx-apikey');
    for (const header of ['traceparent', 'tracestate', 'baggage', '_tl']) {
      expect(proxy.headers).not.toContain(header);
    }
    for (const text of [exported, logs()]) {
      expect(text).not.toContain(API_KEY);
      expect(text).not.toContain(API_SECRET);
      expect(text).not.toMatch(/signature=[0-9a-f]{8}/);
    }
  });
});
