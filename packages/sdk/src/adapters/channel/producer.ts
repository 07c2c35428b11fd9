import { MESSAGING_SYSTEM } from '@throughline/model/names';
import { type ProducerOptions, startProducer } from '../../messaging/producer.ts';
import type { StartedSpan } from '../../tracing/started-span.ts';
import type { Tracing } from '../../tracing/tracing.ts';

/** Starts the span of a send into a channel: send with its `context`, then end it. */
export function startChannelProducer(
  tracing: Tracing,
  name: string,
  options: Omit<ProducerOptions, 'system'> = {},
): StartedSpan {
  return startProducer(tracing, name, { ...options, system: MESSAGING_SYSTEM.channel });
}
