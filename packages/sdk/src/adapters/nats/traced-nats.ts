import type { Span } from '@opentelemetry/api';
import { ATTR, LINK_TYPE, MESSAGING_SYSTEM } from '@throughline/model/names';
import { toLink } from '../../causality/link.ts';
import { type ConsumerOptions, startConsumer } from '../../messaging/consumer.ts';
import { withMethods } from '../../messaging/with-methods.ts';
import { extractFromPayload } from '../../propagation/payload.ts';
import { currentTracing } from '../../tracing/current-tracing.ts';
import { runInSpan, type StartedSpan } from '../../tracing/started-span.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import { type NatsCarrier, readCarrier } from './carrier.ts';
import type {
  MakeNatsHeaders,
  MessageOf,
  NatsClient,
  NatsJetStream,
  NatsMessage,
  PublishOptionsOf,
  RequestOptionsOf,
  SubscribeOptionsOf,
  SubscriptionOf,
} from './client.ts';
import { startNatsConsumer } from './consumer.ts';
import { deliveryOf, settleMethods } from './delivery.ts';
import type { NatsSendSpan } from './producer.ts';
import { NatsSender, type NatsSendOptions } from './sender.ts';
import { TracedJetStream } from './traced-jetstream.ts';

export interface TraceNatsOptions {
  /** The `headers` function of the client: `import { headers } from '@nats-io/transport-node'`. */
  readonly headers: MakeNatsHeaders;
  /** By default headers, and the payload where the server has no headers. */
  readonly carrier?: NatsCarrier;
  /** By default the current tracing of the process, looked up at each call. */
  readonly tracing?: Tracing;
}

/** How the span of a message's processing looks. */
export interface NatsProcessSpan
  extends Omit<ConsumerOptions, 'system' | 'destination' | 'carrier'> {
  /** `process` with the subject by default. */
  readonly name?: string;
  /** Given instead of a subject with ids in it, such as `orders.*.new`: names stay few. */
  readonly template?: string;
  /** The queue group that the subscription belongs to. */
  readonly queue?: string;
}

/** What processes a message: in its span, whose context is active. */
export type NatsHandler<M, T> = (message: M, started: StartedSpan) => T;

export interface TracedNatsStats {
  /**
   * Messages sent without context though there was one: with it they would have been too large, or
   * the server has no headers and the payload is no JSON object.
   */
  readonly contextsOmitted: number;
}

/** A client whose messages carry the trace context. The client itself is not changed. */
export class TracedNats<C extends NatsClient> {
  readonly connection: C;
  readonly #options: TraceNatsOptions;
  readonly #sender: NatsSender;

  constructor(connection: C, options: TraceNatsOptions) {
    this.connection = connection;
    this.#options = options;
    this.#sender = new NatsSender({
      tracing: () => this.#tracing,
      server: () => connection.info,
      makeHeaders: options.headers,
      carrier: options.carrier,
    });
  }

  /**
   * Publishes a message with the active context, or that in `options.span`: text and bytes as they
   * are, anything else as JSON. A context that the message already carries is kept.
   *
   * @throws what the client throws
   */
  publishWithTraceContext(
    subject: string,
    message?: unknown,
    options: PublishOptionsOf<C> & { readonly span?: NatsSendSpan } = {} as PublishOptionsOf<C>,
  ): void {
    this.#sender.send({
      operation: 'send',
      subject,
      message,
      options: options as NatsSendOptions,
      isWrite: true,
      transmit: (call) => this.connection.publish(subject, call.data, call.options),
    });
  }

  /**
   * Sends a request; its span lasts until the reply. The reply is a span of its own below that of the
   * responder's answer, so that there and back is one trace.
   *
   * @throws what the client throws, such as a timeout or that nobody responds
   */
  requestWithTraceContext(
    subject: string,
    message?: unknown,
    options: Partial<RequestOptionsOf<C>> & { readonly span?: NatsSendSpan } = {},
  ): Promise<MessageOf<C>> {
    const reply = this.#sender.send({
      operation: 'request',
      subject,
      message,
      options: options as NatsSendOptions,
      transmit: async (call, { span }) => {
        const received = await this.connection.request(subject, call.data, call.options);
        this.#receiveReply(subject, received, span);
        return withMethods(received, plainJson(received));
      },
    });
    return reply as Promise<MessageOf<C>>;
  }

  /**
   * Answers a request, in a span below the active context, or that in `options.span`. In a handler of
   * {@link process} the message's own `respond` does the same for text and bytes.
   *
   * @returns `false` when the message is no request, and nothing was sent
   */
  respondWithTraceContext(
    message: NatsMessage & { readonly reply?: string },
    reply?: unknown,
    options: PublishOptionsOf<C> & { readonly span?: NatsSendSpan } = {} as PublishOptionsOf<C>,
  ): boolean {
    const { subject, reply: inbox } = message;
    if (!inbox) return false;
    this.#sender.send({
      operation: 'reply',
      subject: inbox,
      label: subject,
      message: reply,
      options: options as NatsSendOptions,
      isWrite: true,
      transmit: (call) => this.connection.publish(inbox, call.data, call.options),
    });
    return true;
  }

  /**
   * Subscribes as the client does. With a `callback` each message is processed as by {@link process};
   * without one, give the subscription to {@link consume}.
   */
  subscribe(
    subject: string,
    options: SubscribeOptionsOf<C> & {
      readonly span?: NatsProcessSpan;
    } = {} as SubscribeOptionsOf<C>,
  ): SubscriptionOf<C> {
    const { span, ...clientOptions } = options;
    const { callback, queue } = clientOptions as ClientSubscribeOptions;
    if (!callback) return this.connection.subscribe(subject, clientOptions) as SubscriptionOf<C>;
    const processSpan = { ...subscribed(subject, queue), ...span };
    const traced = (error: Error | null, message: NatsMessage): unknown =>
      error
        ? callback(error, message)
        : this.process(message, (view) => callback(null, view), processSpan);
    const given = { ...clientOptions, callback: traced };
    return this.connection.subscribe(subject, given) as SubscriptionOf<C>;
  }

  /**
   * Processes a message, of NATS core or JetStream, in its span: the child of the message's own
   * context. The function, sync or async, gets the message with three differences: `json()` is
   * without our field, `respond()` sends the context back, and `ack()`, `nak()`, `term()` and
   * `working()` are spans. What it throws is recorded and thrown on.
   */
  process<M extends NatsMessage, T>(
    message: M,
    handler: NatsHandler<M, T>,
    span: NatsProcessSpan = {},
  ): T {
    const { name, template, queue, ...consumerOptions } = span;
    const { subject } = message;
    const started = startNatsConsumer(
      this.#tracing,
      name ?? `process ${template ?? subject}`,
      message,
      {
        ...consumerOptions,
        attributes: {
          ...(template === undefined ? {} : { [ATTR.messagingDestinationTemplate]: template }),
          ...(queue === undefined ? {} : { [ATTR.messagingConsumerGroupName]: queue }),
          ...consumerOptions.attributes,
        },
      },
    );
    return runInSpan(started, () => handler(this.#viewOf(message, started), started));
  }

  /**
   * Processes the messages of a subscription or of a JetStream consumer one after the other, each as
   * by {@link process}.
   *
   * @returns when there are no more
   * @throws what the handler throws, which ends the iteration
   */
  async consume<M extends NatsMessage>(
    messages: AsyncIterable<M> & { getSubject?(): string },
    handler: NatsHandler<M, unknown>,
    span: NatsProcessSpan = {},
  ): Promise<void> {
    const processSpan = { ...subscribed(messages.getSubject?.()), ...span };
    for await (const message of messages) await this.process(message, handler, processSpan);
  }

  /** The same for publishing into streams, with a JetStream client of this connection. */
  jetStream<J extends NatsJetStream>(jetStream: J): TracedJetStream<J> {
    return new TracedJetStream(jetStream, this.#sender);
  }

  stats(): TracedNatsStats {
    return { contextsOmitted: this.#sender.contextsOmitted };
  }

  get #tracing(): Tracing {
    return this.#options.tracing ?? currentTracing();
  }

  #viewOf<M extends NatsMessage>(message: M, started: StartedSpan): M {
    const delivery = deliveryOf(message);
    const { context } = started;
    const methods = delivery
      ? settleMethods(this.#tracing, message, delivery, started)
      : {
          respond: (reply?: unknown, options?: PublishOptionsOf<C> & { span?: NatsSendSpan }) => {
            const span = { context, ...options?.span };
            const given = { ...options, span } as PublishOptionsOf<C>;
            return this.respondWithTraceContext(message, reply, given);
          },
        };
    return withMethods(message, { ...plainJson(message), ...methods });
  }

  /** A short span: the reply itself is the result of the request. */
  #receiveReply(subject: string, reply: NatsMessage, request: Span): void {
    const tracing = this.#tracing;
    const carrier = readCarrier(tracing, reply);
    const spanContext = request.spanContext();
    const hasContext = tracing.propagator.read(carrier).spanContext !== undefined;
    const link = toLink(tracing, { spanContext, type: LINK_TYPE.responseTo });
    startConsumer(tracing, `receive reply ${subject}`, {
      system: MESSAGING_SYSTEM.nats,
      destination: reply.subject,
      carrier,
      // A responder without tracing sends no context back.
      ...(hasContext ? { links: link ? [link] : [] } : { parent: spanContext }),
      attributes: {
        [ATTR.messagingOperationName]: 'receive',
        [ATTR.messagingOperationType]: 'receive',
        [ATTR.messagingDestinationTemporary]: true,
        [ATTR.messagingMessageBodySize]: reply.data.length,
      },
    }).end();
  }
}

/**
 * Traces what goes over a connection of `nats` 2 or `@nats-io/transport-node` 3. The connection can
 * go on being used beside it.
 */
export function traceNats<C extends NatsClient>(
  connection: C,
  options: TraceNatsOptions,
): TracedNats<C> {
  return new TracedNats(connection, options);
}

interface ClientSubscribeOptions {
  readonly callback?: (error: Error | null, message: NatsMessage) => unknown;
  readonly queue?: string;
}

/** What a subscription says of all its messages: a subject with wildcards names their spans. */
function subscribed(subject: string | undefined, queue?: string): NatsProcessSpan {
  const hasWildcard = subject !== undefined && /(^|\.)(\*(\.|$)|>$)/.test(subject);
  return {
    ...(hasWildcard ? { template: subject } : {}),
    ...(queue === undefined ? {} : { queue }),
  };
}

/** The message's `json` without our field: strict schemas do not know it. */
function plainJson(message: object): Record<string, unknown> {
  if (!('json' in message) || typeof message.json !== 'function') return {};
  const { json } = message;
  return {
    json: (...args: unknown[]) => extractFromPayload(json.apply(message, args)).payload,
  };
}
