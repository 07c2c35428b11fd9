import { ATTR, MESSAGING_SYSTEM } from '@throughline/model/names';
import { type ConsumerOptions, startConsumer } from '../../messaging/consumer.ts';
import { describeRedelivery, rememberAttempt } from '../../messaging/redelivery.ts';
import type { StartedSpan } from '../../tracing/started-span.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import { readCarrier } from './carrier.ts';
import type { NatsMessage } from './client.ts';
import { deliveryOf } from './delivery.ts';

/**
 * Starts the span of processing a message, of NATS core or JetStream, as the child of its sender's
 * span. One that JetStream delivers again is marked and linked to the attempt before.
 */
export function startNatsConsumer(
  tracing: Tracing,
  name: string,
  message: NatsMessage,
  options: Omit<ConsumerOptions, 'system' | 'carrier'> = {},
): StartedSpan {
  const delivery = deliveryOf(message);
  const redelivery = delivery && describeRedelivery(tracing, delivery);
  const started = startConsumer(tracing, name, {
    ...options,
    system: MESSAGING_SYSTEM.nats,
    destination: options.destination ?? message.subject,
    carrier: readCarrier(tracing, message),
    links: [...(redelivery?.links ?? []), ...(options.links ?? [])],
    attributes: {
      [ATTR.messagingMessageBodySize]: message.data.length,
      ...delivery?.attributes,
      ...redelivery?.attributes,
      ...options.attributes,
    },
  });
  if (delivery) rememberAttempt(tracing, delivery, started.span.spanContext());
  return started;
}
