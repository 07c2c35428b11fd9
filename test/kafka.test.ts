// The Kafka adapter with both clients on a real broker: `npx vitest run --project system test/kafka.test.ts`.
import { setTimeout as sleep } from 'node:timers/promises';
import { Producer, stringSerializers } from '@platformatic/kafka';
import {
  traceKafkaJsConsumer,
  traceKafkaJsProducer,
  tracePlatformaticProducer,
} from '@throughline/sdk';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startKafka } from '../scripts/provision/kafka.ts';
import {
  joined,
  type KafkaLine,
  type KafkaService,
  QUICK,
  type Received,
  startKafkaService,
} from './support/kafka-services.ts';
import { type CollectedSpan, type Collector, startCollector } from './support/orders-collector.ts';

const WAIT_MS = 60_000;

let broker: Awaited<ReturnType<typeof startKafka>>;
let collector: Collector;
let topics = 0;
const services: KafkaService[] = [];

beforeAll(async () => {
  broker = await startKafka();
  collector = await startCollector();
});
afterEach(async () => {
  for (const service of services.splice(0).reverse()) await service.stop();
  collector.spans.length = 0;
});
afterAll(async () => {
  await collector?.close();
  await broker?.stop();
});

function start(name: string, line: KafkaLine): KafkaService {
  const addresses = { bootstrap: broker.bootstrap, collector: collector.url };
  const service = startKafkaService(name, line, addresses);
  services.push(service);
  return service;
}

/** A topic of its own for each test. */
async function createTopic({ kafka }: KafkaService, numPartitions = 1): Promise<string> {
  const topic = `ticks-${topics++}`;
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions }] });
  await admin.disconnect();
  return topic;
}

/** The spans of all services so far, once they have arrived. */
async function collect(): Promise<readonly CollectedSpan[]> {
  for (const service of services) expect(await service.tracing.flush(WAIT_MS)).toBe(true);
  return collector.spans;
}

/** Those of the name, in the order in which they started. */
function named(spans: readonly CollectedSpan[], name: string): CollectedSpan[] {
  const found = spans.filter((span) => span.name === name);
  return found.sort((left, right) => Number(left.startNs - right.startNs));
}

async function until(isDone: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + WAIT_MS;
  while (!isDone()) {
    if (performance.now() > deadlineMs) throw new Error('it did not happen in time');
    await sleep(10);
  }
}

const LINES: KafkaLine[] = ['kafkajs', 'platformatic'];
const PAIRS = LINES.flatMap((from) => LINES.map((to) => ({ from, to })));

describe.each(PAIRS)('from $from to $to', ({ from, to }) => {
  test('a message, a batch and a tombstone each arrive in the trace of their own sender', async () => {
    const ingestion = start('ingestion', from);
    const storage = start('storage', to);
    const topic = await createTopic(ingestion);
    const received: Received[] = [];
    await storage.receive(topic, `${topic}-storage`, (message) => received.push(message));
    const first = { key: 'BTC', value: 'tick', headers: { source: 'feed', zone: 'é' } };
    await ingestion.send(topic, [first]);
    await ingestion.send(topic, [
      { key: 'ETH', value: '2' },
      { key: 'BTC', value: null },
    ]);
    await until(() => received.length === 3);
    expect(received.map(({ key, value }) => [key, value])).toEqual([
      ['BTC', 'tick'],
      ['ETH', '2'],
      ['BTC', null],
    ]);
    expect(received[0]?.headers).toMatchObject(first.headers);
    const spans = await collect();
    const processed = named(spans, 'process_message');
    const created = named(spans, `create ${topic}`);
    const sends = named(spans, `send ${topic}`);
    const senders = [sends[0], ...created];
    expect(processed.map(({ traceId, parentSpanId }) => [traceId, parentSpanId])).toEqual(
      senders.map((span) => [span?.traceId, span?.spanId]),
    );
    expect(new Set(senders.map((span) => span?.traceId)).size).toBe(3);
    expect(sends.map(({ kind }) => kind)).toEqual(['producer', 'client']);
    expect(sends[1]?.links.map(({ spanId }) => spanId)).toEqual(created.map((span) => span.spanId));
    expect(processed[2]).toMatchObject({
      kind: 'consumer',
      attributes: {
        'messaging.system': 'kafka',
        'messaging.destination.name': topic,
        'messaging.destination.partition.id': '0',
        'messaging.kafka.message.key': 'BTC',
        'messaging.kafka.message.tombstone': true,
        'messaging.consumer.group.name': `${topic}-storage`,
      },
    });
    expect(processed.map(({ attributes }) => Number(attributes['messaging.kafka.offset']))).toEqual(
      [0, 1, 2],
    );
  });

  test('a crash and restart of the broker in mid-stream loses no context', async () => {
    const ingestion = start('ingestion', from);
    const storage = start('storage', to);
    const topic = await createTopic(ingestion);
    let attempts = 0;
    const seen = new Set<string>();
    const leave = await storage.receive(topic, `${topic}-storage`, ({ value }) => {
      attempts += 1;
      seen.add(value ?? '');
    });
    const acknowledged: string[] = [];
    const sendOne = async (): Promise<void> => {
      const value = `${acknowledged.length}`;
      // Refused while the broker is away: then sent again, as a service would.
      while (
        !(await ingestion.send(topic, [{ value }]).then(
          () => true,
          () => false,
        ))
      ) {
        await sleep(50);
      }
      acknowledged.push(value);
    };
    for (let count = 0; count < 100; count += 1) await sendOne();
    const restarted = broker.restart('SIGKILL');
    for (let count = 0; count < 100; count += 1) await sendOne();
    await restarted;
    for (let count = 0; count < 100; count += 1) await sendOne();
    await until(() => seen.size === 300);
    // What comes again would come between one count and the next.
    await leave();
    expect([...seen].sort()).toEqual([...acknowledged].sort());
    const { messages } = storage.tracing.stats();
    expect(messages).toMatchObject({ withContext: attempts, withoutContext: 0, malformed: 0 });
    const spans = await collect();
    const senders = new Map(named(spans, `send ${topic}`).map((span) => [span.spanId, span]));
    const processed = named(spans, 'process_message');
    expect(processed).toHaveLength(attempts);
    for (const { traceId, parentSpanId } of processed) {
      expect(senders.get(parentSpanId ?? '')?.traceId).toBe(traceId);
    }
  });
});

test('a batch is one receive span, linked to its messages, each processed in its own trace', async () => {
  const ingestion = start('ingestion', 'kafkajs');
  const storage = start('storage', 'kafkajs');
  const topic = await createTopic(ingestion);
  const values = Array.from({ length: 20 }, (_, index) => `${index}`);
  await ingestion.send(
    topic,
    values.map((value) => ({ value })),
  );
  const { kafka, tracing } = storage;
  const groupId = `${topic}-storage`;
  const consumer = await joined(kafka.consumer({ groupId, ...QUICK }), topic);
  const stored: string[] = [];
  await traceKafkaJsConsumer(consumer, { tracing, groupId }).run({
    async eachBatch({ batch, processMessage, heartbeat }) {
      for (const message of batch.messages) {
        await processMessage(message, async ({ span }) => {
          await sleep(2);
          stored.push(`${message.value}`);
          span.setAttribute('row', `${message.value}`);
        });
        await heartbeat();
      }
    },
  });
  await until(() => stored.length === values.length);
  await consumer.disconnect();
  expect(stored).toEqual(values);
  const spans = await collect();
  const created = named(spans, `create ${topic}`);
  const receives = named(spans, `receive ${topic}`);
  const processed = named(spans, `process ${topic}`);
  expect(receives.flatMap(({ links }) => links.map(({ spanId }) => spanId))).toEqual(
    created.map(({ spanId }) => spanId),
  );
  for (const { kind, parentSpanId, attributes, links } of receives) {
    expect({ kind, parentSpanId }).toEqual({ kind: 'client', parentSpanId: undefined });
    expect(Number(attributes['messaging.batch.message_count'])).toBe(links.length);
    expect(attributes['messaging.operation.type']).toBe('receive');
  }
  expect(processed.map(({ parentSpanId, attributes }) => [parentSpanId, attributes.row])).toEqual(
    created.map(({ spanId }, index) => [spanId, values[index]]),
  );
  // One after the other, each with its own time.
  processed.slice(1).forEach((span, index) => {
    expect(span.startNs).toBeGreaterThanOrEqual(processed[index]?.endNs ?? 0n);
  });
  expect(tracing.stats().messages).toMatchObject({ withContext: 20, withoutContext: 0 });
});

test('a committed transaction carries its contexts, and an aborted one reaches nobody', async () => {
  const ingestion = start('ingestion', 'kafkajs');
  const storage = start('storage', 'kafkajs');
  const topic = await createTopic(ingestion);
  const { kafka, tracing } = ingestion;
  const producer = traceKafkaJsProducer(
    kafka.producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true }),
    { tracing },
  );
  await producer.connect();
  for (const isCommitted of [false, true]) {
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value: `kafkajs ${isCommitted}` }] });
    await transaction.sendBatch({ topicMessages: [{ topic, messages: [{ value: 'batch' }] }] });
    await (isCommitted ? transaction.commit() : transaction.abort());
  }
  await producer.disconnect();
  const client = new Producer({
    clientId: 'ingestion',
    bootstrapBrokers: [broker.bootstrap],
    serializers: stringSerializers,
    idempotent: true,
    transactionalId: `${topic}-platformatic`,
  });
  const platformatic = tracePlatformaticProducer(client, { tracing, headers: 'string' });
  for (const isCommitted of [false, true]) {
    const transaction = await platformatic.beginTransaction();
    await transaction.send({ messages: [{ topic, value: `platformatic ${isCommitted}` }] });
    await (isCommitted ? transaction.commit() : transaction.abort());
  }
  await platformatic.close();
  const received: Received[] = [];
  await storage.receive(topic, `${topic}-storage`, (message) => received.push(message));
  await until(() => received.some(({ value }) => value === 'platformatic true'));
  expect(received.map(({ value }) => value)).toEqual([
    'kafkajs true',
    'batch',
    'platformatic true',
  ]);
  const spans = await collect();
  const sends = named(spans, `send ${topic}`);
  expect(sends).toHaveLength(6);
  expect(named(spans, 'process_message').map(({ parentSpanId }) => parentSpanId)).toEqual(
    [2, 3, 5].map((index) => sends[index]?.spanId),
  );
  expect(storage.tracing.stats().messages).toMatchObject({ withContext: 3, withoutContext: 0 });
});

test('what a handler fails at comes again, marked and linked to the attempt before', async () => {
  const ingestion = start('ingestion', 'platformatic');
  const storage = start('storage', 'kafkajs');
  const topic = await createTopic(ingestion);
  let attempts = 0;
  await storage.receive(topic, `${topic}-storage`, () => {
    attempts += 1;
    if (attempts === 2) throw new Error('no room');
  });
  for (const value of ['1', '2', '3']) await ingestion.send(topic, [{ value }]);
  await until(() => attempts === 4);
  const processed = named(await collect(), 'process_message');
  const [first, second, third] = processed;
  expect(processed.map(({ attributes }) => attributes['messaging.redelivered'])).toEqual([
    undefined,
    undefined,
    true,
    undefined,
  ]);
  expect(second).toMatchObject({ isError: true, attributes: { 'error.type': 'Error' } });
  expect(third).toMatchObject({
    traceId: second?.traceId,
    parentSpanId: second?.parentSpanId,
    links: [{ spanId: second?.spanId, attributes: { 'throughline.link.type': 'redelivery_of' } }],
  });
  expect(first?.traceId).not.toBe(second?.traceId);
});

test.each(
  LINES,
)('a group of %s that changes while messages flow loses no context', async (line) => {
  const ingestion = start('ingestion', line);
  const stays = start('stays', line);
  const topic = await createTopic(ingestion, 4);
  const groupId = `${topic}-storage`;
  const seen = new Map<string, Set<string>>();
  let attempts = 0;
  const handlerOf = (name: string) => async (message: Received) => {
    attempts += 1;
    const by = seen.get(message.value ?? '') ?? new Set();
    seen.set(message.value ?? '', by.add(name));
  };
  const leaveLast = await stays.receive(topic, groupId, handlerOf('stays'));
  let sent = 0;
  const sendUntil = async (isDone: () => boolean): Promise<void> => {
    const deadlineMs = performance.now() + WAIT_MS;
    while (!isDone() && performance.now() < deadlineMs) {
      await ingestion.send(topic, [{ key: `${sent}`, value: `${sent}` }]);
      sent += 1;
      await sleep(5);
    }
  };
  const isShared = (): boolean => [...seen.values()].some((by) => by.has('comes'));
  await sendUntil(() => seen.size > 0);
  const comes = start('comes', line);
  const leave = await comes.receive(topic, groupId, handlerOf('comes'));
  await sendUntil(isShared);
  expect(isShared()).toBe(true);
  await leave();
  const atLeave = sent;
  await sendUntil(() => sent >= atLeave + 50);
  await until(() => seen.size === sent);
  await leaveLast();
  const counts = [stays, comes].map(({ tracing }) => tracing.stats().messages);
  expect(counts.reduce((sum, { withContext }) => sum + withContext, 0)).toBe(attempts);
  expect(counts.map((each) => each.withoutContext + each.malformed)).toEqual([0, 0]);
  const spans = await collect();
  const senders = new Set(named(spans, `send ${topic}`).map(({ spanId }) => spanId));
  const processed = named(spans, 'process_message');
  expect(processed).toHaveLength(attempts);
  expect(processed.every(({ parentSpanId }) => senders.has(parentSpanId ?? ''))).toBe(true);
});

test('messages of senders without tracing begin new traces and are counted', async () => {
  const plain = start('plain', 'kafkajs');
  const storage = start('storage', 'platformatic');
  const topic = await createTopic(plain);
  const producer = plain.kafka.producer();
  await producer.connect();
  const traceparent = '00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01';
  await producer.send({
    topic,
    messages: [{ value: '1' }, { value: '2', headers: { source: 'feed', traceparent } }],
  });
  await producer.disconnect();
  const received: Received[] = [];
  await storage.receive(topic, `${topic}-storage`, (message) => received.push(message));
  await until(() => received.length === 2);
  expect(received[1]?.headers).toEqual({ source: 'feed', traceparent });
  const processed = named(await collect(), 'process_message');
  expect(processed.map(({ parentSpanId }) => parentSpanId)).toEqual([undefined, undefined]);
  expect(storage.tracing.stats().messages).toMatchObject({
    withContext: 0,
    withoutContext: 1,
    malformed: 1,
  });
});
