import type { Attributes } from '@opentelemetry/api';
import { ATTR, MESSAGING_SYSTEM } from '@throughline/model/names';
import { consumeBatch, type ProcessMessage } from '../../messaging/batch.ts';
import { type ConsumerOptions, startConsumer } from '../../messaging/consumer.ts';
import { type Delivery, describeRedelivery, rememberAttempt } from '../../messaging/redelivery.ts';
import { MESSAGE_ROOT } from '../../propagation/chained-context.ts';
import { noSpan, runInSpan, type StartedSpan } from '../../tracing/started-span.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import { type KafkaFields, messageAttributes } from './attributes.ts';
import { readHeaders } from './carrier.ts';

/** A consumed message, as `@platformatic/kafka` and Confluent's rdkafka API give it. */
export interface KafkaMessage extends KafkaFields {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string | number | bigint;
  /** Of any client's shape. */
  readonly headers?: unknown;
}

export interface KafkaConsumerOptions
  extends Omit<ConsumerOptions, 'system' | 'destination' | 'carrier'> {
  /**
   * The consumer group. With it, a message that this process sees again is marked as redelivered
   * and linked to the attempt before.
   */
  readonly groupId?: string;
}

/** Starts the span of processing a message, as the child of its sender's span. */
export function startKafkaConsumer(
  tracing: Tracing,
  name: string,
  message: KafkaMessage,
  options: KafkaConsumerOptions = {},
): StartedSpan {
  if (!tracing.enabled) return noSpan(MESSAGE_ROOT);
  const { groupId, ...rest } = options;
  const delivery = groupId === undefined ? undefined : deliveryOf(groupId, message);
  const before = delivery && describeRedelivery(tracing, delivery);
  const started = startConsumer(tracing, name, {
    ...rest,
    system: MESSAGING_SYSTEM.kafka,
    destination: message.topic,
    carrier: readHeaders(tracing, message.headers),
    links: [...(before?.links ?? []), ...(rest.links ?? [])],
    attributes: {
      ...messageAttributes(message),
      ...groupAttributes(groupId),
      ...before?.attributes,
      ...rest.attributes,
    },
  });
  if (delivery) rememberAttempt(tracing, delivery, started.span.spanContext());
  return started;
}

/**
 * Processes one message in its span: the function, sync or async, runs with the message's context
 * active, baggage included; what it throws is recorded and thrown on. For a stream of messages:
 * `for await (const message of stream) await consumeKafkaMessage(...)`.
 */
export function consumeKafkaMessage<T>(
  tracing: Tracing,
  name: string,
  message: KafkaMessage,
  options: KafkaConsumerOptions,
  fn: (started: StartedSpan) => T,
): T {
  return runInSpan(startKafkaConsumer(tracing, name, message, options), fn);
}

/** How a batch makes its spans. */
export interface KafkaBatchOptions extends Pick<KafkaConsumerOptions, 'groupId' | 'attributes'> {
  /** The name of the batch's span; by default `receive` and the topic, if there is one only. */
  readonly receiveName?: string;
}

/**
 * Processes a batch: the handler runs in a `receive` span with a link to every message's context,
 * and does what belongs to one message in `process`, which makes the span of that message as
 * {@link consumeKafkaMessage} does: of its own context, and of its own time.
 *
 * @param name of the messages' spans
 */
export function consumeKafkaBatch<M extends KafkaMessage, T>(
  tracing: Tracing,
  name: string,
  messages: readonly M[],
  options: KafkaBatchOptions,
  handler: (process: ProcessMessage<M>) => T,
): T {
  const { groupId, attributes = {}, receiveName } = options;
  const shared = sharedPlace(messages);
  const topic = shared.topic === undefined ? {} : { destination: shared.topic };
  const partition =
    shared.partition === undefined
      ? {}
      : { [ATTR.messagingDestinationPartitionId]: `${shared.partition}` };
  return consumeBatch(
    tracing,
    receiveName ?? (shared.topic === undefined ? 'receive' : `receive ${shared.topic}`),
    messages,
    {
      system: MESSAGING_SYSTEM.kafka,
      ...topic,
      attributes: { ...partition, ...groupAttributes(groupId), ...attributes },
      carrierOf: ({ headers }) => readHeaders(tracing, headers),
      linkAttributes: ({ offset }) => ({ [ATTR.messagingKafkaOffset]: Number(offset) }),
      startProcess: (message) =>
        startKafkaConsumer(tracing, name, message, {
          attributes,
          ...(groupId === undefined ? {} : { groupId }),
        }),
    },
    handler,
  );
}

/** A Kafka broker does not tell that it delivers again what nobody committed. */
function deliveryOf(groupId: string, { topic, partition, offset }: KafkaMessage): Delivery {
  return { system: MESSAGING_SYSTEM.kafka, message: [groupId, topic, `${partition}`, `${offset}`] };
}

function groupAttributes(groupId: string | undefined): Attributes {
  return groupId === undefined ? {} : { [ATTR.messagingConsumerGroupName]: groupId };
}

/** The topic and partition that all the messages come from; `undefined` where they differ. */
function sharedPlace(messages: readonly KafkaMessage[]): {
  readonly topic: string | undefined;
  readonly partition: number | undefined;
} {
  const [first] = messages;
  const isOneTopic = messages.every(({ topic }) => topic === first?.topic);
  const isOnePartition = isOneTopic && messages.every((m) => m.partition === first?.partition);
  return {
    topic: isOneTopic ? first?.topic : undefined,
    partition: isOnePartition ? first?.partition : undefined,
  };
}
