import { headers as makeHeaders } from '@nats-io/transport-node';
import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { ATTR } from '@throughline/model';
import { expect, test } from 'vitest';
import { TRACE_HEADERS_FIELD } from '../../propagation/payload.ts';
import { readable, testTracing } from '../../testing/tracing.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import type { NatsHeaders, NatsMessage, NatsSubscription } from './client.ts';
import { type TraceNatsOptions, traceNats } from './traced-nats.ts';

interface Options {
  reply?: string;
  headers?: NatsHeaders;
}

interface Message extends NatsMessage {
  readonly reply?: string;
  json(): unknown;
  respond(data?: Uint8Array | string, options?: Options): boolean;
}

type Callback = (error: Error | null, message: Message) => unknown;

/** A server and its client in one: a publish reaches the callbacks of its subject at once. */
class Loopback {
  info: { headers: boolean; max_payload: number } | undefined = {
    headers: true,
    max_payload: 4_096,
  };
  readonly sent: Message[] = [];
  readonly given: (object | undefined)[] = [];
  readonly #callbacks = new Map<string, Callback>();
  #replyTo: ((message: Message) => void) | undefined;

  publish(subject: string, data?: Uint8Array | string, options?: Options): void {
    if (subject === '') throw new TypeError('bad subject');
    this.given.push(options);
    const bytes = typeof data === 'string' ? Buffer.from(data) : (data ?? new Uint8Array(0));
    const { reply, headers } = options ?? {};
    const message: Message = {
      subject,
      data: bytes,
      ...(headers ? { headers } : {}),
      ...(reply ? { reply } : {}),
      json: () => JSON.parse(Buffer.from(bytes).toString()),
      respond: (answer, answerOptions) => {
        if (reply) this.publish(reply, answer, answerOptions);
        return reply !== undefined;
      },
    };
    // A client writes into the options that it is given.
    if (options) options.reply ??= '';
    this.sent.push(message);
    if (subject.startsWith('_INBOX')) this.#replyTo?.(message);
    this.#callbacks.get(subject)?.(null, message);
  }

  request(subject: string, data?: Uint8Array, options?: Options): Promise<Message> {
    return new Promise((resolve, reject) => {
      if (!this.#callbacks.has(subject)) return reject(new TypeError('no responders'));
      this.#replyTo = resolve;
      this.publish(subject, data, { ...options, reply: '_INBOX.1' });
    });
  }

  subscribe(
    subject: string,
    options?: { callback?: Callback; queue?: string },
  ): NatsSubscription & { getSubject(): string } {
    if (options?.callback) this.#callbacks.set(subject, options.callback);
    const { sent } = this;
    return {
      getSubject: () => subject,
      async *[Symbol.asyncIterator]() {
        yield* sent;
      },
    };
  }

  fail(subject: string, error: Error): void {
    this.#callbacks.get(subject)?.(error, {} as Message);
  }
}

function start(options: Partial<TraceNatsOptions> = {}) {
  const connection = new Loopback();
  const tracing = options.tracing ?? testTracing();
  return {
    connection,
    tracing,
    traced: traceNats(connection, { headers: makeHeaders, ...options, tracing }),
  };
}

/** The span whose context a message carries. */
function senderOf(tracing: Tracing, message: NatsMessage | undefined) {
  const carrier = Object.fromEntries(
    [...(message?.headers ?? [])].map(([key, [value]]) => [key, value]),
  );
  return tracing.propagator.read(carrier).spanContext;
}

test('a publish is a producer span whose context goes with the message', () => {
  const { connection, tracing, traced } = start();
  const root = tracing.tracer.startSpan('market_data_receive', {}, ROOT_CONTEXT);
  const message = Object.freeze({ symbol: 'BTCUSDT' });
  const options = Object.freeze({ reply: 'here' });
  context.with(trace.setSpan(ROOT_CONTEXT, root), () => {
    traced.publishWithTraceContext('market.data', message, options);
  });
  const [sent] = connection.sent;
  expect(sent?.json()).toEqual({ symbol: 'BTCUSDT' });
  expect(sent?.reply).toBe('here');
  expect(senderOf(tracing, sent)?.traceId).toBe(root.spanContext().traceId);
  expect(senderOf(tracing, sent)?.spanId).not.toBe(root.spanContext().spanId);
  expect(traced.connection).toBe(connection);
});

test('a message is processed below its sender, with its context active', async () => {
  const { connection, tracing, traced } = start();
  traced.publishWithTraceContext('signals.trading', { side: 'buy' });
  const [message] = connection.sent;
  if (!message) throw new TypeError('nothing was sent');
  const result = traced.process(message, (received, { span }) => {
    expect(trace.getActiveSpan()).toBe(span);
    expect(received.json()).toEqual({ side: 'buy' });
    expect(received.subject).toBe('signals.trading');
    return readable(span);
  });
  expect(result).toMatchObject({
    name: 'process signals.trading',
    kind: SpanKind.CONSUMER,
    parentSpanContext: { spanId: senderOf(tracing, message)?.spanId },
    ended: true,
  });
  expect(result.attributes).toEqual({
    [ATTR.messagingSystem]: 'nats',
    [ATTR.messagingDestinationName]: 'signals.trading',
    [ATTR.messagingOperationName]: 'process',
    [ATTR.messagingOperationType]: 'process',
    [ATTR.messagingMessageBodySize]: 14,
  });
  const failing = traced.process(message, async () => {
    throw new TypeError('bad signal');
  });
  await expect(failing).rejects.toThrow('bad signal');
});

test('a subscription with a callback processes each message, and passes errors on', () => {
  const { connection, tracing, traced } = start();
  const spans: ReturnType<typeof readable>[] = [];
  const errors: (Error | null)[] = [];
  const callback = (error: Error | null) => {
    if (error) errors.push(error);
    else spans.push(readable(trace.getActiveSpan()));
  };
  const options = Object.freeze({ callback, queue: 'desk' });
  traced.subscribe('orders.new', options);
  traced.publishWithTraceContext('orders.new', {});
  const refused = new TypeError('permissions violation');
  connection.fail('orders.new', refused);
  expect(errors).toEqual([refused]);
  expect(spans).toHaveLength(1);
  expect(spans[0]?.parentSpanContext?.spanId).toBe(senderOf(tracing, connection.sent[0])?.spanId);
  expect(spans[0]?.attributes[ATTR.messagingConsumerGroupName]).toBe('desk');
});

test('iteration processes one message after the other, named by the wildcard', async () => {
  const { connection, tracing, traced } = start();
  for (const id of ['o1', 'o2', 'o3']) {
    traced.publishWithTraceContext(`orders.${id}`, { id }, { span: { template: 'orders.*' } });
  }
  const parents: (string | undefined)[] = [];
  let underWay = 0;
  await traced.consume(traced.subscribe('orders.*'), async (_, { span }) => {
    underWay += 1;
    await Promise.resolve();
    expect(underWay).toBe(1);
    underWay -= 1;
    expect(readable(span).name).toBe('process orders.*');
    expect(readable(span).attributes[ATTR.messagingDestinationTemplate]).toBe('orders.*');
    parents.push(readable(span).parentSpanContext?.spanId);
  });
  expect(parents).toEqual(connection.sent.map((sent) => senderOf(tracing, sent)?.spanId));
  expect(tracing.stats().messages).toEqual({ withContext: 3, withoutContext: 0, malformed: 0 });
  const stops = traced.consume(traced.subscribe('orders.*'), () => {
    throw new TypeError('stop');
  });
  await expect(stops).rejects.toThrow('stop');
});

test('request, processing, answer and reply are one trace', async () => {
  const { connection, tracing, traced } = start();
  let responder: ReturnType<typeof readable> | undefined;
  connection.subscribe('orders.check', {
    callback: (_, message) => {
      traced.process(message, (request, { span }) => {
        responder = readable(span);
        // An answer from elsewhere, such as a pool's queue, belongs to the request all the same.
        context.with(ROOT_CONTEXT, () => expect(request.respond('{"ok":true}')).toBe(true));
      });
    },
  });
  const reply = await traced.requestWithTraceContext('orders.check', { id: 'o1' });
  expect(reply.json()).toEqual({ ok: true });
  const [request, answer] = connection.sent;
  expect(responder?.parentSpanContext?.spanId).toBe(senderOf(tracing, request)?.spanId);
  expect(senderOf(tracing, answer)?.traceId).toBe(senderOf(tracing, request)?.traceId);
  expect(tracing.stats().messages).toEqual({ withContext: 2, withoutContext: 0, malformed: 0 });
});

test('the answer to a request can be an object; to any other message there is none', () => {
  const { connection, traced } = start({ carrier: 'payload' });
  const message = { subject: 'x', data: new Uint8Array(0) };
  expect(traced.respondWithTraceContext(message, {})).toBe(false);
  expect(traced.respondWithTraceContext({ ...message, reply: '_INBOX.1' }, { ok: 1 })).toBe(true);
  expect(connection.sent[0]?.json()).toMatchObject({ ok: 1, [TRACE_HEADERS_FIELD]: {} });
});

test("what the client throws is thrown on, and a message that is no JSON is the caller's", async () => {
  const { connection, traced } = start();
  expect(() => traced.publishWithTraceContext('', 'x')).toThrow('bad subject');
  await expect(traced.requestWithTraceContext('nobody', 'x')).rejects.toThrow('no responders');
  expect(() => traced.publishWithTraceContext('x', { price: 1n })).toThrow('BigInt');
  expect(connection.sent).toEqual([]);
});

test('a context that the caller put in stays, and the send links to it', () => {
  const { connection, tracing, traced } = start();
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const headers = makeHeaders();
  headers.set('Traceparent', traceparent);
  traced.publishWithTraceContext('x', 'text', { headers });
  expect(connection.sent[0]?.headers).toBe(headers);
  const message = { [TRACE_HEADERS_FIELD]: { traceparent } };
  traced.publishWithTraceContext('x', message);
  expect(connection.sent[1]?.json()).toEqual(message);
  expect(connection.sent[1]?.headers).toBeUndefined();
  expect(tracing.stats().started).toBe(2);
  expect(traced.stats().contextsOmitted).toBe(0);
});

test('a message too large for its context goes without, counted', () => {
  const { connection, traced } = start();
  traced.publishWithTraceContext('x', new Uint8Array(4_090));
  expect(connection.sent[0]?.headers).toBeUndefined();
  expect(traced.stats()).toEqual({ contextsOmitted: 1 });
  connection.info = undefined;
  traced.publishWithTraceContext('x', new Uint8Array(4_090));
  expect(connection.sent[1]?.headers).toBeDefined();
});

test('the options of the caller are not written into, by us or by the client', () => {
  const { connection, traced } = start();
  const options = { headers: makeHeaders(), span: { name: 'send it' } };
  traced.publishWithTraceContext('x', 'text', options);
  expect(options).toEqual({ headers: makeHeaders(), span: { name: 'send it' } });
  expect(connection.given[0]).not.toHaveProperty('span');
});

test('JetStream: the span waits for the ack, and says where the message was stored', async () => {
  const { tracing, traced } = start();
  const span = trace.getActiveSpan();
  const jetStream = {
    publish: async (_: string, __?: Uint8Array | string, options?: { msgID: string }) => {
      await Promise.resolve();
      expect(options).toMatchObject({ msgID: 'm1', headers: expect.anything() });
      return { stream: 'ORDERS', seq: 7, duplicate: false };
    },
  };
  const stored = traced
    .jetStream(jetStream)
    .publishWithTraceContext('orders.new', {}, { msgID: 'm1' });
  expect(tracing.stats()).toMatchObject({ started: 1, ended: 0 });
  expect(await stored).toEqual({ stream: 'ORDERS', seq: 7, duplicate: false });
  expect(tracing.stats()).toMatchObject({ started: 1, ended: 1 });
  expect(trace.getActiveSpan()).toBe(span);
});

test('JetStream: refused as too large with context, a message is stored without', async () => {
  const { traced } = start();
  const headers = makeHeaders();
  const tooLarge = [{ code: 10_054 }, { api_error: { err_code: 10_054 } }];
  for (const refusal of tooLarge) {
    const attempts: (NatsHeaders | undefined)[] = [];
    const jetStream = {
      publish: async (_: string, __?: Uint8Array | string, options?: Options) => {
        attempts.push(options?.headers);
        if (options?.headers !== headers) throw refusal;
        return { stream: 'ORDERS', seq: 7 };
      },
    };
    await traced.jetStream(jetStream).publishWithTraceContext('orders.new', 'x', { headers });
    expect(attempts).toHaveLength(2);
  }
  expect(traced.stats().contextsOmitted).toBe(2);
  const down = { publish: () => Promise.reject(new TypeError('no stream')) };
  await expect(traced.jetStream(down).publishWithTraceContext('x')).rejects.toThrow('no stream');
  expect(traced.stats().contextsOmitted).toBe(2);
});

test('disabled, everything passes and nothing is added', async () => {
  const { connection, traced } = start({ tracing: testTracing({ enabled: false }) });
  traced.publishWithTraceContext('x', { a: 1 });
  expect(connection.sent[0]?.headers).toBeUndefined();
  const message = { ...connection.sent[0], json: () => ({ a: 1, [TRACE_HEADERS_FIELD]: {} }) };
  const received = traced.process(message as Message, (view) => view.json());
  expect(received).toEqual({ a: 1 });
});

test('the span of a message that fails has the error', () => {
  const { connection, traced } = start();
  traced.publishWithTraceContext('x', {});
  let span: ReturnType<typeof readable> | undefined;
  const [message] = connection.sent;
  expect(() =>
    traced.process(message as Message, (_, started) => {
      span = readable(started.span);
      throw new TypeError('bad order');
    }),
  ).toThrow('bad order');
  expect(span?.status.code).toBe(SpanStatusCode.ERROR);
});
