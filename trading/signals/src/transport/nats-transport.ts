import {
  AckPolicy,
  type Consumer,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import { headers, type Msg, type NatsConnection, nanos } from '@nats-io/transport-node';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import type { NatsCarrier, StartedSpan, TracedJetStream, TracedNats } from '@throughline/sdk';
import { traceNats } from '@throughline/sdk';
import type { ProcessParts } from '../process-parts.ts';
import { connectEventually, type NatsLink } from './nats-connection.ts';
import { type RetryingStream, retryingStream } from './retrying-stream.ts';
import { sleepUnlessAborted } from './sleep.ts';
import { STREAMS } from './streams.ts';
import {
  DELIVERIES_MAX,
  type DeliveryHandler,
  type Durable,
  type Handler,
  REDELIVERY_DELAY_MS,
  STORE_MS_MAX,
  type SubscribeOptions,
  type Transport,
  type TransportMetrics,
  WAITING_MESSAGES_MAX,
} from './transport.ts';
import { withoutHeaders } from './without-headers.ts';
import { WorkQueue } from './work-queue.ts';

export interface NatsTransportOptions {
  /** Such as `nats://127.0.0.1:4222`. */
  readonly url: string;
  /** Where the trace context goes; by default headers. */
  readonly carrier?: NatsCarrier | undefined;
}

const RETRY_MS = 500;
/** Messages fetched ahead. What is not processed when the service ends is delivered to another. */
const FETCHED_MESSAGES_MAX = 10;
/**
 * How long one request for messages lasts. The client also waits so long before it asks again after
 * a server came back without its streams being up yet; its default would be half a minute.
 */
const PULL_MS = 2_000;
/** A message that is neither acknowledged nor refused for so long is delivered again. */
const ACK_WAIT_MS = 30_000;

/**
 * Connects to NATS, waiting for it as long as it takes, and makes sure that the streams are there.
 * Connection and JetStream are parts of the process' readiness.
 */
export async function connectNats(
  parts: ProcessParts,
  options: NatsTransportOptions,
  metrics: TransportMetrics,
): Promise<Transport> {
  parts.setReady('jetstream', false);
  const link = await connectEventually(parts, options.url);
  const manager = await jetstreamManager(link.connection, { checkAPI: false });
  const transport = new NatsTransport(parts, options, metrics, link, manager);
  parts.onStop(() => transport.close());
  await transport.makeStreams();
  return transport;
}

class NatsTransport implements Transport {
  readonly #parts: ProcessParts;
  readonly #metrics: TransportMetrics;
  readonly #connection: NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #link: NatsLink;
  readonly #nats: TracedNats<NatsConnection>;
  readonly #js: JetStreamClient;
  readonly #stream: TracedJetStream<RetryingStream>;
  readonly #stopping = new AbortController();
  /** What ends the intake, and what then still has to be waited for. */
  readonly #intakes: (() => Promise<unknown> | undefined)[] = [];
  readonly #queues: WorkQueue<Msg>[] = [];
  readonly #consumers: Promise<void>[] = [];

  constructor(
    parts: ProcessParts,
    options: NatsTransportOptions,
    metrics: TransportMetrics,
    link: NatsLink,
    manager: JetStreamManager,
  ) {
    const { tracing } = parts;
    this.#parts = parts;
    this.#metrics = metrics;
    const { connection } = link;
    this.#connection = connection;
    this.#manager = manager;
    this.#link = link;
    const carrier = options.carrier === undefined ? {} : { carrier: options.carrier };
    this.#nats = traceNats(connection, { headers, tracing, ...carrier });
    this.#js = jetstream(connection);
    this.#stream = this.#nats.jetStream(retryingStream(this.#js, STORE_MS_MAX));
  }

  /** Tries until JetStream answers. A stream that somebody configured otherwise stays as it is. */
  async makeStreams(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        for (const { name, ...config } of STREAMS) {
          const isThere = await this.#manager.streams.info(name).catch(() => undefined);
          if (!isThere) await this.#manager.streams.add({ name, ...config });
        }
        this.#parts.setReady('jetstream', true);
        return;
      } catch (error) {
        this.#parts.logger.warn({ err: error }, 'the streams cannot be made yet');
        await sleepUnlessAborted(RETRY_MS, this.#stopping.signal);
      }
    }
  }

  publish(subject: string, message: object): boolean {
    // The client would keep it until the server is back, however long that takes.
    if (!this.#link.isConnected) {
      this.#metrics.dropped(subject, 'disconnected');
      return false;
    }
    this.#nats.publishWithTraceContext(subject, message);
    return true;
  }

  async store(subject: string, message: object, id: string): Promise<void> {
    try {
      await this.#stream.publishWithTraceContext(subject, message, { msgID: id });
    } catch (error) {
      this.#metrics.dropped(subject, 'not_stored');
      throw error;
    }
  }

  async request(subject: string, message: object, timeoutMs: number): Promise<unknown> {
    const options = { timeout: timeoutMs };
    const reply = await this.#nats.requestWithTraceContext(subject, message, options);
    return parsed(reply);
  }

  subscribe(subject: string, handler: Handler, { spanName }: SubscribeOptions = {}): void {
    const queue = new WorkQueue<Msg>({
      itemsMax: WAITING_MESSAGES_MAX,
      onDrop: () => this.#metrics.dropped(subject, 'queue_full'),
      work: (message) =>
        this.#process(message, spanName, async (view, started) => {
          await this.#parts.faults.beforeProcessing();
          await handler(parsed(view), started);
        }),
    });
    const subscription = this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (error) this.#parts.logger.warn({ err: error, subject }, 'the subscription has failed');
        else queue.push(message);
      },
    });
    this.#queues.push(queue);
    this.#intakes.push(() => subscription.drain());
  }

  respond(subject: string, handler: (message: unknown) => object): void {
    const subscription = this.#nats.subscribe(subject, {
      queue: this.#parts.tracing.serviceName,
      callback: (error, message) => {
        if (error) return;
        message.respond(JSON.stringify(answerTo(parsed(message), handler)));
      },
    });
    this.#intakes.push(() => subscription.drain());
  }

  consume(durable: Durable, handler: DeliveryHandler): void {
    this.#consumers.push(this.#consume(durable, handler));
  }

  async drain(): Promise<void> {
    this.#stopping.abort();
    // Without a server there is nobody to tell, and waiting for one could take for ever.
    if (this.#link.isConnected) {
      await Promise.allSettled(this.#intakes.splice(0).map((end) => end()));
    }
    await Promise.all(this.#queues.map((queue) => queue.whenIdle()));
    await Promise.all(this.#consumers);
  }

  async close(): Promise<void> {
    await this.drain();
    if (this.#connection.isClosed()) return;
    await (this.#link.isConnected ? this.#connection.drain() : this.#connection.close());
  }

  /** Never throws: what the handler throws is on its span, counted and logged. */
  async #process<M extends Msg | JsMsg>(
    received: M,
    spanName: string | undefined,
    handler: (message: M, started: StartedSpan) => Promise<void>,
  ): Promise<void> {
    const { faults, logger } = this.#parts;
    const message = faults.losesTraceHeader() ? withoutHeaders(received) : received;
    const span = spanName === undefined ? {} : { name: spanName };
    for (let left = faults.deliveries(); left > 0; left -= 1) {
      try {
        await this.#nats.process(message, handler, span);
      } catch (error) {
        const { subject } = message;
        this.#metrics.failed(subject);
        logger.warn({ err: error, subject }, 'a message could not be processed');
      }
    }
  }

  async #consume(durable: Durable, handler: DeliveryHandler): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const consumer = await this.#makeConsumer(durable);
        const messages = await consumer.consume({
          max_messages: FETCHED_MESSAGES_MAX,
          expires: PULL_MS,
        });
        const stop = (): unknown => messages.close();
        signal.addEventListener('abort', stop, { once: true });
        for await (const message of messages) await this.#deliver(message, handler);
      } catch (error) {
        const { name } = durable;
        this.#parts.logger.warn({ err: error, consumer: name }, 'the consumer starts again');
      }
      await sleepUnlessAborted(RETRY_MS, signal);
    }
  }

  async #makeConsumer({ name, stream, subject }: Durable): Promise<Consumer> {
    await this.#manager.consumers.add(stream, {
      durable_name: name,
      filter_subject: subject,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(ACK_WAIT_MS),
    });
    return this.#js.consumers.get(stream, name);
  }

  #deliver(received: JsMsg, handler: DeliveryHandler): Promise<void> {
    const isRedelivered = received.info.deliveryCount > 1;
    if (isRedelivered) this.#metrics.redelivered(received.subject);
    return this.#process(received, undefined, async (message, started) => {
      try {
        await this.#parts.faults.beforeProcessing();
        await handler(parsed(message), started, isRedelivered);
        message.ack();
      } catch (error) {
        const { deliveryCount } = message.info;
        if (isUnreadable(error)) message.term('unreadable');
        else if (deliveryCount >= DELIVERIES_MAX) message.term('delivered too often');
        else message.nak(REDELIVERY_DELAY_MS * deliveryCount);
        throw error;
      }
    });
  }
}

/** Who asks gets an answer in any case: it would wait for one. */
function answerTo(message: unknown, handler: (message: unknown) => object): object {
  try {
    return handler(message);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const span = trace.getActiveSpan();
    span?.recordException(error instanceof Error ? error : message);
    span?.setStatus({ code: SpanStatusCode.ERROR, message });
    return { error: message };
  }
}

function isUnreadable(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === 'TL_MESSAGE_INVALID';
}

/** What is no JSON is `undefined`, which no schema accepts. */
function parsed(message: { json(): unknown }): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}
