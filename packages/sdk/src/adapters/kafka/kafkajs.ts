import type { ProcessMessage } from '../../messaging/batch.ts';
import { withMethods } from '../../messaging/with-methods.ts';
import { currentTracing } from '../../tracing/current-tracing.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import type { HeaderDefaults } from './carrier.ts';
import {
  consumeKafkaBatch,
  consumeKafkaMessage,
  type KafkaBatchOptions,
  type KafkaMessage,
} from './consumer.ts';
import {
  type KafkaOutgoingMessage,
  type KafkaProducerOptions,
  type Outgoing,
  runSend,
  startSend,
} from './producer.ts';

/** A producer or a transaction of `kafkajs` or of Confluent's KafkaJS API. */
interface KafkaJsSender {
  send(record: never): Promise<unknown>;
  sendBatch(batch: never): Promise<unknown>;
}

export interface KafkaJsProducer extends KafkaJsSender {
  transaction(): Promise<KafkaJsSender>;
}

/** A consumer of `kafkajs` or of Confluent's KafkaJS API. */
export interface KafkaJsConsumer {
  run(config?: never): Promise<void>;
}

interface TopicMessages {
  readonly topic: string;
  readonly messages: readonly KafkaOutgoingMessage[];
}

interface TopicMessagesBatch {
  readonly topicMessages: readonly TopicMessages[];
}

const HEADER_DEFAULTS: HeaderDefaults = { headers: {}, type: 'string' };

/**
 * The producer with `send`, `sendBatch` and those of its transactions traced. The records given to
 * it are not changed; keys and values reach the client as the same objects.
 */
export function traceKafkaJsProducer<P extends KafkaJsProducer>(
  producer: P,
  options: KafkaProducerOptions = {},
): P {
  return withMethods(producer, {
    ...tracedSender(producer, options),
    async transaction() {
      const transaction = await producer.transaction();
      return withMethods(transaction, tracedSender(transaction, options));
    },
  });
}

function tracedSender(sender: KafkaJsSender, options: KafkaProducerOptions): object {
  return {
    send(record: TopicMessages) {
      const traced = startSend(options, HEADER_DEFAULTS, () => outgoingOf(record));
      if (!traced) return sender.send(record as never);
      const { messages } = traced;
      return runSend(traced, () => sender.send({ ...record, messages } as never));
    },
    sendBatch(batch: TopicMessagesBatch) {
      const traced = startSend(options, HEADER_DEFAULTS, () =>
        batch.topicMessages.flatMap(outgoingOf),
      );
      if (!traced) return sender.sendBatch(batch as never);
      return runSend(traced, () => sender.sendBatch(regroup(batch, traced.messages) as never));
    },
  };
}

function outgoingOf({ topic, messages }: TopicMessages): Outgoing<KafkaOutgoingMessage>[] {
  return messages.map((message) => ({ topic, message }));
}

/** The batch with other messages, in the order in which they were taken out of it. */
function regroup(
  batch: TopicMessagesBatch,
  messages: readonly KafkaOutgoingMessage[],
): TopicMessagesBatch {
  let from = 0;
  const topicMessages = batch.topicMessages.map((entry) => {
    const to = from + entry.messages.length;
    const own = messages.slice(from, to);
    from = to;
    return { ...entry, messages: own };
  });
  return { ...batch, topicMessages };
}

/** How a traced consumer makes its spans. */
export interface KafkaJsConsumerOptions extends KafkaBatchOptions {
  /** By default the current one of the process, at the time of the message. */
  readonly tracing?: Tracing;
  /** The name of the spans of messages; by default `process` and the topic. */
  readonly processName?: string;
}

interface KafkaJsMessage extends Omit<KafkaMessage, 'topic' | 'partition'> {}

interface EachMessagePayload {
  readonly topic: string;
  readonly partition: number;
  readonly message: KafkaJsMessage;
}

interface EachBatchPayload {
  readonly batch: {
    readonly topic: string;
    readonly partition: number;
    readonly messages: readonly KafkaJsMessage[];
  };
}

interface Handlers {
  readonly eachMessage?: (payload: EachMessagePayload) => Promise<void>;
  readonly eachBatch?: (payload: EachBatchPayload & MessageProcessing) => Promise<void>;
}

/** What a traced `eachBatch` finds in its payload besides what the client gives. */
export interface MessageProcessing<M = KafkaJsMessage> {
  /** `await processMessage(message, () => ...)` does in the message's own span what belongs to it. */
  readonly processMessage: ProcessMessage<M>;
}

type RunConfig<C extends KafkaJsConsumer> = C extends { run(config?: infer R): Promise<void> }
  ? NonNullable<R>
  : never;
type BatchPayload<C extends KafkaJsConsumer> =
  RunConfig<C> extends { eachBatch?: (payload: infer P) => Promise<void> } ? P : never;
type BatchMessage<C extends KafkaJsConsumer> =
  BatchPayload<C> extends { batch: { messages: (infer M)[] } } ? M : never;

/** The consumer whose `run` takes the same handlers; `eachBatch` gets {@link MessageProcessing} too. */
export type TracedKafkaJsConsumer<C extends KafkaJsConsumer> = Omit<C, 'run'> & {
  run(
    config?: Omit<RunConfig<C>, 'eachBatch'> & {
      eachBatch?: (payload: BatchPayload<C> & MessageProcessing<BatchMessage<C>>) => Promise<void>;
    },
  ): Promise<void>;
};

/**
 * The consumer whose handlers run in spans: `eachMessage` in that of the message, the child of its
 * sender's; `eachBatch` in a `receive` span linked to all messages, with `processMessage` in its
 * payload for what belongs to one of them.
 */
export function traceKafkaJsConsumer<C extends KafkaJsConsumer>(
  consumer: C,
  options: KafkaJsConsumerOptions = {},
): TracedKafkaJsConsumer<C> {
  const run = (config: Handlers = {}): Promise<void> => {
    const { eachMessage, eachBatch } = config;
    const handlers: Handlers = {
      ...(eachMessage && { eachMessage: tracedEachMessage(eachMessage, options) }),
      ...(eachBatch && { eachBatch: tracedEachBatch(eachBatch, options) }),
    };
    return consumer.run({ ...config, ...handlers } as never);
  };
  return withMethods(consumer, { run }) as unknown as TracedKafkaJsConsumer<C>;
}

function tracedEachMessage(
  handler: NonNullable<Handlers['eachMessage']>,
  options: KafkaJsConsumerOptions,
): (payload: EachMessagePayload) => Promise<void> {
  return (payload) => {
    const { tracing = currentTracing(), processName, groupId, attributes = {} } = options;
    const { topic, partition, message } = payload;
    return consumeKafkaMessage(
      tracing,
      processName ?? `process ${topic}`,
      placed(message, topic, partition),
      { attributes, ...(groupId === undefined ? {} : { groupId }) },
      () => handler(payload),
    );
  };
}

function tracedEachBatch(
  handler: NonNullable<Handlers['eachBatch']>,
  options: KafkaJsConsumerOptions,
): (payload: EachBatchPayload) => Promise<void> {
  return (payload) => {
    const { tracing = currentTracing(), processName, ...batchOptions } = options;
    const { topic, partition, messages } = payload.batch;
    const places = new Map(messages.map((message) => [message, placed(message, topic, partition)]));
    return consumeKafkaBatch(
      tracing,
      processName ?? `process ${topic}`,
      [...places.values()],
      batchOptions,
      (process) => {
        const processMessage: ProcessMessage<KafkaJsMessage> = (message, fn) =>
          process(places.get(message) ?? placed(message, topic, partition), fn);
        return handler({ ...payload, processMessage });
      },
    );
  };
}

function placed(message: KafkaJsMessage, topic: string, partition: number): KafkaMessage {
  const { offset, key, value, headers } = message;
  return { topic, partition, offset, key, value, headers };
}
