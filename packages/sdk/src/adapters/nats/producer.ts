import { MESSAGING_SYSTEM } from '@throughline/model/names';
import { type ProducerOptions, startProducer } from '../../messaging/producer.ts';
import type { StartedSpan } from '../../tracing/started-span.ts';
import type { Tracing } from '../../tracing/tracing.ts';

/** How the span of a send looks. */
export interface NatsSendSpan extends Omit<ProducerOptions, 'system' | 'destination'> {
  /** `send` with the subject by default. */
  readonly name?: string;
  /** Given instead of a subject with ids in it, such as `orders.*.new`: names stay few. */
  readonly template?: string;
}

/** Starts the span of a send to a subject: send with its `context`, then end it. */
export function startNatsProducer(
  tracing: Tracing,
  name: string,
  options: Omit<ProducerOptions, 'system'> = {},
): StartedSpan {
  return startProducer(tracing, name, { ...options, system: MESSAGING_SYSTEM.nats });
}
