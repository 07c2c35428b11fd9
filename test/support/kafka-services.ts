import { setTimeout as sleep } from 'node:timers/promises';
import { Consumer, MessagesStreamModes, Producer, stringSerializers } from '@platformatic/kafka';
import {
  consumeKafkaMessage,
  type StartedSpan,
  startTracing,
  type Tracing,
  traceKafkaJsConsumer,
  traceKafkaJsProducer,
  tracePlatformaticProducer,
} from '@throughline/sdk';
import { Kafka, type Consumer as KafkaJsConsumer, logLevel, Partitioners } from 'kafkajs';

export type KafkaLine = 'kafkajs' | 'platformatic';

/** A message as the tests compare it, whatever the client. */
export interface Received {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | undefined;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface ToSend {
  readonly key?: string;
  readonly value: string | null;
  readonly headers?: Record<string, string>;
}

/** A service that sends to Kafka or receives from it, with a tracing of its own. */
export interface KafkaService {
  readonly tracing: Tracing;
  readonly kafka: Kafka;
  send(topic: string, messages: readonly ToSend[]): Promise<void>;
  /**
   * Joins the group and gives every message to the handler, in the span of its processing. Goes on
   * after what the client reports as an error.
   *
   * @returns leaves the group
   */
  receive(
    topic: string,
    groupId: string,
    handler: (message: Received, started: StartedSpan | undefined) => unknown,
  ): Promise<() => Promise<void>>;
  stop(): Promise<void>;
}

interface Addresses {
  readonly bootstrap: string;
  readonly collector: string;
}

const RETRY = { initialRetryTime: 50, maxRetryTime: 500, retries: 100 };
const RETRY_DELAY_MS = 100;

/** Starts a service whose spans go to the collector and that uses the client named. */
export function startKafkaService(
  serviceName: string,
  line: KafkaLine,
  { bootstrap, collector }: Addresses,
): KafkaService {
  const tracing = startTracing({
    serviceName,
    endpoint: collector,
    enabled: true,
    global: false,
    log: () => undefined,
  });
  const kafka = new Kafka({
    clientId: serviceName,
    brokers: [bootstrap],
    logLevel: logLevel.NOTHING,
    retry: RETRY,
  });
  const stops: (() => Promise<unknown>)[] = [];
  const clients = { tracing, kafka, bootstrap, serviceName };
  const send =
    line === 'kafkajs' ? kafkaJsSender(clients, stops) : platformaticSender(clients, stops);
  const receive = line === 'kafkajs' ? receiveByKafkaJs : receiveByPlatformatic;
  return {
    tracing,
    kafka,
    send,
    async receive(topic, groupId, handler) {
      const leave = await receive(clients, topic, groupId, handler);
      stops.push(leave);
      return leave;
    },
    async stop() {
      for (const stop of stops.splice(0).reverse()) await stop();
      await tracing.shutdown();
    },
  };
}

interface Clients {
  readonly tracing: Tracing;
  readonly kafka: Kafka;
  readonly bootstrap: string;
  readonly serviceName: string;
}

function kafkaJsSender(
  { kafka, tracing }: Clients,
  stops: (() => Promise<unknown>)[],
): KafkaService['send'] {
  const createPartitioner = Partitioners.DefaultPartitioner;
  const producer = traceKafkaJsProducer(kafka.producer({ createPartitioner }), { tracing });
  const connected = producer.connect();
  stops.push(() => producer.disconnect());
  return async (topic, messages) => {
    await connected;
    await producer.send({ topic, messages: [...messages] });
  };
}

function platformaticSender(
  { bootstrap, serviceName, tracing }: Clients,
  stops: (() => Promise<unknown>)[],
): KafkaService['send'] {
  const client = new Producer({
    clientId: serviceName,
    bootstrapBrokers: [bootstrap],
    serializers: stringSerializers,
    retries: RETRY.retries,
    retryDelay: RETRY_DELAY_MS,
  });
  stops.push(() => client.close(true));
  const producer = tracePlatformaticProducer(client, { tracing, headers: 'string' });
  return async (topic, messages) => {
    const sent = messages.map((message) => ({ ...message, topic }));
    // Its types have no null, which is what a tombstone is.
    await producer.send({ messages: sent as { topic: string; value: string }[] });
  };
}

type Receive = (
  clients: Clients,
  ...args: Parameters<KafkaService['receive']>
) => Promise<() => Promise<void>>;

const receiveByKafkaJs: Receive = async ({ kafka, tracing }, topic, groupId, handler) => {
  const consumer = await joined(kafka.consumer({ groupId, retry: RETRY, ...QUICK }), topic);
  const processName = 'process_message';
  await traceKafkaJsConsumer(consumer, { tracing, groupId, processName }).run({
    async eachMessage({ partition, message: { offset, key, value, headers = {} } }) {
      await handler(
        {
          partition,
          offset: Number(offset),
          key: key?.toString(),
          value: value === null ? null : value.toString(),
          headers: Object.fromEntries(
            Object.entries(headers).map(([name, text]) => [name, String(text)]),
          ),
        },
        undefined,
      );
    },
  });
  return () => consumer.disconnect();
};

/** A group learns soon of members that come and go. */
export const QUICK = { sessionTimeout: 6_000, heartbeatInterval: 200, maxWaitTimeInMs: 100 };

/** The consumer, subscribed from the beginning of the topic. */
export async function joined(consumer: KafkaJsConsumer, topic: string): Promise<KafkaJsConsumer> {
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  return consumer;
}

const receiveByPlatformatic: Receive = async (clients, topic, groupId, handler) => {
  const { bootstrap, serviceName, tracing } = clients;
  const consumer = new Consumer({
    clientId: serviceName,
    bootstrapBrokers: [bootstrap],
    groupId,
    sessionTimeout: QUICK.sessionTimeout,
    heartbeatInterval: QUICK.heartbeatInterval,
    maxWaitTime: QUICK.maxWaitTimeInMs,
    retries: RETRY.retries,
    retryDelay: RETRY_DELAY_MS,
    autocommit: 100,
  });
  let isOpen = true;
  let stream: Awaited<ReturnType<typeof consumer.consume>> | undefined;
  const options = { topics: [topic], mode: MessagesStreamModes.COMMITTED };
  const consume = async (): Promise<void> => {
    stream = await consumer.consume({ ...options, fallbackMode: 'earliest' });
    for await (const message of stream) {
      const { partition, offset, key, value, headers } = message;
      const received = {
        partition,
        offset: Number(offset),
        key: key?.toString(),
        value: value?.toString() ?? null,
        headers: Object.fromEntries([...headers].map(([name, text]) => [`${name}`, `${text}`])),
      };
      await consumeKafkaMessage(tracing, 'process_message', message, { groupId }, (started) =>
        handler(received, started),
      );
    }
  };
  const consumed = (async () => {
    while (isOpen) await consume().catch(() => sleep(RETRY_DELAY_MS));
  })();
  return async () => {
    isOpen = false;
    await stream?.close().catch(() => undefined);
    await consumed;
    await consumer.close(true);
  };
};
