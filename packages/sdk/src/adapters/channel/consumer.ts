import { MESSAGING_SYSTEM } from '@throughline/model';
import { type ConsumerOptions, startConsumer } from '../../messaging/consumer.ts';
import type { TracedChannelMessage } from '../../messaging/message.ts';
import type { StartedSpan } from '../../tracing/started-span.ts';
import type { Tracing } from '../../tracing/tracing.ts';

/** Starts the span of processing a message from a channel, as the child of its sender's span. */
export function startChannelConsumer(
  tracing: Tracing,
  name: string,
  message: TracedChannelMessage<unknown>,
  options: Omit<ConsumerOptions, 'system' | 'carrier'> = {},
): StartedSpan {
  return startConsumer(tracing, name, {
    ...options,
    system: MESSAGING_SYSTEM.channel,
    carrier: message.traceContextCarrier,
  });
}
