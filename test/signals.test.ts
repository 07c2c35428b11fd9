// The signals system on a real broker and exchange: `npx vitest run --project system test/signals.test.ts`.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { startOldStyleService } from './support/signals-old-style.ts';
import { SignalsSystem, until } from './support/signals-system.ts';
import {
  ancestry,
  errorsOf,
  expectFullCoverage,
  expectTickToTrade,
  expectTree,
  isTreeThere,
  named,
} from './support/signals-topology.ts';

let system: SignalsSystem;

beforeAll(async () => {
  system = await SignalsSystem.start();
});
afterEach(async () => {
  await system.stopServices();
  await system.forget();
});
afterAll(async () => {
  await system?.close();
});

const LINKS_MAX = 8;

/** Of realtime-strategies, whose traces begin with a tick. */
function isOfTicks(strategy: unknown): boolean {
  return ['ema_cross', 'rsi', 'macd'].includes(String(strategy));
}

test('one trace from tick to confirmation, with an old-style service in it', async () => {
  await system.startAll(['--carrier', 'both'], { OTEL_SPAN_LINK_COUNT_LIMIT: String(LINKS_MAX) });
  const old = await startOldStyleService(system.nats.url, 3);
  await until(() => {
    const strategies = system.seenOn('order.confirmed').map(({ payload }) => payload.strategy);
    const old = strategies.filter((strategy) => strategy === 'old_style');
    const { spans } = system.collector;
    const isTraded = old.length >= 3 && strategies.some(isOfTicks);
    return isTraded && conflatedMost(spans) > LINKS_MAX && isTreeThere(spans);
  });
  await old.stop();
  const spans = await system.stopServices();

  // 100 %: every message that went over the wire carried a context, in header and payload.
  expect(system.seen.length).toBeGreaterThan(100);
  const traced = system.seen.filter(({ subject, traceparent, payload }) =>
    payload.strategy === 'old_style' && subject === 'signals.trading'
      ? payload._otel_trace_headers
      : traceparent && payload._otel_trace_headers?.traceparent === traceparent,
  );
  expect(traced.length).toBe(system.seen.length);
  expect(old.without).toBe(0);
  expect(errorsOf(spans)).toEqual([]);

  // The old-style service sends no spans: its own are known from what it sent.
  const ofOld = new Set(old.signals.map(({ spanId }) => spanId));
  const joined = named(spans, 'process signals.trading').filter(({ parentSpanId }) =>
    ofOld.has(parentSpanId ?? ''),
  );
  expect(joined.length).toBe(3);
  for (const { signalId, traceId, spanId, received } of old.signals) {
    const process = joined.find(({ parentSpanId }) => parentSpanId === spanId);
    expect(process).toMatchObject({ traceId, attributes: { 'signal.id': signalId } });
    const sent = spans.find((span) => span.spanId === received.split('-')[2]);
    expect(sent).toMatchObject({ traceId, name: 'send market.data' });
    const children = spans.filter(({ parentSpanId }) => parentSpanId === process?.spanId);
    expect(named(children, 'order_confirmation')).toHaveLength(1);
  }

  const others = spans.filter((span) => !old.signals.some((one) => one.traceId === span.traceId));
  expectFullCoverage(others);
  expect(expectTickToTrade(others)).toBeGreaterThanOrEqual(1);
  expectTree(others);
  expectConflation(spans);
  const [asked] = named(spans, 'process candles.get');
  expect(asked && ancestry(spans, asked).slice(0, 3)).toEqual([
    'data-manager process candles.get',
    'realtime-strategies request candles.get',
    'realtime-strategies process market.data',
  ]);
});

/** How many ticks the largest analysis was of. */
function conflatedMost(spans: Parameters<typeof named>[0]): number {
  const analyses = named(spans, 'batch_analysis');
  return Math.max(0, ...analyses.map(({ attributes }) => Number(attributes['batch.size'] ?? 0)));
}

/** Each tick that ta-bot processed is linked by one analysis; supplements hold what is too much. */
function expectConflation(spans: Parameters<typeof named>[0]): void {
  const analyses = named(spans, 'batch_analysis');
  const roots = analyses.filter((span) => !span.attributes['throughline.supplement']);
  expect(roots.length).toBeGreaterThan(0);
  expect(roots.some((root) => Number(root.attributes['batch.size']) > LINKS_MAX)).toBe(true);
  const ticks = new Set(
    named(spans, 'process market.data')
      .filter((span) => span.service === 'ta-bot')
      .map(({ spanId }) => spanId),
  );
  const linked: string[] = [];
  for (const root of roots) {
    expect(root.parentSpanId).toBeUndefined();
    const parts = analyses.filter((span) => span === root || span.parentSpanId === root.spanId);
    const links = parts.flatMap((span) => span.links);
    expect(links.length).toBe(root.attributes['batch.size']);
    for (const { spanId, attributes } of links) {
      expect(attributes['throughline.link.type']).toBe('conflated_from');
      expect(ticks.has(spanId)).toBe(true);
      linked.push(spanId);
    }
  }
  expect(new Set(linked).size).toBe(linked.length);
}

test('a restart of the broker mid-stream loses no context and adds no errors', async () => {
  await system.startAll();
  const confirmed = () => system.seenOn('order.confirmed').length;
  await until(() => confirmed() >= 1);
  await system.nats.restart('SIGKILL');
  const before = confirmed();
  await until(() => confirmed() >= before + 3);
  const spans = await system.stopServices();

  expect(errorsOf(spans)).toEqual([]);
  expect(expectFullCoverage(spans)).toBeGreaterThan(100);
  expectTickToTrade(spans);
  const ids = named(spans, 'order_execution').map((span) => span.attributes['order.order_id']);
  expect(new Set(ids).size).toBe(ids.length);
});

/** Between tradeengine and the exchange: passes requests on, and loses the first order's answer. */
async function startLossyProxy(
  target: string,
): Promise<{ url: string; server: Server; orders: string[] }> {
  const orders: string[] = [];
  const server = createServer(async (request, response) => {
    const { method = 'GET', url = '', headers } = request;
    const isOrder = method === 'POST' && url.startsWith('/api/v3/order');
    if (isOrder) orders.push(new URL(url, target).searchParams.get('newClientOrderId') ?? '');
    const key = headers['x-mbx-apikey'];
    const answer = await fetch(new URL(url, target), {
      method,
      headers: typeof key === 'string' ? { 'x-mbx-apikey': key } : {},
    });
    const body = await answer.text();
    if (isOrder && orders.length === 1) request.socket.destroy();
    else response.writeHead(answer.status).end(body);
    for (const name of ['traceparent', 'tracestate', 'baggage']) {
      if (headers[name] !== undefined) orders.push(`sent ${name}`);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, server, orders };
}

/** Of tradeengine: a signal may wait until it has started, however long that takes. */
const PATIENT = ['--signal-age-ms-max', '600000'];

/** Publishes signals by hand. */
async function startSender() {
  const connection = await connect({ servers: system.nats.url });
  const send = (name: string, fields: object = {}) => {
    const signal = {
      signal_id: `${name}-${Date.now()}`,
      strategy: 'by_hand',
      symbol: 'SOLUSDT',
      direction: 'buy',
      confidence: 90,
      entry_price: '155',
      time_ms: Date.now(),
      ...fields,
    };
    connection.publish('signals.trading', JSON.stringify(signal));
    return signal;
  };
  return { connection, send };
}

test('a signal whose order got no answer comes again, marked, and becomes no second order', async () => {
  const proxy = await startLossyProxy(system.exchange.rest);
  const sender = await startSender();
  const signal = sender.send('lost-answer');
  // It is stored before there is anybody to trade on it.
  await sender.connection.flush();
  await system.startService('tradeengine', ['--exchange-rest', proxy.url, ...PATIENT]);
  await until(() => system.seenOn('order.confirmed').length > 0);
  // The same signal once more, and something that is none.
  sender.connection.publish('signals.trading', JSON.stringify(signal));
  sender.connection.publish('signals.trading', '{"signal_id":7}');
  await sender.connection.drain();
  await until(() => {
    const { spans } = system.collector;
    const isTerminated = named(spans, 'term signals.trading').length > 0;
    return isTerminated && named(spans, 'process signals.trading').length >= 4;
  });
  const spans = await system.stopServices();
  proxy.server.closeAllConnections();
  proxy.server.close();

  expect(proxy.orders).toHaveLength(1);
  const [first, second, duplicate, unreadable] = named(spans, 'process signals.trading').sort(
    (one, other) => Number(one.startNs - other.startNs),
  );
  expect(first?.isError).toBe(true);
  expect(second?.attributes).toMatchObject({
    'messaging.redelivered': true,
    'messaging.delivery_count': 2,
  });
  expect(second?.links).toMatchObject([
    { spanId: first?.spanId, attributes: { 'throughline.link.type': 'redelivery_of' } },
  ]);
  const [execution] = named(spans, 'order_execution');
  expect(execution?.attributes).toMatchObject({
    'order.error_type': 'unavailable',
    'order.success': false,
  });
  const [confirmation] = named(spans, 'order_confirmation');
  expect(confirmation?.parentSpanId).toBe(second?.spanId);
  expect(duplicate?.attributes['order.reason']).toBe('duplicate');
  expect(unreadable).toMatchObject({
    isError: true,
    attributes: { 'error.type': 'TL_MESSAGE_INVALID' },
  });
  expect(named(spans, 'term signals.trading')).toHaveLength(1);
});

test('what the limits or the exchange refuse is classified, recorded, and not tried again', async () => {
  const sender = await startSender();
  const environment = { EXCHANGE_API_SECRET: 'wrong' };
  const args = ['--exchange-rest', system.exchange.rest, ...PATIENT];
  await system.startService('tradeengine', args, environment);
  sender.send('unsure', { confidence: 10 });
  sender.send('old', { time_ms: Date.now() - 3_600_000 });
  sender.send('unknown', { symbol: 'XXXUSDT' });
  sender.send('unsigned');
  await sender.connection.drain();
  await until(() => {
    const acknowledged = named(system.collector.spans, 'ack signals.trading').length;
    return acknowledged >= 4 && system.seenOn('order.confirmed').length >= 4;
  });
  const spans = await system.stopServices();

  const types = (name: string) =>
    named(spans, name).map(({ isError, attributes }) => [isError, attributes['order.error_type']]);
  expect(types('order_validation')).toEqual(
    expect.arrayContaining([
      [true, 'risk_confidence'],
      [true, 'signal_stale'],
      [true, 'symbol_unknown'],
      [false, undefined],
    ]),
  );
  expect(types('order_execution')).toEqual([[true, 'authentication']]);
  // Whatever became of it: a signal that the engine could read ends with a confirmation.
  expect(types('order_confirmation').map(([, type]) => type)).toEqual(
    expect.arrayContaining(['risk_confidence', 'signal_stale', 'symbol_unknown', 'authentication']),
  );
  for (const confirmation of named(spans, 'order_confirmation')) {
    expect(confirmation).toMatchObject({
      isError: false,
      attributes: { 'order.status': 'rejected', 'order.success': false },
    });
    expect(ancestry(spans, confirmation)[1]).toBe('tradeengine process signals.trading');
  }
  expect(named(spans, 'order_confirmation')).toHaveLength(4);
  expect(named(spans, 'process signals.trading')).toHaveLength(4);
  const told = system.seenOn('order.confirmed').map(({ payload }) => payload);
  expect(told.map(({ status }) => status)).toEqual(Array(4).fill('REJECTED'));
  expect(told.map(({ reason }) => reason)).toContain('risk_confidence');
});

test('the five in one process, over channels, make the same trace', async () => {
  await system.startInOneProcess([
    ...['--candle-ms', '50', '--analysis-ms', '500'],
    ...['--confidence-min', '0', '--position-max', '1000000'],
  ]);
  await until(() =>
    named(system.collector.spans, 'order_confirmation').some(({ attributes }) =>
      isOfTicks(attributes['strategy.name']),
    ),
  );
  const spans = await system.stopServices();
  expect(errorsOf(spans)).toEqual([]);
  expect(expectFullCoverage(spans)).toBeGreaterThan(100);
  expect(expectTickToTrade(spans)).toBeGreaterThanOrEqual(1);
  const [confirmed] = named(spans, 'send order.confirmed');
  expect(confirmed && ancestry(spans, confirmed)[1]).toBe('tradeengine order_confirmation');
});

/** An exchange that hangs up on its first client after one trade. */
async function startFakeMarket(): Promise<{
  url: string;
  server: WebSocketServer;
  paths: string[];
}> {
  const paths: string[] = [];
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket, request) => {
    const id = paths.push(request.url ?? '');
    const data = { e: 'trade', s: 'BTCUSDT', t: id, p: `${id}.5`, q: '1', T: Date.now(), m: true };
    socket.send(JSON.stringify({ stream: 'btcusdt@trade', data }));
    if (id === 1) socket.close();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `ws://127.0.0.1:${port}`, server, paths };
}

test('--live takes the streams of the exchange, again when it hangs up, or says it cannot', async () => {
  const market = await startFakeMarket();
  const here = ['--live', '--exchange-ws', market.url, '--symbols', 'BTCUSDT'];
  await system.startService('socket-client', here);
  await until(() => system.seenOn('market.data').length >= 2);
  expect(system.seenOn('market.data').map(({ payload }) => payload.price)).toEqual(['1.5', '2.5']);
  expect(market.paths[1]).toBe('/stream?streams=btcusdt@trade/btcusdt@bookTicker');
  await system.stopServices();
  market.server.close();

  const nowhere = ['--live', '--exchange-ws', 'ws://127.0.0.1:9'];
  await expect(system.startService('socket-client', nowhere)).rejects.toThrow(
    'TL_EXCHANGE_UNAVAILABLE: cannot reach ws://127.0.0.1:9',
  );
});
