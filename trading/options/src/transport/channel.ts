import { SpanKind } from '@opentelemetry/api';
import {
  ATTR,
  MESSAGING_SYSTEM,
  messagingAttributes,
  runInSpan,
  startChannelConsumer,
  startChannelProducer,
  startFanIn,
  TracedChannel,
  type TracedChannelMessage,
} from '@throughline/sdk';
import { untilDone } from './retry.ts';
import type {
  BatchHandler,
  IncomingMessage,
  OutgoingMessage,
  Sender,
  Subscription,
  Transport,
  TransportOptions,
} from './transport.ts';

type Item = TracedChannelMessage<OutgoingMessage>;

/** A message with what it came in. */
interface ChannelMessage extends IncomingMessage {
  readonly item: Item;
}

/** Messages that wait in one channel; then their senders wait. */
const CAPACITY = 1_000;
/** Of the last messages that nobody listens to, such as refused ones. */
const UNHEARD_MAX = 100;

/** The channels that the services of one process share, one for each topic. */
export class Channels {
  readonly #channels = new Map<string, TracedChannel<OutgoingMessage>>();
  readonly #heard = new Set<string>();

  /** The topic's channel; its first user's tracing packs what is put into it. */
  open(topic: string, { tracing }: TransportOptions): TracedChannel<OutgoingMessage> {
    let channel = this.#channels.get(topic);
    if (!channel) {
      channel = new TracedChannel(tracing, { capacity: CAPACITY });
      this.#channels.set(topic, channel);
    }
    return channel;
  }

  listen(topic: string): void {
    this.#heard.add(topic);
  }

  /** Makes room where nobody takes anything out. */
  trim(topic: string): void {
    const channel = this.#channels.get(topic);
    if (!channel || this.#heard.has(topic)) return;
    while (channel.size >= UNHEARD_MAX) channel.tryReceive();
  }
}

/** One service's end of the channels. */
export class ChannelTransport implements Transport {
  readonly #options: TransportOptions;
  readonly #channels: Channels;
  readonly #stop = new AbortController();
  readonly #consumed: Promise<void>[] = [];

  constructor(options: TransportOptions, channels: Channels) {
    this.#options = options;
    this.#channels = channels;
  }

  sender(topic: string, spanName: string): Sender {
    const { tracing } = this.#options;
    const channel = this.#channels.open(topic, this.#options);
    const { signal } = this.#stop;
    return {
      send: async (message) => {
        this.#channels.trim(topic);
        const started = startChannelProducer(tracing, spanName, { destination: topic });
        await runInSpan(started, ({ context }) =>
          channel.sendWhenRoom(message, { context, signal }),
        );
      },
    };
  }

  async subscribe(subscription: Subscription, handler: BatchHandler): Promise<void> {
    const channel = this.#channels.open(subscription.topic, this.#options);
    this.#channels.listen(subscription.topic);
    this.#consumed.push(this.#consume(channel, subscription, handler));
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#consumed);
  }

  async #consume(
    channel: TracedChannel<OutgoingMessage>,
    subscription: Subscription,
    handler: BatchHandler,
  ): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      // An aborted wait is how a consumer stops, not an error.
      const first = await channel.receive({ signal }).catch(() => undefined);
      if (!first) return;
      const batch = [first, ...channel.drain(subscription.batchMessagesMax - 1)];
      await untilDone(
        () => this.#handle(batch, subscription, handler),
        signal,
        (error) => this.#options.logger.error({ err: error }, 'a batch failed and comes again'),
      );
    }
  }

  #handle(
    batch: readonly Item[],
    { topic, processName }: Subscription,
    handler: BatchHandler,
  ): Promise<void> {
    const { tracing, faults } = this.#options;
    const messages = batch.flatMap(({ event, traceContextCarrier }) =>
      Array.from({ length: faults.deliveries() }, (): ChannelMessage => {
        const carrier = faults.losesTraceHeader() ? {} : traceContextCarrier;
        return { ...event, item: { event, traceContextCarrier: carrier } };
      }),
    );
    const receive = startFanIn(tracing, `receive ${topic}`, {
      members: messages.map(({ item }) => ({ carrier: item.traceContextCarrier })),
      kind: SpanKind.CLIENT,
      attributes: {
        ...messagingAttributes({ system: MESSAGING_SYSTEM.channel, destination: topic }, 'receive'),
        [ATTR.messagingBatchMessageCount]: messages.length,
      },
    });
    return runInSpan(receive, () =>
      handler(messages, ({ item }, work) =>
        runInSpan(startChannelConsumer(tracing, processName, item, { destination: topic }), work),
      ),
    );
  }
}
