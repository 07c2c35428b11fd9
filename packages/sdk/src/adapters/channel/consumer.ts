import { MESSAGING_SYSTEM, ThroughlineError } from '@throughline/model/names';
import { type ConsumerOptions, consume, startConsumer } from '../../messaging/consumer.ts';
import type { TracedChannelMessage } from '../../messaging/message.ts';
import type { StartedSpan } from '../../tracing/started-span.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import type { ChannelWaitOptions, TracedChannel } from './carrier.ts';

type ChannelConsumerOptions = Omit<ConsumerOptions, 'system' | 'carrier'>;

/** Starts the span of processing a message from a channel, as the child of its sender's span. */
export function startChannelConsumer(
  tracing: Tracing,
  name: string,
  message: TracedChannelMessage<unknown>,
  options: ChannelConsumerOptions = {},
): StartedSpan {
  return startConsumer(tracing, name, consumerOptions(message, options));
}

export interface ConsumeChannelOptions extends ChannelConsumerOptions, ChannelWaitOptions {
  /** Handlers under way at once. Default 1: a message waits until the one before it is done. */
  readonly concurrency?: number;
  /**
   * What the handler threw, after it was recorded on the span. The channel goes on with the next
   * message. By default it is printed.
   */
  readonly onError?: (error: unknown, event: unknown) => void;
}

/**
 * Calls the handler, sync or async, for every message, each in a span of its own with the context of
 * its sender active. Several consumers share a channel fairly.
 *
 * @returns settles when the channel is closed and empty, or the signal has aborted, and no handler
 *   is under way. What nobody received by then stays in the channel.
 * @throws ThroughlineError `TL_CONFIG_INVALID` when the concurrency is less than 1
 */
export async function consumeChannel<E>(
  tracing: Tracing,
  name: string,
  channel: TracedChannel<E>,
  handler: (event: E, started: StartedSpan) => unknown,
  options: ConsumeChannelOptions = {},
): Promise<void> {
  const { concurrency = 1, signal, onError = printError, ...spanOptions } = options;
  if (!(concurrency >= 1)) {
    const message = `the concurrency has to be at least 1, not ${concurrency}`;
    throw new ThroughlineError('TL_CONFIG_INVALID', message);
  }
  const next = (): Promise<TracedChannelMessage<E> | undefined> =>
    // An aborted wait is how a consumer stops, not an error.
    channel.receive({ signal }).catch(() => undefined);
  const work = async (): Promise<void> => {
    for (let message = await next(); message; message = await next()) {
      const { event } = message;
      try {
        const given = consumerOptions(message, spanOptions);
        await consume(tracing, name, given, (started) => handler(event, started));
      } catch (error) {
        onError(error, event);
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));

  function printError(error: unknown): void {
    console.error(`${tracing.serviceName}: ${name}:`, error);
  }
}

function consumerOptions(
  { traceContextCarrier }: TracedChannelMessage<unknown>,
  options: ChannelConsumerOptions,
): ConsumerOptions {
  return { ...options, system: MESSAGING_SYSTEM.channel, carrier: traceContextCarrier };
}
