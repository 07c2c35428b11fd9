import { setTimeout as sleep } from 'node:timers/promises';
import { type Context, type SpanContext, SpanKind } from '@opentelemetry/api';
import { ATTR, LINK_TYPE, ThroughlineError } from '@throughline/model';
import {
  consumeChannel,
  packMessage,
  runInSpan,
  startChannelConsumer,
  startChannelProducer,
  TracedChannel,
  type TracedChannelMessage,
  toLink,
} from '@throughline/sdk';
import { BoundedSet } from '../domain/bounded-set.ts';
import type { ProcessParts } from '../process-parts.ts';
import {
  DELIVERIES_MAX,
  type DeliveryHandler,
  type Durable,
  type Handler,
  REDELIVERY_DELAY_MS,
  type SubscribeOptions,
  type Transport,
  type TransportMetrics,
  WAITING_MESSAGES_MAX,
} from './transport.ts';

interface Item {
  readonly message: object;
  /** Of the send, for another delivery. */
  readonly context: Context;
  readonly deliveries: number;
  /** The span of the attempt before. */
  readonly previous?: SpanContext;
}

type Responder = (request: TracedChannelMessage<object>) => object;

const STORED_IDS_MAX = 10_000;

/** What NATS is between processes, inside one: nothing of it outlives the process. */
export class ChannelBroker {
  readonly channels = new Map<string, TracedChannel<Item>[]>();
  readonly responders = new Map<string, Responder>();
  readonly #ids = new BoundedSet<string>(STORED_IDS_MAX);

  channelsOf(subject: string): readonly TracedChannel<Item>[] {
    return this.channels.get(subject) ?? [];
  }

  /** @returns `false` when a message with this id was stored before */
  isNew(subject: string, id: string): boolean {
    const key = `${subject} ${id}`;
    if (this.#ids.has(key)) return false;
    this.#ids.add(key);
    return true;
  }
}

/** The services in one process, with the spans that they have over NATS. */
export class ChannelTransport implements Transport {
  readonly #parts: ProcessParts;
  readonly #broker: ChannelBroker;
  readonly #metrics: TransportMetrics;
  readonly #channels: TracedChannel<Item>[] = [];
  readonly #loops: Promise<void>[] = [];

  constructor(parts: ProcessParts, broker: ChannelBroker, metrics: TransportMetrics) {
    this.#parts = parts;
    this.#broker = broker;
    this.#metrics = metrics;
    parts.onStop(() => this.close());
  }

  publish(subject: string, message: object): boolean {
    const started = startChannelProducer(this.#parts.tracing, `send ${subject}`, {
      destination: subject,
    });
    for (const channel of this.#broker.channelsOf(subject)) {
      if (channel.size >= channel.capacity) {
        channel.tryReceive();
        this.#metrics.dropped(subject, 'queue_full');
      }
      channel.send({ message, context: started.context, deliveries: 1 }, started.context);
    }
    started.end();
    return true;
  }

  async store(subject: string, message: object, id: string): Promise<void> {
    const started = startChannelProducer(this.#parts.tracing, `send ${subject}`, {
      destination: subject,
    });
    const { context } = started;
    await runInSpan(started, async () => {
      if (!this.#broker.isNew(subject, id)) return;
      for (const channel of this.#broker.channelsOf(subject)) {
        await channel.sendWhenRoom({ message, context, deliveries: 1 }, { context });
      }
    });
  }

  async request(subject: string, message: object): Promise<unknown> {
    const { tracing } = this.#parts;
    const options = { destination: subject, kind: SpanKind.CLIENT };
    const started = startChannelProducer(tracing, `request ${subject}`, options);
    return runInSpan(started, async ({ context }) => {
      const responder = this.#broker.responders.get(subject);
      if (responder) return responder(packMessage(tracing, message, context));
      throw new ThroughlineError('TL_NOT_FOUND', `nobody answers ${subject}`);
    });
  }

  subscribe(
    subject: string,
    handler: Handler,
    { spanName = `process ${subject}` }: SubscribeOptions = {},
  ): void {
    const { tracing, faults } = this.#parts;
    const process = async ({ message }: Item, started: Parameters<Handler>[1]): Promise<void> => {
      await faults.beforeProcessing();
      await handler(message, started);
    };
    const loop = consumeChannel(tracing, spanName, this.#open(subject), process, {
      destination: subject,
      onError: (error) => this.#report(subject, error),
    });
    this.#loops.push(loop);
  }

  respond(subject: string, handler: (message: unknown) => object): void {
    const { tracing } = this.#parts;
    this.#broker.responders.set(subject, (request) => {
      const options = { destination: subject };
      const started = startChannelConsumer(tracing, `process ${subject}`, request, options);
      return runInSpan(started, () => handler(request.event));
    });
  }

  consume({ subject }: Durable, handler: DeliveryHandler): void {
    this.#loops.push(this.#consume(subject, this.#open(subject), handler));
  }

  async drain(): Promise<void> {
    for (const channel of this.#channels) channel.close();
    await Promise.all(this.#loops);
  }

  close(): Promise<void> {
    return this.drain();
  }

  #open(subject: string): TracedChannel<Item> {
    const options = { capacity: WAITING_MESSAGES_MAX };
    const channel = new TracedChannel<Item>(this.#parts.tracing, options);
    this.#channels.push(channel);
    this.#broker.channels.set(subject, [...this.#broker.channelsOf(subject), channel]);
    return channel;
  }

  async #consume(
    subject: string,
    channel: TracedChannel<Item>,
    handler: DeliveryHandler,
  ): Promise<void> {
    for await (const received of channel) {
      const { message, deliveries } = received.event;
      const isRedelivered = deliveries > 1;
      if (isRedelivered) this.#metrics.redelivered(subject);
      const started = this.#startDelivery(subject, received);
      try {
        await runInSpan(started, async () => {
          await this.#parts.faults.beforeProcessing();
          await handler(message, started, isRedelivered);
        });
      } catch (error) {
        this.#report(subject, error);
        const isUnreadable =
          error instanceof ThroughlineError && error.code === 'TL_MESSAGE_INVALID';
        if (isUnreadable || deliveries >= DELIVERIES_MAX) continue;
        void this.#redeliver(channel, received.event, started.span.spanContext());
      }
    }
  }

  #startDelivery(subject: string, received: TracedChannelMessage<Item>) {
    const { tracing } = this.#parts;
    const { previous, deliveries } = received.event;
    const link = toLink(tracing, { spanContext: previous, type: LINK_TYPE.redeliveryOf });
    return startChannelConsumer(tracing, `process ${subject}`, received, {
      destination: subject,
      links: link ? [link] : [],
      attributes:
        deliveries > 1
          ? { [ATTR.messagingRedelivered]: true, [ATTR.messagingDeliveryCount]: deliveries }
          : {},
    });
  }

  async #redeliver(channel: TracedChannel<Item>, item: Item, previous: SpanContext): Promise<void> {
    await sleep(REDELIVERY_DELAY_MS * item.deliveries);
    channel.send({ ...item, deliveries: item.deliveries + 1, previous }, item.context);
  }

  #report(subject: string, error: unknown): void {
    this.#metrics.failed(subject);
    this.#parts.logger.warn({ err: error, subject }, 'a message could not be processed');
  }
}
