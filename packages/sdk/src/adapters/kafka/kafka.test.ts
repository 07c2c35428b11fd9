import { context, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { ATTR } from '@throughline/model';
import { expect, test } from 'vitest';
import { captureSpans } from '../../testing/captured-spans.ts';
import { readable, testTracing } from '../../testing/tracing.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import {
  consumeKafkaBatch,
  consumeKafkaMessage,
  type KafkaMessage,
  startKafkaConsumer,
} from './consumer.ts';
import { traceKafkaJsConsumer, traceKafkaJsProducer } from './kafkajs.ts';
import { tracePlatformaticProducer } from './platformatic.ts';
import { startKafkaProducer } from './producer.ts';

interface Outgoing {
  readonly key?: string | Buffer;
  readonly value: string | Buffer | null;
  readonly headers?: Record<string, string>;
}

interface Sent {
  readonly topic: string;
  readonly messages: readonly Outgoing[];
}

/** A producer in the manner of kafkajs that keeps what it is given; its state is private to it. */
class FakeKafkaJs {
  readonly #sent: Sent[] = [];
  get sent(): readonly Sent[] {
    return this.#sent;
  }
  count(): number {
    return this.#sent.length;
  }
  async send(record: Sent): Promise<string[]> {
    this.#sent.push(record);
    if (record.topic === 'refused') throw new RangeError('refused');
    return ['answer'];
  }
  async sendBatch({ topicMessages }: { topicMessages: Sent[] }): Promise<string[]> {
    this.#sent.push(...topicMessages);
    return [];
  }
  async transaction(): Promise<FakeKafkaJs> {
    return this;
  }
}

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function message(overrides: Partial<KafkaMessage> = {}): KafkaMessage {
  const headers = { traceparent: TRACEPARENT };
  return {
    topic: 'ticks',
    partition: 2,
    offset: '7',
    key: 'BTC',
    value: 'x',
    headers,
    ...overrides,
  };
}

/** The id of the span that a sent message names as its sender. */
function senderOf(sent: Outgoing | undefined): string | undefined {
  return sent?.headers?.traceparent?.slice(36, 52);
}

function traceIdOf(tracing: Tracing, carrier: object | undefined): string | undefined {
  return tracing.propagator.read(carrier).spanContext?.traceId;
}

test('one message is one send span, which it carries; the record given is not changed', async () => {
  const tracing = testTracing();
  const spans = captureSpans(tracing);
  const client = new FakeKafkaJs();
  const producer = traceKafkaJsProducer(client, { tracing, attributes: { 'server.port': 9092 } });
  const value = Buffer.from('tick');
  const record = Object.freeze({
    topic: 'ticks',
    acks: 1,
    messages: Object.freeze([Object.freeze({ key: 'BTC', value, partition: 2 })]),
  });
  const outer = tracing.tracer.startSpan('outer', {}, ROOT_CONTEXT);
  const answer = await context.with(trace.setSpan(ROOT_CONTEXT, outer), () =>
    producer.send(record),
  );
  expect(answer).toEqual(['answer']);
  const [, send] = spans;
  expect(send).toMatchObject({
    name: 'send ticks',
    kind: SpanKind.PRODUCER,
    ended: true,
    parentSpanContext: { spanId: outer.spanContext().spanId },
  });
  expect(send?.attributes).toEqual({
    [ATTR.messagingSystem]: 'kafka',
    [ATTR.messagingDestinationName]: 'ticks',
    [ATTR.messagingOperationName]: 'send',
    [ATTR.messagingOperationType]: 'send',
    [ATTR.messagingDestinationPartitionId]: '2',
    [ATTR.messagingKafkaMessageKey]: 'BTC',
    'server.port': 9092,
  });
  const [sent] = client.sent;
  expect(sent).toMatchObject({ topic: 'ticks', acks: 1 });
  expect(sent?.messages[0]?.value).toBe(value);
  expect(senderOf(sent?.messages[0])).toBe(send?.spanContext().spanId);
  // All else is the client's, what is private to it too.
  expect([producer.count(), producer.sent]).toEqual([1, client.sent]);
});

test('of several messages each carries a create span of its own, and the send links to all', async () => {
  const tracing = testTracing();
  const spans = captureSpans(tracing);
  const client = new FakeKafkaJs();
  const headers = { traceparent: TRACEPARENT };
  await traceKafkaJsProducer(client, { tracing }).sendBatch({
    topicMessages: [
      { topic: 'a', messages: [{ value: '1' }, { value: null }] },
      { topic: 'b', messages: [{ value: '3', headers }] },
    ],
  });
  const [first, second, send] = spans;
  expect(spans.map(({ name, kind, ended }) => [name, kind, ended])).toEqual([
    ['create a', SpanKind.PRODUCER, true],
    ['create a', SpanKind.PRODUCER, true],
    ['send', SpanKind.CLIENT, true],
  ]);
  expect(first?.attributes[ATTR.messagingKafkaMessageTombstone]).toBeUndefined();
  expect(second?.attributes[ATTR.messagingKafkaMessageTombstone]).toBe(true);
  expect(send?.attributes[ATTR.messagingBatchMessageCount]).toBe(3);
  expect(send?.attributes[ATTR.messagingDestinationName]).toBeUndefined();
  const sent = client.sent.flatMap(({ messages }) => messages);
  expect(sent.map(({ value }) => value)).toEqual(['1', null, '3']);
  expect(sent.map(senderOf)).toEqual([
    first?.spanContext().spanId,
    second?.spanContext().spanId,
    'b7ad6b7169203331',
  ]);
  expect(sent[2]?.headers).toBe(headers);
  expect(send?.links.map((link) => link.context.spanId)).toEqual(sent.map(senderOf));
});

test('a message that came with a context keeps it, and the send is only linked to it', async () => {
  const tracing = testTracing();
  const spans = captureSpans(tracing);
  const client = new FakeKafkaJs();
  const given = { value: 'x', headers: { traceparent: TRACEPARENT } };
  await traceKafkaJsProducer(client, { tracing, sendName: 'send_to_kafka' }).send({
    topic: 'ticks',
    messages: [given],
  });
  expect(client.sent[0]?.messages[0]).toBe(given);
  expect(spans).toHaveLength(1);
  expect(spans[0]).toMatchObject({ name: 'send_to_kafka', kind: SpanKind.CLIENT });
  expect(spans[0]?.links).toMatchObject([{ context: { spanId: 'b7ad6b7169203331' } }]);
  expect(spans[0]?.attributes[ATTR.messagingBatchMessageCount]).toBeUndefined();
});

test('a transaction is traced as its producer is, and what fails is recorded and thrown on', async () => {
  const tracing = testTracing();
  const spans = captureSpans(tracing);
  const client = new FakeKafkaJs();
  const transaction = await traceKafkaJsProducer(client, { tracing }).transaction();
  await transaction.send({ topic: 'ticks', messages: [{ value: 'x' }] });
  expect(senderOf(client.sent[0]?.messages[0])).toBe(spans[0]?.spanContext().spanId);
  await expect(transaction.send({ topic: 'refused', messages: [{ value: 'x' }] })).rejects.toThrow(
    'refused',
  );
  expect(spans[1]?.attributes[ATTR.errorType]).toBe('RangeError');
  expect(spans[1]?.ended).toBe(true);
});

test('disabled, or given what the client will refuse, a send goes to the client as it is', async () => {
  const tracing = testTracing();
  const spans = captureSpans(tracing);
  const client = new FakeKafkaJs();
  const record = { topic: 'ticks', messages: [{ value: 'x' }] };
  await traceKafkaJsProducer(client, { tracing: testTracing({ enabled: false }) }).send(record);
  expect(client.sent[0]).toBe(record);
  const producer = traceKafkaJsProducer(client, { tracing });
  const hostile = {
    topic: 'ticks',
    messages: [
      {
        value: 'x',
        get headers(): never {
          throw new TypeError('no headers');
        },
      },
    ],
  };
  for (const wrong of [{ topic: 'x' }, { topic: 'x', messages: [undefined] }, hostile]) {
    await producer.send(wrong as never);
    expect(client.sent.at(-1)).toBe(wrong);
  }
  expect(spans.every(({ ended }) => ended)).toBe(true);
});

test('a message of a class of its own reaches the client as one, with its values', async () => {
  class Tick {
    key = 'BTC';
    get value(): string {
      return `${this.key}:1`;
    }
  }
  const client = new FakeKafkaJs();
  const producer = traceKafkaJsProducer(client, { tracing: testTracing() });
  await producer.send({ topic: 'ticks', messages: [new Tick()] });
  expect(client.sent[0]?.messages[0]).toBeInstanceOf(Tick);
  expect(client.sent[0]?.messages[0]?.value).toBe('BTC:1');
});

/** A producer in the manner of platformatic: with a callback, or a promise without one. */
class FakePlatformatic {
  readonly #sent: { topic: string; headers?: Map<Buffer, Buffer> }[] = [];
  get sent() {
    return this.#sent;
  }
  send(
    options: { messages: { topic: string; headers?: Map<Buffer, Buffer> }[] },
    callback: (error: Error | null, result?: string) => void,
  ): void;
  send(options: { messages: { topic: string; headers?: Map<Buffer, Buffer> }[] }): Promise<string>;
  send(
    { messages }: { messages: { topic: string; headers?: Map<Buffer, Buffer> }[] },
    callback?: (error: Error | null, result?: string) => void,
  ): Promise<string> | undefined {
    this.#sent.push(...messages);
    const error = messages[0]?.topic === 'refused' ? new RangeError('refused') : null;
    if (!callback) return error ? Promise.reject(error) : Promise.resolve('answer');
    callback(error, 'answer');
    return undefined;
  }
  async beginTransaction(): Promise<FakePlatformatic> {
    return this;
  }
}

test('a platformatic producer carries bytes, with a promise, a callback or in a transaction', async () => {
  const tracing = testTracing();
  const spans = captureSpans(tracing);
  const client = new FakePlatformatic();
  const producer = tracePlatformaticProducer(client, { tracing, headers: 'buffer' });
  expect(await producer.send({ messages: [{ topic: 'a' }] })).toBe('answer');
  const answers: unknown[] = [];
  for (const topic of ['b', 'refused']) {
    producer.send({ messages: [{ topic }] }, (...answer) => answers.push(answer));
  }
  expect(answers).toEqual([
    [null, 'answer'],
    [new RangeError('refused'), 'answer'],
  ]);
  const transaction = await producer.beginTransaction();
  await transaction.send({ messages: [{ topic: 'c' }] });
  expect(spans.map(({ name, ended }) => [name, ended])).toEqual(
    ['a', 'b', 'refused', 'c'].map((topic) => [`send ${topic}`, true]),
  );
  expect(spans[2]?.attributes[ATTR.errorType]).toBe('RangeError');
  for (const [index, { headers }] of client.sent.entries()) {
    const [[key, value] = []] = headers ?? [];
    expect(`${key}`).toBe('traceparent');
    expect(value?.toString()).toContain(spans[index]?.spanContext().spanId);
  }
});

test('a consumer span is the child of its message and says what the message is', () => {
  const tracing = testTracing();
  const { span } = startKafkaConsumer(tracing, 'process_message', message({ value: null }), {
    groupId: 'storage',
    attributes: { [ATTR.tradingSymbol]: 'BTC' },
  });
  expect(readable(span)).toMatchObject({
    name: 'process_message',
    kind: SpanKind.CONSUMER,
    parentSpanContext: { spanId: 'b7ad6b7169203331' },
  });
  expect(readable(span).attributes).toEqual({
    [ATTR.messagingSystem]: 'kafka',
    [ATTR.messagingDestinationName]: 'ticks',
    [ATTR.messagingOperationName]: 'process',
    [ATTR.messagingOperationType]: 'process',
    [ATTR.messagingDestinationPartitionId]: '2',
    [ATTR.messagingKafkaOffset]: 7,
    [ATTR.messagingKafkaMessageKey]: 'BTC',
    [ATTR.messagingKafkaMessageTombstone]: true,
    [ATTR.messagingConsumerGroupName]: 'storage',
    [ATTR.tradingSymbol]: 'BTC',
  });
});

test('keys are shown as text, capped, and as hexadecimal digits where they are none', () => {
  const tracing = testTracing();
  const shown = (key: unknown): unknown =>
    readable(startKafkaConsumer(tracing, 'x', message({ key })).span).attributes[
      ATTR.messagingKafkaMessageKey
    ];
  expect(shown(Buffer.from('BTC'))).toBe('BTC');
  expect(shown(Buffer.from([0xff, 0x00]))).toBe('ff00');
  expect(shown(42n)).toBe('42');
  expect(shown('k'.repeat(10_000))).toHaveLength(128);
  expect(shown(Buffer.alloc(10_000, 'é'))).toHaveLength(128);
  for (const key of [null, undefined, {}, Symbol('x')]) expect(shown(key)).toBeUndefined();
});

test('a message that this process saw before is redelivered, and linked to the last attempt', () => {
  const tracing = testTracing();
  const attempt = (groupId: string | undefined, overrides: Partial<KafkaMessage> = {}) =>
    readable(
      startKafkaConsumer(tracing, 'x', message(overrides), groupId === undefined ? {} : { groupId })
        .span,
    );
  const first = attempt('g');
  const second = attempt('g', { offset: 7n });
  const third = attempt('g');
  expect(first.attributes[ATTR.messagingRedelivered]).toBeUndefined();
  for (const [before, after] of [
    [first, second],
    [second, third],
  ] as const) {
    expect(after.attributes[ATTR.messagingRedelivered]).toBe(true);
    expect(after.links).toMatchObject([
      {
        context: { spanId: before.spanContext().spanId },
        attributes: { [ATTR.linkType]: 'redelivery_of' },
      },
    ]);
  }
  for (const other of [
    attempt('other'),
    attempt('g', { partition: 3 }),
    attempt('g', { offset: '8' }),
    attempt('g', { topic: 'trades' }),
    attempt(undefined),
  ]) {
    expect(other.attributes[ATTR.messagingRedelivered]).toBeUndefined();
    expect(other.links).toEqual([]);
  }
  expect(tracing.stats().registries.misses).toBe(0);
});

test('a batch links to its messages by offset, and says where all of it comes from', () => {
  const tracing = testTracing();
  const spans = captureSpans(tracing);
  const consume = (messages: readonly KafkaMessage[]): void =>
    consumeKafkaBatch(tracing, 'process', messages, { groupId: 'g' }, (process) => {
      for (const each of messages) process(each, () => undefined);
    });
  consume([message({ offset: 1n }), message({ offset: 2n })]);
  consume([message({ offset: 3n }), message({ offset: 1n, partition: 5 })]);
  consume([message({ offset: 4n }), message({ topic: 'trades' })]);
  const receives = spans.filter(({ kind }) => kind === SpanKind.CLIENT);
  expect(receives.map(({ name }) => name)).toEqual(['receive ticks', 'receive ticks', 'receive']);
  expect(receives[0]?.links.map((link) => link.attributes?.[ATTR.messagingKafkaOffset])).toEqual([
    1, 2,
  ]);
  expect(
    receives.map(({ attributes }) => [
      attributes[ATTR.messagingDestinationName],
      attributes[ATTR.messagingDestinationPartitionId],
      attributes[ATTR.messagingConsumerGroupName],
    ]),
  ).toEqual([
    ['ticks', '2', 'g'],
    ['ticks', undefined, 'g'],
    [undefined, undefined, 'g'],
  ]);
  expect(spans.filter(({ name }) => name === 'process')).toHaveLength(6);
});

test('a stream of messages is processed one span at a time', async () => {
  const tracing = testTracing();
  const seen: unknown[] = [];
  for await (const each of [message(), message({ headers: {} })]) {
    await consumeKafkaMessage(tracing, 'process', each, {}, async ({ span }) => {
      seen.push([readable(span).parentSpanContext?.spanId, trace.getActiveSpan() === span]);
    });
  }
  expect(seen).toEqual([
    ['b7ad6b7169203331', true],
    [undefined, true],
  ]);
});

interface Payload {
  readonly batch: { topic: string; partition: number; messages: { offset: string }[] };
}

/** A consumer in the manner of kafkajs that hands out one batch, and its messages. */
class FakeConsumer {
  readonly #messages = ['0', '1'].map((offset) => ({
    offset,
    value: 'x',
    headers: { traceparent: Buffer.from(TRACEPARENT) },
  }));
  async run(config?: {
    autoCommit?: boolean;
    eachMessage?: (payload: {
      topic: string;
      partition: number;
      message: { offset: string };
    }) => Promise<void>;
    eachBatch?: (payload: Payload) => Promise<void>;
  }): Promise<void> {
    const messages = this.#messages;
    expect(config?.autoCommit).toBe(true);
    await config?.eachBatch?.({ batch: { topic: 'ticks', partition: 0, messages } });
    for (const each of messages) {
      await config?.eachMessage?.({ topic: 'ticks', partition: 0, message: each });
    }
  }
}

test('a kafkajs consumer runs each message in its span, of a batch those that are marked', async () => {
  const tracing = testTracing();
  const spans = captureSpans(tracing);
  const consumer = traceKafkaJsConsumer(new FakeConsumer(), { tracing, groupId: 'g' });
  await consumer.run({
    autoCommit: true,
    eachMessage: async ({ message: { offset } }) => {
      expect(trace.getActiveSpan()).toBe(spans.at(-1));
      expect(spans.at(-1)?.attributes[ATTR.messagingKafkaOffset]).toBe(Number(offset));
    },
  });
  const names = ['process ticks', 'process ticks'];
  expect(spans.splice(0).map(({ name }) => name)).toEqual(names);
  await consumer.run({
    autoCommit: true,
    eachBatch: async ({ batch, processMessage }) => {
      for (const each of batch.messages) {
        await processMessage(each, async () => {
          expect(spans.at(-1)?.attributes[ATTR.messagingKafkaOffset]).toBe(Number(each.offset));
        });
      }
    },
  });
  expect(spans.map(({ name }) => name)).toEqual(['receive ticks', ...names]);
  expect(spans.map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual([
    undefined,
    'b7ad6b7169203331',
    'b7ad6b7169203331',
  ]);
  expect(spans[1]?.attributes[ATTR.messagingRedelivered]).toBe(true);
});

test('a producer span takes its context to wherever the caller puts it', () => {
  const tracing = testTracing();
  const send = startKafkaProducer(tracing, 'send', { key: 'k', value: 'v' }, { destination: 't' });
  const carrier: Record<string, string> = {};
  tracing.propagator.inject(send.context, carrier);
  expect(traceIdOf(tracing, carrier)).toBe(send.span.spanContext().traceId);
  expect(readable(send.span).attributes).toMatchObject({
    [ATTR.messagingSystem]: 'kafka',
    [ATTR.messagingDestinationName]: 't',
    [ATTR.messagingKafkaMessageKey]: 'k',
  });
});
