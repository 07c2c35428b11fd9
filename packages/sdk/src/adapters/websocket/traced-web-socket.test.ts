import { EventEmitter } from 'node:events';
import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { ATTR, LINK_TYPE } from '@throughline/model';
import { expect, test } from 'vitest';
import { TRACE_HEADERS_FIELD } from '../../propagation/payload.ts';
import { readable, testTracing } from '../../testing/tracing.ts';
import { watchedTracing } from '../../testing/watched-tracing.ts';
import type { AnyWebSocket } from './socket.ts';
import { connectWebSocket, traceWebSocket, traceWebSocketServer } from './traced-web-socket.ts';

type Listener = (event?: unknown) => unknown;

/** A socket that does what the test says; whatever its listeners throw comes out of `emit`. */
class FakeSocket implements AnyWebSocket {
  readyState = 1;
  readonly sent: unknown[] = [];
  readonly #listeners: [type: string, listener: Listener][] = [];

  send(data: unknown): void {
    if (this.readyState === 0) throw new TypeError('still connecting');
    this.sent.push(data);
  }

  addEventListener(type: string, listener: unknown): void {
    this.#listeners.push([type, listener as Listener]);
  }

  removeEventListener(_: string, listener: unknown): void {
    const index = this.#listeners.findIndex(([, own]) => own === listener);
    if (index >= 0) this.#listeners.splice(index, 1);
  }

  emit(type: string, event?: object): unknown[] {
    const own = this.#listeners.filter(([name]) => name === type);
    return own.map(([, listener]) => listener(event));
  }
}

const CLIENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const FORGED = { traceparent: CLIENT, baggage: 'user.id=admin', tracestate: 'x=1' };

test('between services of ours, a message continues the trace and links to its connection', () => {
  const tracing = watchedTracing();
  const [left, right] = [new FakeSocket(), new FakeSocket()];
  const options = { trusted: true, destination: 'orders' };
  const sender = traceWebSocket(tracing, left, options);
  const opening = tracing.spans.get('websocket connect');
  const receiver = traceWebSocket(tracing, right, options);
  const payload = Object.freeze({ id: 'o1' });
  const received: unknown[] = [];
  receiver.onMessage(({ payload: given }, { span }) => {
    expect(trace.getSpan(context.active())).toBe(span);
    received.push(given);
  });
  expect(sender.send(payload, { businessIds: { [ATTR.clientOrderId]: 'o1' } })).toBe(true);
  right.emit('message', { data: left.sent[0] });
  expect(received).toEqual([payload]);
  const [send, process] = ['send orders', 'process orders'].map((name) => tracing.spans.get(name));
  expect(send).toMatchObject({ kind: SpanKind.PRODUCER, ended: true });
  expect(send?.links).toMatchObject([
    {
      context: { spanId: opening?.spanContext().spanId },
      attributes: { [ATTR.linkType]: LINK_TYPE.connection },
    },
  ]);
  expect(process).toMatchObject({ kind: SpanKind.CONSUMER, ended: true });
  expect(process?.parentSpanContext?.spanId).toBe(send?.spanContext().spanId);
  expect(process?.links).toMatchObject([{ attributes: { [ATTR.linkType]: LINK_TYPE.connection } }]);
  expect(process?.attributes).toMatchObject({
    [ATTR.messagingSystem]: 'websocket',
    [ATTR.messagingDestinationName]: 'orders',
    [ATTR.clientOrderId]: 'o1',
  });
});

test('a peer that is not ours: its context is linked to and nothing more, and it gets none of ours', () => {
  const tracing = watchedTracing();
  const socket = new FakeSocket();
  const request = { headers: FORGED };
  const connection = traceWebSocket(tracing, socket, { request, envelope: true });
  const connect = tracing.spans.get('websocket connect');
  expect(connect).toMatchObject({ kind: SpanKind.SERVER, ended: true });
  expect(connect?.parentSpanContext).toBeUndefined();
  expect(connect?.links).toMatchObject([
    {
      context: { traceId: CLIENT.split('-')[1] },
      attributes: { [ATTR.linkType]: LINK_TYPE.clientContext },
    },
  ]);
  const payloads: unknown[] = [];
  const linkTypes: unknown[] = [];
  connection.onMessage(({ payload }, { span, context: own }) => {
    payloads.push(payload);
    connection.send({ type: 'accepted' }, { context: own });
    expect(readable(span).parentSpanContext).toBeUndefined();
    expect(readable(span).attributes).not.toHaveProperty(ATTR.userId);
    linkTypes.push(readable(span).links.map((link) => link.attributes?.[ATTR.linkType]));
  });
  socket.emit('message', { data: JSON.stringify({ data: 1, [TRACE_HEADERS_FIELD]: FORGED }) });
  socket.emit('message', { data: '{"type":"plain"}' });
  expect(payloads).toEqual([{ data: 1 }, { type: 'plain' }]);
  expect(linkTypes).toEqual([
    [LINK_TYPE.clientContext, LINK_TYPE.connection],
    [LINK_TYPE.connection],
  ]);
  expect(socket.sent).toEqual(['{"type":"accepted"}', '{"type":"accepted"}']);
  expect(tracing.spans.get('send')?.kind).toBe(SpanKind.CLIENT);
  expect(tracing.stats().messages).toEqual({ withContext: 1, withoutContext: 1, malformed: 0 });
});

test('opening a connection is a span that ends when it is open, and tells a service of ours', () => {
  const tracing = watchedTracing();
  const socket = new FakeSocket();
  socket.readyState = 0;
  const parent = tracing.tracer.startSpan('outer', {}, ROOT_CONTEXT);
  let headers = {};
  context.with(trace.setSpan(ROOT_CONTEXT, parent), () => {
    connectWebSocket(
      tracing,
      (given) => {
        headers = given;
        return socket;
      },
      { trusted: true },
    );
  });
  const connect = tracing.spans.get('websocket connect');
  expect(connect).toMatchObject({ kind: SpanKind.CLIENT, ended: false });
  expect(connect?.parentSpanContext?.spanId).toBe(parent.spanContext().spanId);
  expect(headers).toMatchObject({
    traceparent: expect.stringContaining(connect?.spanContext().spanId ?? ''),
  });
  socket.readyState = 1;
  socket.emit('open');
  expect(connect?.ended).toBe(true);
  expect(connect?.status.code).toBe(SpanStatusCode.UNSET);
  traceWebSocket(tracing, new FakeSocket(), { request: { headers }, trusted: true });
  const upgrade = tracing.spans.get('websocket connect');
  expect(upgrade?.kind).toBe(SpanKind.SERVER);
  expect(upgrade?.parentSpanContext?.spanId).toBe(connect?.spanContext().spanId);
});

test('a peer that is not ours gets no headers either', () => {
  let headers: object | undefined;
  connectWebSocket(testTracing(), (given) => {
    headers = given;
    return new FakeSocket();
  });
  expect(headers).toEqual({});
});

test('a connection that does not open fails its span; a socket that cannot be made does too', () => {
  const tracing = watchedTracing();
  const socket = new FakeSocket();
  socket.readyState = 0;
  const connection = traceWebSocket(tracing, socket);
  expect(() => connection.send('too early')).toThrow('still connecting');
  expect(tracing.spans.get('send')).toMatchObject({
    ended: true,
    status: { code: SpanStatusCode.ERROR },
  });
  socket.emit('error', { error: new RangeError('refused') });
  socket.emit('close', { code: 1006, reason: '' });
  expect(tracing.spans.get('websocket connect')).toMatchObject({
    ended: true,
    status: { code: SpanStatusCode.ERROR, message: 'refused' },
  });
  expect(tracing.spans.has('websocket close')).toBe(false);
  const open = () => {
    throw new SyntaxError('bad address');
  };
  expect(() => connectWebSocket(tracing, open)).toThrow('bad address');
  expect(tracing.spans.get('websocket connect')?.status.message).toBe('bad address');
});

test('the end of a connection is a trace of its own, linked to the opening', () => {
  for (const [event, code, error] of [
    [{ code: 1000, reason: 'done' }, SpanStatusCode.UNSET, undefined],
    [{ code: 1006, reason: '' }, SpanStatusCode.ERROR, undefined],
    [{ code: 1006, reason: '' }, SpanStatusCode.ERROR, new RangeError('too large')],
  ] as const) {
    const tracing = watchedTracing();
    const socket = new FakeSocket();
    const connection = traceWebSocket(tracing, socket);
    connection.onMessage(() => undefined);
    connection.send('a');
    socket.emit('message', { data: 'b' });
    socket.emit('message', { data: 'c' });
    if (error) socket.emit('error', { error });
    socket.emit('close', event);
    const close = tracing.spans.get('websocket close');
    const connect = tracing.spans.get('websocket connect');
    expect(close).toMatchObject({ ended: true, status: { code } });
    expect(close?.parentSpanContext).toBeUndefined();
    expect(close?.links[0]?.context.spanId).toBe(connect?.spanContext().spanId);
    expect(close?.attributes).toMatchObject({
      [ATTR.websocketCloseCode]: event.code,
      [ATTR.websocketMessagesSent]: 1,
      [ATTR.websocketMessagesReceived]: 2,
    });
    expect(close?.attributes[ATTR.websocketCloseReason]).toBe(event.reason || undefined);
    if (error) expect(close?.attributes[ATTR.errorType]).toBe('RangeError');
  }
});

test('an error of a socket that nobody handles still throws, and is on the span of the end', () => {
  const tracing = watchedTracing();
  const fake = new FakeSocket();
  const emitter = new EventEmitter();
  const socket = Object.assign(fake, { on: emitter.on.bind(emitter) });
  traceWebSocket(tracing, socket);
  expect(() => emitter.emit('error', new RangeError('bad frame'))).toThrow('bad frame');
  socket.emit('close', { code: 1002, reason: '' });
  expect(tracing.spans.get('websocket close')?.status.message).toBe('bad frame');
});

test('a message that will not arrive is told to the caller and on its span', () => {
  const tracing = watchedTracing();
  const socket = new FakeSocket();
  const connection = traceWebSocket(tracing, socket);
  socket.readyState = 3;
  expect(connection.send('late')).toBe(false);
  expect(tracing.spans.get('send')).toMatchObject({
    status: { code: SpanStatusCode.ERROR },
    attributes: { [ATTR.errorType]: 'not_open' },
  });
});

test("what a handler throws goes on to the socket; its messages' spans tell it", async () => {
  const tracing = watchedTracing();
  const socket = new FakeSocket();
  const connection = traceWebSocket(tracing, socket, { trusted: true });
  const stop = connection.onMessage(
    ({ payload }) => {
      if (payload === 'sync') throw new RangeError('sync');
      return Promise.reject(new RangeError('async'));
    },
    { name: 'external_exchange_ws_recv', kind: SpanKind.CLIENT },
  );
  expect(() => socket.emit('message', { data: 'sync' })).toThrow('sync');
  const span = tracing.spans.get('external_exchange_ws_recv');
  expect(span).toMatchObject({ kind: SpanKind.CLIENT, status: { message: 'sync' } });
  const [later] = socket.emit('message', { data: 'async' });
  await expect(later).rejects.toThrow('async');
  expect(tracing.spans.get('external_exchange_ws_recv')?.status.message).toBe('async');
  stop();
  expect(socket.emit('message', { data: 'unheard' })).toEqual([]);
});

test('disabled, messages pass, and a context that still comes is taken off', () => {
  const tracing = testTracing({ enabled: false });
  const socket = new FakeSocket();
  for (const trusted of [true, false]) {
    const connection = traceWebSocket(tracing, socket, { trusted, envelope: true });
    const payloads: unknown[] = [];
    const stop = connection.onMessage(({ payload }) => payloads.push(payload));
    expect(connection.send({ a: 1 })).toBe(true);
    expect(socket.sent.at(-1)).toBe('{"a":1}');
    socket.emit('message', { data: JSON.stringify({ a: 1, [TRACE_HEADERS_FIELD]: FORGED }) });
    expect(payloads).toEqual([{ a: 1 }]);
    stop();
  }
  socket.emit('close', { code: 1000, reason: '' });
});

test('a server gives every connection with its request, until it is told to stop', () => {
  const tracing = watchedTracing();
  let listener:
    | ((socket: FakeSocket, request: { headers: object; url: string }) => void)
    | undefined;
  const server = {
    on: (_: 'connection', given: typeof listener) => {
      listener = given;
    },
    off: () => {
      listener = undefined;
    },
  };
  const urls: string[] = [];
  const stop = traceWebSocketServer(
    tracing,
    server as never,
    (connection, request: { headers: Record<string, string>; url: string }) => {
      expect(connection.socket).toBeInstanceOf(FakeSocket);
      urls.push(request.url);
    },
    { attributes: { region: 'eu' } },
  );
  listener?.(new FakeSocket(), { headers: {}, url: '/orders' });
  expect(urls).toEqual(['/orders']);
  expect(tracing.spans.get('websocket connect')?.attributes).toEqual({
    [ATTR.networkProtocolName]: 'websocket',
    region: 'eu',
  });
  stop();
  expect(listener).toBeUndefined();
});
