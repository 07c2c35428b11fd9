// Real WebSocket servers and clients: `vitest run --project system test/websocket.test.ts`.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { ATTR, LINK_TYPE } from '@throughline/model';
import {
  type AnyWebSocket,
  connectWebSocket,
  startTracing,
  TRACE_HEADERS_FIELD,
  type TracedWebSocket,
  type Tracing,
  traceWebSocket,
  withBusinessIds,
} from '@throughline/sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocketServer, WebSocket as WsClient } from 'ws';
import { type CollectedSpan, type Collector, startCollector } from './support/orders-collector.ts';
import { startTracedServer, type TracedServer } from './support/websocket-server.ts';

const FLUSH_MS = 60_000;
const FORGED_TRACE = '0af7651916cd43dd8448eb211c80319c';
const FORGED = `00-${FORGED_TRACE}-b7ad6b7169203331-01`;

let collector: Collector;
let client: Tracing;
let server: Tracing;
let running: TracedServer | undefined;

beforeEach(async () => {
  collector = await startCollector();
  const options = { enabled: true, global: false, endpoint: collector.url };
  client = startTracing({ serviceName: 'client', ...options });
  server = startTracing({ serviceName: 'server', ...options });
});

afterEach(async () => {
  await running?.close();
  running = undefined;
  await Promise.all([client.shutdown(FLUSH_MS), server.shutdown(FLUSH_MS)]);
  await collector.close();
});

/** Everything that ended so far, of both services. */
async function spansSoFar(): Promise<CollectedSpan[]> {
  await Promise.all([client.flush(FLUSH_MS), server.flush(FLUSH_MS)]);
  return collector.spans;
}

function only(spans: readonly CollectedSpan[], service: string, name: string): CollectedSpan {
  const found = spans.filter((span) => span.service === service && span.name === name);
  expect(found, `${service} ${name}`).toHaveLength(1);
  return found[0] as CollectedSpan;
}

function linksTo(span: CollectedSpan, type: string): string[] {
  const links = span.links.filter(({ attributes }) => attributes[ATTR.linkType] === type);
  return links.map(({ spanId }) => spanId);
}

function opened(socket: AnyWebSocket): Promise<void> {
  return new Promise((resolve) => socket.addEventListener('open', resolve));
}

function closed(socket: AnyWebSocket): Promise<number> {
  return new Promise((resolve) => socket.addEventListener('close', ({ code }) => resolve(code)));
}

function nextMessage(connection: TracedWebSocket): Promise<unknown> {
  return new Promise((resolve) => {
    const stop = connection.onMessage(({ payload }) => {
      stop();
      resolve(payload);
    });
  });
}

const CLIENTS: [string, (url: string, headers: Record<string, string>) => AnyWebSocket][] = [
  ['ws', (url, headers) => new WsClient(url, { headers })],
  ['the platform', (url, headers) => new WebSocket(url, { headers } as never) as AnyWebSocket],
];

test.each(
  CLIENTS,
)('between services of ours, order and answer are one trace (client: %s)', async (_, open) => {
  running = await startTracedServer(
    server,
    (connection) => {
      connection.onMessage(async ({ payload }) => {
        await Promise.resolve();
        connection.send({ type: 'accepted', order: payload });
      });
    },
    { trusted: true, destination: 'orders' },
  );
  const { url } = running;
  const connection = connectWebSocket(client, (headers) => open(url, headers), {
    trusted: true,
    destination: 'orders',
  });
  await opened(connection.socket);
  const order = client.tracer.startSpan('order', {}, ROOT_CONTEXT);
  const ids = withBusinessIds(ROOT_CONTEXT, { [ATTR.clientOrderId]: 'o1' });
  const answer = nextMessage(connection);
  connection.send({ id: 'o1' }, { context: trace.setSpan(ids, order) });
  expect(await answer).toEqual({ type: 'accepted', order: { id: 'o1' } });
  order.end();
  const close = closed(connection.socket);
  running.connections[0]?.socket.close(1000, 'bye');
  expect(await close).toBe(1000);
  const spans = await spansSoFar();
  const connect = only(spans, 'client', 'websocket connect');
  const upgrade = only(spans, 'server', 'websocket connect');
  expect(upgrade).toMatchObject({ kind: 'server', parentSpanId: connect.spanId });
  let parent = order.spanContext().spanId;
  for (const [service, name, kind, opening] of [
    ['client', 'send orders', 'producer', connect],
    ['server', 'process orders', 'consumer', upgrade],
    ['server', 'send orders', 'producer', upgrade],
    ['client', 'process orders', 'consumer', connect],
  ] as const) {
    const span = only(spans, service, name);
    expect(span).toMatchObject({ kind, parentSpanId: parent, isError: false });
    expect(span.attributes[ATTR.clientOrderId]).toBe('o1');
    expect(linksTo(span, LINK_TYPE.connection)).toEqual([opening.spanId]);
    parent = span.spanId;
  }
  const end = only(spans, 'client', 'websocket close');
  expect(linksTo(end, LINK_TYPE.connection)).toEqual([connect.spanId]);
  expect(end.attributes[ATTR.websocketCloseReason]).toBe('bye');
});

test.each(
  CLIENTS,
)('text, bytes and any JSON arrive as they were; in an envelope text and JSON carry a context (client: %s)', async (_, open) => {
  for (const envelope of [false, true]) {
    const received: unknown[] = [];
    const traced: boolean[] = [];
    const all = Promise.withResolvers<void>();
    const payloads = ['PING', [1, 2], 7, null, { data: 'x' }, new Uint8Array([1, 2, 255])];
    const options = { trusted: true, envelope };
    running = await startTracedServer(
      server,
      (connection) => {
        connection.onMessage(({ payload }, { context: own }) => {
          received.push(payload);
          const { traceId } = trace.getSpanContext(own) ?? {};
          traced.push(traceId === order.spanContext().traceId);
          if (received.length === payloads.length) all.resolve();
        });
      },
      options,
    );
    const { url } = running;
    const order = client.tracer.startSpan('order', {}, ROOT_CONTEXT);
    const connection = connectWebSocket(client, (headers) => open(url, headers), options);
    await opened(connection.socket);
    context.with(trace.setSpan(ROOT_CONTEXT, order), () => {
      for (const payload of payloads) connection.send(payload);
    });
    await all.promise;
    expect(received.slice(0, 5)).toEqual(payloads.slice(0, 5));
    expect(received[5]).toEqual(Buffer.from([1, 2, 255]));
    expect(traced).toEqual([envelope, envelope, envelope, envelope, true, false]);
    const close = closed(connection.socket);
    await running.close();
    await close;
  }
});

test('whatever a client makes up, no span of ours is in its trace, and it gets nothing of ours', async () => {
  const received: unknown[] = [];
  running = await startTracedServer(server, (connection) => {
    connection.onMessage(({ payload }, { context: own }) => {
      received.push(payload);
      connection.send({ type: 'ok' }, { context: own });
    });
  });
  const huge = 'user.id=admin,'.repeat(10_000);
  const socket = new WsClient(running.url, {
    headers: { traceparent: FORGED, tracestate: 'x=1', baggage: 'user.id=admin' },
  });
  const responseHeaders: unknown[] = [];
  socket.on('upgrade', ({ headers }) => responseHeaders.push(Object.keys(headers)));
  await once(socket, 'open');
  const answers: string[] = [];
  const answered = Promise.withResolvers<void>();
  const field = (headers: unknown) => JSON.stringify({ [TRACE_HEADERS_FIELD]: headers, id: 1 });
  const attacks = [
    field({ traceparent: FORGED, baggage: huge }),
    field({ traceparent: [FORGED, FORGED] }),
    field({ TraceParent: FORGED, traceparent: FORGED }),
    field(FORGED),
    field([['traceparent', FORGED]]),
    `{"${TRACE_HEADERS_FIELD}":{"__proto__":{"traceparent":"${FORGED}"}},"__proto__":{"x":1},"id":1}`,
    `{"_tl":"${'A'.repeat(35)}","id":1}`,
    '{"id":1',
    `[${'['.repeat(20_000)}`,
  ];
  socket.on('message', (data) => {
    answers.push(data.toString());
    if (answers.length === attacks.length) answered.resolve();
  });
  for (const attack of attacks) socket.send(attack);
  await answered.promise;
  expect(answers).toEqual(attacks.map(() => '{"type":"ok"}'));
  expect(JSON.stringify(responseHeaders)).not.toMatch(/trace|baggage|_tl/i);
  expect(received).toHaveLength(attacks.length);
  for (const payload of received.slice(0, 5)) expect(payload).toEqual({ id: 1 });
  expect(({} as { x?: number }).x).toBeUndefined();
  socket.close();
  await once(socket, 'close');
  const spans = await spansSoFar();
  expect(spans.filter(({ traceId }) => traceId === FORGED_TRACE)).toEqual([]);
  for (const span of spans) expect(span.attributes).not.toHaveProperty(ATTR.userId);
  const upgrade = only(spans, 'server', 'websocket connect');
  expect(upgrade.parentSpanId).toBeUndefined();
  expect(linksTo(upgrade, LINK_TYPE.clientContext)).toEqual([FORGED.split('-')[2]]);
  const processed = spans.filter(({ name }) => name === 'process');
  expect(processed).toHaveLength(attacks.length);
  for (const span of processed) expect(span.parentSpanId).toBeUndefined();
  expect(linksTo(processed[0] as CollectedSpan, LINK_TYPE.clientContext)).toHaveLength(1);
});

test('a message that is too large ends the connection as without tracing, and the span says so', async () => {
  const errors = Promise.withResolvers<unknown>();
  const serverClose = Promise.withResolvers<void>();
  running = await startTracedServer(
    server,
    (connection) => {
      connection.onMessage(() => undefined);
      connection.socket.on('error', (error) => errors.resolve(error));
      connection.socket.on('close', () => serverClose.resolve());
    },
    { trusted: true, maxPayload: 100_000 },
  );
  const { url } = running;
  const connection = connectWebSocket(client, (headers) => new WsClient(url, { headers }), {
    trusted: true,
  });
  await opened(connection.socket);
  connection.send({ text: 'x'.repeat(90_000) });
  const close = closed(connection.socket);
  connection.send({ text: 'x'.repeat(100_000) });
  expect(await close).toBe(1009);
  expect(await errors.promise).toMatchObject({ code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' });
  await serverClose.promise;
  const spans = await spansSoFar();
  const processed = only(spans, 'server', 'process');
  const sent = spans.filter(({ service, name }) => service === 'client' && name === 'send');
  expect(sent.map(({ spanId }) => spanId)).toContain(processed.parentSpanId);
  const end = only(spans, 'server', 'websocket close');
  expect(end.isError).toBe(true);
  expect(end.attributes).toMatchObject({
    [ATTR.errorType]: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
  });
});

test('after a connection broke off, the next one goes on: every message keeps its own trace', async () => {
  const processed: (string | undefined)[] = [];
  const heard = Promise.withResolvers<void>();
  running = await startTracedServer(
    server,
    (connection) => {
      connection.onMessage(({ payload }, { context: own }) => {
        processed.push(trace.getSpanContext(own)?.traceId);
        const { id } = payload as { id: number };
        if (id === 2) connection.socket.terminate();
        if (id === 4) heard.resolve();
      });
    },
    { trusted: true },
  );
  const { url } = running;
  const sent: string[] = [];
  const connect = () =>
    connectWebSocket(client, (headers) => new WsClient(url, { headers }), { trusted: true });
  const sendOrder = (connection: TracedWebSocket, id: number): void => {
    const order = client.tracer.startSpan('order', {}, ROOT_CONTEXT);
    sent.push(order.spanContext().traceId);
    connection.send({ id }, { context: trace.setSpan(ROOT_CONTEXT, order) });
    order.end();
  };
  const first = connect();
  await opened(first.socket);
  const close = closed(first.socket);
  for (const id of [1, 2]) sendOrder(first, id);
  expect(await close).toBe(1006);
  expect(first.send({ id: 3 })).toBe(false);
  const second = connect();
  await opened(second.socket);
  for (const id of [3, 4]) sendOrder(second, id);
  await heard.promise;
  expect(processed).toEqual(sent);
  expect(server.stats().messages).toEqual({ withContext: 4, withoutContext: 0, malformed: 0 });
  const spans = await spansSoFar();
  const opening = spans
    .filter(({ service, name }) => service === 'client' && name.endsWith('connect'))
    .sort((one, other) => Number(one.startNs - other.startNs));
  expect(opening).toHaveLength(2);
  const brokenOff = only(spans, 'client', 'websocket close');
  expect(brokenOff.isError).toBe(true);
  expect(linksTo(brokenOff, LINK_TYPE.connection)).toEqual([opening[0]?.spanId]);
});

test.each(
  CLIENTS,
)('a server that cannot be reached, or refuses, fails the opening (client: %s)', async (_, open) => {
  const http = createServer();
  http.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
  await once(http.listen(0, '127.0.0.1'), 'listening');
  const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const refused = connectWebSocket(client, (headers) => open(url, headers));
  if (refused.socket instanceof WsClient) refused.socket.on('error', () => undefined);
  expect(await closed(refused.socket)).toBe(1006);
  http.close();
  await once(http, 'close');
  const unreachable = connectWebSocket(client, (headers) => open(url, headers));
  if (unreachable.socket instanceof WsClient) unreachable.socket.on('error', () => undefined);
  expect(await closed(unreachable.socket)).toBe(1006);
  const spans = await spansSoFar();
  expect(spans.map(({ name, isError }) => [name, isError])).toEqual([
    ['websocket connect', true],
    ['websocket connect', true],
  ]);
});

test('a server that upgrades requests itself gives them along with the sockets', async () => {
  const acceptor = new WebSocketServer({ noServer: true });
  const http = createServer();
  http.on('upgrade', (request, socket, head) => {
    acceptor.handleUpgrade(request, socket, head, (webSocket) => {
      traceWebSocket(server, webSocket, { request, trusted: true });
    });
  });
  await once(http.listen(0, '127.0.0.1'), 'listening');
  const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const connection = connectWebSocket(client, (headers) => new WsClient(url, { headers }), {
    trusted: true,
  });
  await opened(connection.socket);
  connection.socket.close();
  await closed(connection.socket);
  http.close();
  await once(http, 'close');
  const spans = await spansSoFar();
  const connect = only(spans, 'client', 'websocket connect');
  expect(only(spans, 'server', 'websocket connect').parentSpanId).toBe(connect.spanId);
});
