// The NATS adapter with both client lines on a real server: `npx vitest run --project system test/nats.test.ts`.
import { setTimeout as sleep } from 'node:timers/promises';
import { AckPolicy, type JsMsg } from '@nats-io/jetstream';
import type { Msg } from '@nats-io/transport-node';
import { NatsTracePropagator, type StartedSpan, startTracing } from '@throughline/sdk';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startNats } from '../scripts/provision/nats.ts';
import { type NatsLine, type NatsService, startService } from './support/nats-clients.ts';
import { type CollectedSpan, type Collector, startCollector } from './support/orders-collector.ts';

const WAIT_MS = 60_000;
/** Of a request or a message that is waited for; it comes at once where nothing stands still. */
const PATIENT = { timeout: 30_000 };
const EXPIRES = { expires: 30_000 };
/** Of what is published while there may be no broker: its answer may be lost. */
const IMPATIENT = { timeout: 5_000 };
const OLD = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

let server: Awaited<ReturnType<typeof startNats>>;
let collector: Collector;
const services: NatsService[] = [];

beforeAll(async () => {
  server = await startNats();
  collector = await startCollector();
});
afterEach(async () => {
  for (const service of services.splice(0)) await service.stop();
  collector.spans.length = 0;
});
afterAll(async () => {
  await collector?.close();
  await server?.stop();
});

async function start(
  name: string,
  line: NatsLine,
  options: Parameters<typeof startService>[3] = {},
): Promise<NatsService> {
  const urls = { nats: server.url, collector: collector.url };
  const service = await startService(name, line, urls, options);
  services.push(service);
  return service;
}

/** The spans of all services so far, once they have arrived. */
async function collect(): Promise<readonly CollectedSpan[]> {
  for (const service of services) expect(await service.tracing.flush(WAIT_MS)).toBe(true);
  return collector.spans;
}

function named(spans: readonly CollectedSpan[], name: string): CollectedSpan {
  const found = spans.filter((span) => span.name === name);
  expect(found.map(({ name: its }) => its)).toEqual([name]);
  return found[0] as CollectedSpan;
}

async function until(isDone: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + WAIT_MS;
  while (!isDone()) {
    if (performance.now() > deadlineMs) throw new Error('it did not happen in time');
    await sleep(10);
  }
}

/** What a handler was given, message by message. */
function recorder<M extends Msg | JsMsg>() {
  const received: { message: M; started: StartedSpan }[] = [];
  return {
    received,
    handler: (message: M, started: StartedSpan) => {
      received.push({ message, started });
    },
  };
}

let streams = 0;

/** A stream of its own, with a consumer that delivers again what is not settled. */
async function createStream(service: NatsService, config: object = {}, consumer: object = {}) {
  streams += 1;
  const [name, subject] = [`S${streams}`, `stream.${streams}`];
  await service.jsm.streams.add({ name, subjects: [subject], ...config });
  await service.jsm.consumers.add(name, {
    durable_name: 'desk',
    ack_policy: AckPolicy.Explicit,
    ...consumer,
  });
  return { name, subject };
}

describe.each([
  ['nats 2', 'transport-node 3'],
  ['transport-node 3', 'nats 2'],
] as const)('from %s to %s', (from, to) => {
  test('what is published in a span is processed below it', async () => {
    const sender = await start('socket-client', from);
    const receiver = await start('realtime-strategies', to);
    const { received, handler } = recorder<Msg>();
    const subscription = receiver.traced.subscribe('market.data');
    const consuming = receiver.traced.consume(subscription, (message, started) => {
      handler(message, started);
      receiver.traced.publishWithTraceContext('signals.trading', { side: 'buy' });
    });
    const signals = recorder<Msg>();
    receiver.traced.subscribe('signals.trading', {
      callback: (_, message) => signals.handler(message, {} as StartedSpan),
    });
    await receiver.connection.flush();
    sender.tracing.tracer.startActiveSpan('market_data_receive', (span) => {
      sender.traced.publishWithTraceContext('market.data', { symbol: 'BTCUSDT' });
      span.end();
    });
    await until(() => signals.received.length === 1);
    subscription.unsubscribe();
    await consuming;
    expect(received[0]?.message.json()).toEqual({ symbol: 'BTCUSDT' });
    const spans = await collect();
    const chain = [
      'market_data_receive',
      'send market.data',
      'process market.data',
      'send signals.trading',
      'process signals.trading',
    ].map((name) => named(spans, name));
    expect(new Set(chain.map(({ traceId }) => traceId)).size).toBe(1);
    for (const [index, span] of chain.slice(1).entries()) {
      expect(span.parentSpanId).toBe(chain[index]?.spanId);
    }
    expect(chain.map(({ kind }) => kind).slice(1)).toEqual([
      ...['producer', 'consumer'],
      ...['producer', 'consumer'],
    ]);
    expect(chain[2]).toMatchObject({
      service: 'realtime-strategies',
      attributes: {
        'messaging.system': 'nats',
        'messaging.destination.name': 'market.data',
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.message.body.size': 20,
      },
    });
  });

  test('members of a queue group share the messages, each below its own sender', async () => {
    const sender = await start('gateway', from);
    const members = [await start('desk-1', to), await start('desk-2', to)];
    const parents: Record<string, string | undefined> = {};
    let count = 0;
    for (const { traced, connection } of members) {
      traced.subscribe('orders.*.new', {
        queue: 'desks',
        callback: (_, message) => {
          const carrier = Object.fromEntries(
            [...(message.headers ?? [])].map(([key, [value]]) => [key, value ?? '']),
          );
          parents[message.subject] = carrier.traceparent?.split('-')[2];
          count += 1;
        },
      });
      await connection.flush();
    }
    for (let index = 0; index < 100; index += 1) {
      const span = { template: 'orders.*.new' };
      sender.traced.publishWithTraceContext(`orders.o${index}.new`, { index }, { span });
    }
    await until(() => count === 100);
    const spans = await collect();
    const sent = spans.filter(({ name }) => name === 'send orders.*.new');
    const processed = spans.filter(({ name }) => name === 'process orders.*.new');
    expect([sent.length, processed.length]).toEqual([100, 100]);
    const subject = 'messaging.destination.name';
    const senders = new Map(sent.map((span) => [span.attributes[subject], span.spanId]));
    for (const span of processed) {
      expect(span.parentSpanId).toBe(senders.get(span.attributes[subject]));
      expect(span.parentSpanId).toBe(parents[String(span.attributes[subject])]);
      expect(span.attributes).toMatchObject({
        'messaging.consumer.group.name': 'desks',
        'messaging.destination.template': 'orders.*.new',
      });
    }
  });

  test('a request and its reply are one trace, there and back', async () => {
    const client = await start('gateway', from);
    const responder = await start('risk', to);
    responder.traced.subscribe('orders.check', {
      callback: (_, message) => {
        responder.traced.respondWithTraceContext(message, { ok: message.json() });
      },
    });
    responder.traced.subscribe('orders.text', {
      callback: (_, message) => void message.respond('fine'),
    });
    await responder.connection.flush();
    const reply = await client.traced.requestWithTraceContext(
      'orders.check',
      { id: 'o1' },
      PATIENT,
    );
    expect(reply.json()).toEqual({ ok: { id: 'o1' } });
    const text = await client.traced.requestWithTraceContext('orders.text', 'any?', PATIENT);
    expect(text.string()).toBe('fine');
    const nobody = client.traced.requestWithTraceContext('orders.nobody', {}, PATIENT);
    await expect(nobody).rejects.toThrow();
    const spans = await collect();
    for (const subject of ['orders.check', 'orders.text']) {
      const request = named(spans, `request ${subject}`);
      const process = named(spans, `process ${subject}`);
      const answer = named(spans, `reply ${subject}`);
      const receive = named(spans, `receive reply ${subject}`);
      expect(process.parentSpanId).toBe(request.spanId);
      expect(answer.parentSpanId).toBe(process.spanId);
      expect(receive.parentSpanId).toBe(answer.spanId);
      expect(receive.links).toMatchObject([
        { spanId: request.spanId, attributes: { 'throughline.link.type': 'response_to' } },
      ]);
      expect(request.endNs).toBeGreaterThanOrEqual(receive.startNs);
    }
    expect(named(spans, 'request orders.nobody').isError).toBe(true);
  });

  test('an old service that writes the payload field is continued', async () => {
    const old = await start('old', from);
    const receiver = await start('data-manager', to);
    const { received, handler } = recorder<Msg>();
    const subscription = receiver.traced.subscribe('old.data');
    const consuming = receiver.traced.consume(subscription, handler);
    await receiver.connection.flush();
    const payload = { symbol: 'BTCUSDT', _otel_trace_headers: { traceparent: OLD } };
    old.connection.publish('old.data', JSON.stringify(payload));
    await until(() => received.length === 1);
    subscription.unsubscribe();
    await consuming;
    expect(received[0]?.message.json()).toEqual({ symbol: 'BTCUSDT' });
    expect(named(await collect(), 'process old.data')).toMatchObject({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      parentSpanId: 'b7ad6b7169203331',
    });
  });

  test('an old service reads the context that the payload carries', async () => {
    const sender = await start('socket-client', from, { carrier: 'payload' });
    const old = await start('old', to);
    const subscription = old.connection.subscribe('new.data', { max: 1 });
    await old.connection.flush();
    sender.traced.publishWithTraceContext('new.data', { symbol: 'BTCUSDT' });
    for await (const message of subscription) {
      expect(message.headers).toBeUndefined();
      const { _otel_trace_headers: field, ...rest } = message.json<Record<string, unknown>>();
      const { spanId, traceId } = named(await collect(), 'send new.data');
      expect(field).toEqual({ traceparent: `00-${traceId}-${spanId}-03` });
      expect(rest).toEqual({ symbol: 'BTCUSDT' });
    }
  });

  test('a context put in by hand goes with an ordinary publish', async () => {
    const sender = await start('socket-client', from);
    const receiver = await start('ta-bot', to);
    const byHand = startTracing({ serviceName: 'by-hand', endpoint: collector.url, enabled: true });
    try {
      const { tracer } = byHand;
      const subscription = receiver.connection.subscribe('by.hand', { max: 1 });
      await receiver.connection.flush();
      tracer.startActiveSpan('send by.hand', (span) => {
        const message = NatsTracePropagator.injectContext({ symbol: 'BTCUSDT' });
        sender.connection.publish('by.hand', JSON.stringify(message));
        span.end();
      });
      for await (const received of subscription) {
        const message = received.json();
        const options = { subject: received.subject, attributes: { 'trading.symbol': 'BTCUSDT' } };
        const { createSpanFromMessage, removeTraceHeaders } = NatsTracePropagator;
        const plain = createSpanFromMessage(tracer, message, 'process_by_hand', options, () =>
          removeTraceHeaders(message),
        );
        expect(plain).toEqual({ symbol: 'BTCUSDT' });
      }
    } finally {
      await byHand.shutdown(WAIT_MS);
    }
    const { spanId } = named(collector.spans, 'send by.hand');
    expect(named(collector.spans, 'process_by_hand')).toMatchObject({
      kind: 'consumer',
      parentSpanId: spanId,
      attributes: { 'messaging.system': 'nats', 'trading.symbol': 'BTCUSDT' },
    });
  });

  test('an old responder that sends no context back does not break the trace', async () => {
    const client = await start('gateway', from);
    const old = await start('old', to);
    old.connection.subscribe('old.check', { callback: (_, message) => void message.respond('ok') });
    await old.connection.flush();
    await client.traced.requestWithTraceContext('old.check', {}, PATIENT);
    const spans = await collect();
    const { spanId, traceId } = named(spans, 'request old.check');
    expect(named(spans, 'receive reply old.check')).toMatchObject({
      traceId,
      parentSpanId: spanId,
    });
  });

  test('headers match in any case, and two contexts are none', async () => {
    const sender = await start('other', from);
    const receiver = await start('desk', to);
    const { received, handler } = recorder<Msg>();
    receiver.traced.subscribe('mixed.case', {
      callback: (_, message) => handler(message, {} as StartedSpan),
    });
    await receiver.connection.flush();
    for (const names of [['TraceParent'], ['traceparent', 'Traceparent']]) {
      const headers = sender.headers();
      for (const name of names) headers.append(name, OLD);
      sender.connection.publish('mixed.case', 'x', { headers });
    }
    await until(() => received.length === 2);
    const spans = await collect();
    expect(spans.map(({ parentSpanId }) => parentSpanId)).toEqual(['b7ad6b7169203331', undefined]);
    expect(receiver.tracing.stats().messages).toEqual({
      withContext: 1,
      withoutContext: 0,
      malformed: 1,
    });
  });

  test('bytes arrive as they were sent; at max_payload they arrive without context', async () => {
    const sender = await start('feed', from);
    const receiver = await start('desk', to);
    const { received, handler } = recorder<Msg>();
    receiver.traced.subscribe('bytes', {
      callback: (_, message) => handler(message, {} as StartedSpan),
    });
    await receiver.connection.flush();
    const max = sender.connection.info?.max_payload ?? 0;
    const small = Uint8Array.from({ length: 256 }, (_, index) => index);
    const large = new Uint8Array(max).fill(7);
    sender.traced.publishWithTraceContext('bytes', small);
    sender.traced.publishWithTraceContext('bytes', large);
    await until(() => received.length === 2);
    expect(Buffer.compare(received[0]?.message.data ?? small.subarray(1), small)).toBe(0);
    expect(Buffer.compare(received[1]?.message.data ?? small, large)).toBe(0);
    expect(sender.traced.stats()).toEqual({ contextsOmitted: 1 });
    expect(receiver.tracing.stats().messages).toMatchObject({ withContext: 1, withoutContext: 1 });
    expect(() => sender.traced.publishWithTraceContext('bytes', new Uint8Array(max + 1))).toThrow();
    const sizes = (await collect())
      .filter(({ name }) => name === 'send bytes')
      .map(({ attributes, isError }) => [attributes['throughline.context.omitted'], isError]);
    expect(sizes).toEqual([
      [undefined, false],
      ['max_payload', false],
      ['max_payload', true],
    ]);
  });

  test('JetStream: a message is stored, processed and acknowledged in one trace', async () => {
    const sender = await start('gateway', from);
    const receiver = await start('desk', to);
    const { name, subject } = await createStream(sender);
    const stored = await sender.tracedJs.publishWithTraceContext(
      subject,
      { id: 'o1' },
      { msgID: 'm1' },
    );
    expect(stored).toMatchObject({ stream: name, seq: 1 });
    const consumer = await receiver.js.consumers.get(name, 'desk');
    const message = await consumer.next(EXPIRES);
    if (!message) throw new Error('nothing came');
    await receiver.traced.process(message, async (received) => {
      expect(received.json()).toEqual({ id: 'o1' });
      expect(received.headers?.get('Nats-Msg-Id')).toBe('m1');
      received.working();
      await received.ackAck();
    });
    expect((await consumer.info()).num_ack_pending).toBe(0);
    const spans = await collect();
    const at = { 'messaging.nats.stream': name, 'messaging.nats.sequence': 1 };
    const send = named(spans, `send ${subject}`);
    expect(send.attributes).toMatchObject(at);
    const process = named(spans, `process ${subject}`);
    expect(process).toMatchObject({
      parentSpanId: send.spanId,
      attributes: { ...at, 'messaging.consumer.group.name': 'desk' },
    });
    for (const operation of ['working', 'ack']) {
      expect(named(spans, `${operation} ${subject}`)).toMatchObject({
        parentSpanId: process.spanId,
        kind: 'client',
        attributes: { ...at, 'messaging.operation.type': 'settle' },
      });
    }
  });

  test('JetStream: a message delivered again links to the attempt before', async () => {
    const sender = await start('gateway', from);
    const receiver = await start('desk', to);
    const { name, subject } = await createStream(sender);
    await sender.tracedJs.publishWithTraceContext(subject, 'order');
    const consumer = await receiver.js.consumers.get(name, 'desk');
    const messages = await consumer.consume({ max_messages: 10 });
    let attempts = 0;
    await receiver.traced.consume(messages, (message) => {
      attempts += 1;
      if (attempts < 3) return message.nak();
      message.term();
      void messages.close();
    });
    const spans = await collect();
    const send = named(spans, `send ${subject}`);
    const processed = spans.filter((span) => span.name === `process ${subject}`);
    expect(processed).toHaveLength(3);
    for (const [index, span] of processed.entries()) {
      expect(span.parentSpanId).toBe(send.spanId);
      expect(span.attributes['messaging.redelivered']).toBe(index === 0 ? undefined : true);
      expect(span.attributes['messaging.delivery_count']).toBe(index === 0 ? undefined : index + 1);
      const links = span.links.map(({ spanId, attributes }) => ({ spanId, ...attributes }));
      const before = processed[index - 1]?.spanId;
      const link = { spanId: before, 'throughline.link.type': 'redelivery_of' };
      expect(links).toEqual(before ? [link] : []);
    }
    const settled = spans.filter(({ kind }) => kind === 'client').map((span) => span.name);
    expect(settled).toEqual([`nak ${subject}`, `nak ${subject}`, `term ${subject}`]);
    // The server takes a settlement without an answer, when it gets round to it.
    await expect.poll(async () => (await consumer.info()).num_ack_pending).toBe(0);
  });

  test('JetStream: nothing is settled unasked', async () => {
    const sender = await start('gateway', from);
    const receiver = await start('desk', to);
    const { name, subject } = await createStream(sender);
    await sender.tracedJs.publishWithTraceContext(subject, 'order');
    const consumer = await receiver.js.consumers.get(name, 'desk');
    const message = await consumer.next(EXPIRES);
    receiver.traced.process(message as JsMsg, () => undefined);
    expect(() =>
      receiver.traced.process(message as JsMsg, () => {
        throw new TypeError('bad order');
      }),
    ).toThrow('bad order');
    await receiver.connection.flush();
    expect((await consumer.info()).num_ack_pending).toBe(1);
  });

  test('JetStream: a consumer of headers only has the context all the same', async () => {
    const sender = await start('gateway', from);
    const receiver = await start('audit', to);
    const { name, subject } = await createStream(sender, {}, { headers_only: true });
    await sender.tracedJs.publishWithTraceContext(subject, { id: 'o1' });
    const consumer = await receiver.js.consumers.get(name, 'desk');
    const message = await consumer.next(EXPIRES);
    receiver.traced.process(message as JsMsg, (received) => {
      expect(received.data).toHaveLength(0);
      received.ack();
    });
    const spans = await collect();
    expect(named(spans, `process ${subject}`).parentSpanId).toBe(
      named(spans, `send ${subject}`).spanId,
    );
  });

  test('JetStream: what a stream would refuse as too large is stored without context', async () => {
    const sender = await start('gateway', from);
    const { name, subject } = await createStream(sender, { max_msg_size: 100 });
    const stored = await sender.tracedJs.publishWithTraceContext(subject, new Uint8Array(90));
    expect(stored).toMatchObject({ stream: name, seq: 1 });
    expect(sender.traced.stats()).toEqual({ contextsOmitted: 1 });
    const refused = sender.tracedJs.publishWithTraceContext(subject, new Uint8Array(101));
    await expect(refused).rejects.toThrow('message size exceeds maximum allowed');
    const sent = (await collect()).filter((span) => span.name === `send ${subject}`);
    expect(sent.map(({ isError }) => isError)).toEqual([false, true]);
  });

  test('a broker that restarts in mid-stream loses no context', async () => {
    const sender = await start('socket-client', from);
    const receiver = await start('tradeengine', to);
    const { name, subject } = await createStream(sender);
    const live = recorder<Msg>();
    receiver.traced.subscribe('restart.live', {
      callback: (_, message) => live.handler(message, {} as StartedSpan),
    });
    const kept: string[] = [];
    const consumer = await receiver.js.consumers.get(name, 'desk');
    const messages = await consumer.consume({ expires: 2_000, max_messages: 100 });
    const consuming = receiver.traced.consume(messages, (message) => {
      kept.push(message.json<{ id: string }>().id);
      message.ack();
    });
    await receiver.connection.flush();
    const storing: Promise<unknown>[] = [];
    let stored = 0;
    const publish = (count: number, every: string, options = PATIENT) => {
      for (let index = 0; index < count; index += 1) {
        const id = `${every}-${index}`;
        const span = { attributes: { 'client.order_id': id } };
        sender.traced.publishWithTraceContext('restart.live', { id }, { span });
        const attempt = sender.tracedJs.publishWithTraceContext(
          subject,
          { id },
          { ...options, span },
        );
        const counted = attempt.then(
          () => {
            stored += 1;
          },
          // Not stored, or stored without the ack: both happen when the broker goes.
          () => undefined,
        );
        storing.push(counted);
      }
    };
    publish(200, 'before');
    // What the broker has not passed on yet would be gone with it.
    await until(() => stored === 200 && live.received.length === 200);
    const restarting = server.restart('SIGKILL');
    for (let burst = 0; burst < 20; burst += 1) {
      publish(5, `during-${burst}`, IMPATIENT);
      await sleep(20);
    }
    await restarting;
    await Promise.all([sender.connection.flush(), receiver.connection.flush()]);
    await Promise.all(storing);
    const storedBefore = stored;
    publish(200, 'after');
    await until(() => stored === storedBefore + 200);
    const isBack = ({ message }: { message: Msg }) =>
      message.json<{ id: string }>().id === 'after-199';
    await until(() => live.received.some(isBack) && kept.includes('after-199'));
    await until(() => kept.length >= stored);
    void messages.close();
    await consuming;
    const count = live.received.length + kept.length;
    expect(live.received.length).toBeGreaterThanOrEqual(400);
    expect(receiver.tracing.stats().messages).toEqual({
      withContext: count,
      withoutContext: 0,
      malformed: 0,
    });
    const spans = await collect();
    const sentAs = new Map(spans.map((span) => [span.spanId, span.attributes['client.order_id']]));
    const processed = spans.filter((span) => span.name.startsWith('process '));
    expect(processed).toHaveLength(count);
    const ids = processed.map(({ parentSpanId }) => sentAs.get(parentSpanId ?? '')).sort();
    const expected = [...live.received.map(({ message }) => message.json<{ id: string }>().id)];
    expect(ids).toEqual([...expected, ...kept].sort());
  });
});
