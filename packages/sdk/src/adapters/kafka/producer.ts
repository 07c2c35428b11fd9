import {
  type Attributes,
  context as contextApi,
  isSpanContextValid,
  type SpanContext,
} from '@opentelemetry/api';
import { ATTR, MESSAGING_SYSTEM } from '@throughline/model/names';
import { startBatchSend, startCreate } from '../../messaging/batch.ts';
import { type ProducerOptions, startProducer } from '../../messaging/producer.ts';
import { currentTracing } from '../../tracing/current-tracing.ts';
import { runInSpan, type StartedSpan } from '../../tracing/started-span.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import { type KafkaFields, messageAttributes } from './attributes.ts';
import { addToHeaders, type HeaderDefaults, type KafkaHeaders, readHeaders } from './carrier.ts';

/** What a message to be sent has in every client. */
export interface KafkaOutgoingMessage extends Omit<KafkaFields, 'offset'> {
  readonly headers?: unknown;
}

/** How a traced producer makes its spans. */
export interface KafkaProducerOptions {
  /** By default the current one of the process, at the time of the send. */
  readonly tracing?: Tracing;
  /** The name of the spans of sends; by default `send` and the topic. */
  readonly sendName?: string;
  /** Of every send, such as `server.address`. */
  readonly attributes?: Attributes;
}

/**
 * Starts the span of sending one message: put its `context` into the message's headers, send, and
 * end it.
 *
 * @param message what is sent, for the attributes
 */
export function startKafkaProducer(
  tracing: Tracing,
  name: string,
  message: KafkaOutgoingMessage,
  options: Omit<ProducerOptions, 'system'> = {},
): StartedSpan {
  return startProducer(tracing, name, {
    ...options,
    system: MESSAGING_SYSTEM.kafka,
    attributes: { ...messageAttributes(message), ...options.attributes },
  });
}

/** One of the messages of a send, in the client's own shape. */
export interface Outgoing<M extends KafkaOutgoingMessage> {
  readonly topic: string;
  readonly message: M;
}

/** A send with the copies that carry the context, in the order of the messages given. */
export interface TracedSend<M> {
  readonly messages: readonly M[];
  /** Of the send. Ends with the client's answer. */
  readonly started: StartedSpan;
}

/**
 * Starts what one call of a client's `send` needs. One message: a `send` span (PRODUCER) whose
 * context the message carries. Several: a `create` span (PRODUCER) for each, whose context that
 * message carries, and one `send` span (CLIENT) with a link to every one of them. Were the `send`
 * span the context of them all, every message would look like a consequence of the same thing, and
 * what follows from one could not be told from what follows from another; the price is one small
 * span a message. A message that came with a usable context keeps it: the `send` span links to it.
 *
 * @returns `undefined` when there is nothing to trace or the messages are not what the client
 *   takes: send them as they are. Never throws.
 */
export function startSend<M extends KafkaOutgoingMessage>(
  options: KafkaProducerOptions,
  defaults: HeaderDefaults,
  collect: () => readonly Outgoing<M>[],
): TracedSend<M> | undefined {
  const tracing = options.tracing ?? currentTracing();
  if (!tracing.enabled) return undefined;
  try {
    const outgoing = collect();
    const [first, ...others] = outgoing;
    if (!first) return undefined;
    const isSingle = others.length === 0 && !ownContext(tracing, first.message);
    return isSingle
      ? startSingle(tracing, options, defaults, first)
      : startBatch(tracing, options, defaults, outgoing);
  } catch {
    // Such as a message that is no object: the client answers that in its own words.
    return undefined;
  }
}

function startSingle<M extends KafkaOutgoingMessage>(
  tracing: Tracing,
  { sendName, attributes = {} }: KafkaProducerOptions,
  defaults: HeaderDefaults,
  { topic, message }: Outgoing<M>,
): TracedSend<M> {
  const started = startKafkaProducer(tracing, sendName ?? `send ${topic}`, message, {
    destination: topic,
    attributes,
  });
  return { messages: [withContext(tracing, defaults, message, started)], started };
}

function startBatch<M extends KafkaOutgoingMessage>(
  tracing: Tracing,
  { sendName, attributes }: KafkaProducerOptions,
  defaults: HeaderDefaults,
  outgoing: readonly Outgoing<M>[],
): TracedSend<M> {
  const context = contextApi.active();
  const created: SpanContext[] = [];
  const messages = outgoing.map(({ topic, message }) => {
    const own = ownContext(tracing, message);
    if (own) {
      created.push(own);
      return message;
    }
    const create = startCreate(tracing, `create ${topic}`, {
      system: MESSAGING_SYSTEM.kafka,
      destination: topic,
      context,
      attributes: messageAttributes(message),
    });
    create.end();
    created.push(create.span.spanContext());
    return withContext(tracing, defaults, message, create);
  });
  const topics = new Set(outgoing.map(({ topic }) => topic));
  const [topic] = topics;
  const destination = topics.size === 1 && topic !== undefined ? { destination: topic } : {};
  const count = outgoing.length > 1 ? { [ATTR.messagingBatchMessageCount]: outgoing.length } : {};
  const name = sendName ?? (topics.size === 1 ? `send ${topic}` : 'send');
  const started = startBatchSend(tracing, name, created, {
    system: MESSAGING_SYSTEM.kafka,
    ...destination,
    context,
    attributes: { ...count, ...attributes },
  });
  return { messages, started };
}

/** The context that the message came with; its headers stay as they are then. */
function ownContext(tracing: Tracing, message: KafkaOutgoingMessage): SpanContext | undefined {
  const { spanContext } = tracing.propagator.read(readHeaders(tracing, message.headers));
  return spanContext && isSpanContextValid(spanContext) ? spanContext : undefined;
}

/** A copy of the message, of its own class, that differs in its headers alone. */
function withContext<M extends KafkaOutgoingMessage>(
  tracing: Tracing,
  defaults: HeaderDefaults,
  message: M,
  { context }: StartedSpan,
): M {
  const given = (message.headers ?? defaults.headers) as KafkaHeaders;
  const headers = addToHeaders(tracing, given, context, defaults.type);
  return Object.assign(Object.create(Object.getPrototypeOf(message)), message, { headers });
}

/**
 * Sends, in the caller's context: a connection that the client opens meanwhile outlives the send.
 * The span ends with the client's answer, which is returned as it is.
 */
export function runSend<T>({ started }: TracedSend<unknown>, send: () => Promise<T>): Promise<T> {
  const { span } = started;
  const context = contextApi.active();
  return runInSpan({ span, context, end: (outcome) => started.end(outcome) }, send);
}
