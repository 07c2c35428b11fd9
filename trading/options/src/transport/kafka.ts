import {
  Admin,
  Consumer,
  type Message,
  MessagesStreamFallbackModes,
  MessagesStreamModes,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka';
import { ThroughlineError } from '@throughline/model';
import { consumeKafkaBatch, tracePlatformaticProducer } from '@throughline/sdk';
import { TOPIC } from '../messages.ts';
import { GatheredSends, type Sending } from './gathered-sends.ts';
import { untilDone } from './retry.ts';
import type {
  BatchHandler,
  Sender,
  Subscription,
  Transport,
  TransportOptions,
} from './transport.ts';

export interface KafkaOptions extends TransportOptions {
  /** `host:port` of one broker or more. */
  readonly bootstrap: readonly string[];
}

type TextProducer = Producer<string, string, string, string>;
type TextSending = Parameters<TextProducer['send']>[0]['messages'][number];
type TextMessage = Message<string, string, string, string>;
type TextConsumer = Consumer<string, string, string, string>;
type TextStream = AsyncIterable<TextMessage> & {
  read(): TextMessage | null;
  close(): Promise<void>;
};

/** Of each topic: as many consumers of one group can work at once. */
const PARTITIONS = 8;
/** A group notices within so long that a member is gone without a word. */
const SESSION_TIMEOUT_MS = 6_000;
const HEARTBEAT_INTERVAL_MS = 500;
/** How long a broker may wait for messages to come. */
const FETCH_WAIT_MS = 100;
const SEND_MS_MAX = 15_000;
/** Of one request to the broker. */
const REQUEST_MESSAGES_MAX = 500;
const RETRIES = 20;
const RETRY_DELAY_MS = 100;
const TOPIC_ALREADY_EXISTS = 'TOPIC_ALREADY_EXISTS';

/**
 * Kafka, with topics made where they are missing. A batch's offsets are committed after its handler
 * is done with it: every message is handled at least once, and again after a crash or a rebalance.
 *
 * @throws what the client says when no broker answers
 */
export async function startKafka(options: KafkaOptions): Promise<Transport> {
  await createTopics(options);
  return new KafkaTransport(options);
}

class KafkaTransport implements Transport {
  readonly #options: KafkaOptions;
  readonly #producer: TextProducer;
  readonly #gathering: ReturnType<typeof gathering>;
  readonly #subscribers: KafkaSubscriber[] = [];

  constructor(options: KafkaOptions) {
    this.#options = options;
    this.#producer = new Producer({ ...clientOptions(options), serializers: stringSerializers });
    this.#gathering = gathering(this.#producer);
  }

  /** The tracing wraps the gathering: each message is a send of its own, whatever it goes out with. */
  sender(topic: string, spanName: string): Sender {
    const { tracing } = this.#options;
    const traced = { tracing, headers: 'string', sendName: spanName } as const;
    const producer = tracePlatformaticProducer(this.#gathering, traced);
    return {
      async send({ key, value, headers = {} }) {
        const message = { topic, key, value, headers: new Map(Object.entries(headers)) };
        await sendPatiently(() => producer.send({ messages: [message] }));
      },
    };
  }

  async subscribe(subscription: Subscription, handler: BatchHandler): Promise<void> {
    const subscriber = new KafkaSubscriber(this.#options, subscription, handler);
    this.#subscribers.push(subscriber);
    await subscriber.start();
  }

  async close(): Promise<void> {
    await Promise.all(this.#subscribers.map((subscriber) => subscriber.close()));
    await this.#producer.close();
  }
}

/** The producer as the tracing knows it, its sends sharing requests. */
function gathering(producer: TextProducer) {
  const sends = new GatheredSends<TextSending>(
    (sending) => producer.send(sending),
    REQUEST_MESSAGES_MAX,
  );
  return {
    send: (sending: Sending<TextSending>) => sends.send(sending),
    beginTransaction: () => producer.beginTransaction(),
  };
}

/**
 * Tries again for {@link SEND_MS_MAX}, since a broker that is away comes back. Each attempt has a span
 * of its own. What was sent although the answer got lost is sent twice: consumers must not mind.
 */
async function sendPatiently(send: () => Promise<unknown>): Promise<void> {
  try {
    await send();
  } catch (error) {
    const work = async (): Promise<void> => {
      await send();
    };
    let failure = error;
    const isSent = await untilDone(work, AbortSignal.timeout(SEND_MS_MAX), (again) => {
      failure = again;
    });
    if (!isSent) throw failure;
  }
}

/** One member of a consumer group. */
class KafkaSubscriber {
  readonly #options: KafkaOptions;
  readonly #subscription: Subscription;
  readonly #handler: BatchHandler;
  readonly #consumer: TextConsumer;
  readonly #stop = new AbortController();
  #stream: TextStream | undefined;
  #consumed: Promise<unknown> | undefined;

  constructor(options: KafkaOptions, subscription: Subscription, handler: BatchHandler) {
    this.#options = options;
    this.#subscription = subscription;
    this.#handler = handler;
    this.#consumer = new Consumer({
      ...clientOptions(options),
      groupId: subscription.group,
      deserializers: stringDeserializers,
      autocommit: false,
      sessionTimeout: SESSION_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_INTERVAL_MS,
      maxWaitTime: FETCH_WAIT_MS,
      highWaterMark: subscription.batchMessagesMax,
    });
  }

  /** Joins the group. */
  async start(): Promise<void> {
    this.#stream = await this.#openStream();
    const consume = async (): Promise<void> => {
      this.#stream ??= await this.#openStream();
      await this.#consume(this.#stream);
      if (this.#stop.signal.aborted) return;
      // A stream that ends by itself is opened again, as one that breaks.
      throw new ThroughlineError('TL_INTERNAL', 'the stream of messages ended');
    };
    const { logger } = this.#options;
    this.#consumed = untilDone(consume, this.#stop.signal, (error) => {
      this.#stream = undefined;
      logger.warn({ err: error, topic: this.#subscription.topic }, 'the stream of messages broke');
    });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#stream?.close().catch(() => undefined);
    await this.#consumed;
    // Says goodbye to the group, so that the others take over at once.
    await this.#consumer.close(true);
  }

  async #openStream(): Promise<TextStream> {
    return this.#consumer.consume({
      topics: [this.#subscription.topic],
      mode: MessagesStreamModes.COMMITTED,
      fallbackMode: MessagesStreamFallbackModes.EARLIEST,
    });
  }

  async #consume(stream: TextStream): Promise<void> {
    const { batchMessagesMax } = this.#subscription;
    for await (const first of stream) {
      const batch = [first];
      while (batch.length < batchMessagesMax) {
        const next = stream.read();
        if (next === null) break;
        batch.push(next);
      }
      const isHandled = await untilDone(
        () => this.#handle(batch),
        this.#stop.signal,
        (error) => this.#options.logger.error({ err: error }, 'a batch failed and comes again'),
      );
      if (isHandled) await this.#commit(batch);
      if (this.#stop.signal.aborted) return;
    }
  }

  #handle(batch: readonly TextMessage[]): Promise<void> {
    const { tracing, faults } = this.#options;
    const { group, processName } = this.#subscription;
    const delivered = batch.flatMap((message) =>
      Array.from({ length: faults.deliveries() }, () => ({
        topic: message.topic,
        partition: message.partition,
        offset: message.offset,
        key: message.key,
        value: message.value,
        headers: faults.losesTraceHeader() ? new Map() : message.headers,
      })),
    );
    return consumeKafkaBatch(tracing, processName, delivered, { groupId: group }, (process) =>
      this.#handler(delivered, process),
    );
  }

  /**
   * Where the group goes on after a crash. A partition that was taken away meanwhile is its new
   * owner's to commit. A commit that fails is no loss: the next one says the same and more, and
   * without one the messages come again.
   */
  async #commit(batch: readonly TextMessage[]): Promise<void> {
    const { assignments } = this.#consumer;
    const last = new Map<number, TextMessage>();
    for (const message of batch) last.set(message.partition, message);
    const offsets = [...last.values()]
      .filter(({ topic, partition }) =>
        assignments?.some((own) => own.topic === topic && own.partitions.includes(partition)),
      )
      .map(({ topic, partition, offset, leaderEpoch }) => ({
        topic,
        partition,
        offset: offset + 1n,
        leaderEpoch,
      }));
    if (offsets.length === 0) return;
    try {
      await this.#consumer.commit({ offsets });
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'offsets could not be committed');
    }
  }
}

async function createTopics(options: KafkaOptions): Promise<void> {
  const admin = new Admin(clientOptions(options));
  try {
    // One by one: those that are there do not keep the others from being made.
    for (const topic of Object.values(TOPIC)) {
      await admin
        .createTopics({ topics: [topic], partitions: PARTITIONS, replicas: 1 })
        .catch((error) => {
          if (!isOf(error, TOPIC_ALREADY_EXISTS)) throw error;
        });
    }
  } finally {
    await admin.close();
  }
}

/** The client wraps what the broker answers, several layers deep. */
function isOf(error: unknown, apiId: string): boolean {
  if (!(error instanceof Error)) return false;
  if ('apiId' in error && error.apiId === apiId) return true;
  const inner = error instanceof AggregateError ? error.errors : [];
  return [error.cause, ...inner].some((cause) => isOf(cause, apiId));
}

function clientOptions({ bootstrap, tracing }: KafkaOptions) {
  return {
    clientId: tracing.serviceName,
    bootstrapBrokers: [...bootstrap],
    retries: RETRIES,
    retryDelay: RETRY_DELAY_MS,
  };
}
