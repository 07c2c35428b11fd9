import type { Attributes } from '@opentelemetry/api';
import { ATTR, MESSAGING_SYSTEM } from '@throughline/model/names';
import { type Delivery, forgetAttempts } from '../../messaging/redelivery.ts';
import { startSettle } from '../../messaging/settle.ts';
import { runInSpan, type StartedSpan } from '../../tracing/started-span.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import type { NatsMessage } from './client.ts';

/** What JetStream says of a delivery: the `info` of the client's `JsMsg`. */
interface DeliveryInfo {
  readonly domain: string;
  readonly stream: string;
  readonly consumer: string;
  readonly streamSequence: number;
  readonly deliveryCount: number;
  /** When the stream took the message, which tells it from one of a stream made anew. */
  readonly timestampNanos: number;
}

/** A delivery of JetStream, with what its spans say of where it came from. */
export interface JetStreamDelivery extends Delivery {
  readonly attributes: Attributes;
}

/** `undefined` for a message of NATS core. */
export function deliveryOf(message: NatsMessage): JetStreamDelivery | undefined {
  const info = infoOf(message);
  if (!info) return undefined;
  const { domain, stream, consumer, streamSequence, deliveryCount, timestampNanos } = info;
  return {
    system: MESSAGING_SYSTEM.nats,
    message: [domain, stream, consumer, String(streamSequence), String(timestampNanos)],
    isRedelivered: deliveryCount > 1,
    count: deliveryCount,
    attributes: {
      [ATTR.messagingConsumerGroupName]: consumer,
      [ATTR.messagingNatsStream]: stream,
      [ATTR.messagingNatsSequence]: streamSequence,
    },
  };
}

function infoOf(message: NatsMessage): DeliveryInfo | undefined {
  if (!('ack' in message)) return undefined;
  try {
    return (message as { info?: DeliveryInfo }).info;
  } catch {
    // The client parses the reply subject only now, and throws if it is not one of JetStream's.
    return undefined;
  }
}

/** What a message of JetStream is told. After one that is final the client ignores all others. */
const SETTLEMENTS = [
  { method: 'ack', operation: 'ack', isFinal: true, isForgotten: true },
  { method: 'ackAck', operation: 'ack', isFinal: true, isForgotten: true },
  { method: 'term', operation: 'term', isFinal: true, isForgotten: true },
  { method: 'nak', operation: 'nak', isFinal: true, isForgotten: false },
  { method: 'working', operation: 'working', isFinal: false, isForgotten: false },
] as const;

type Settle = (...args: unknown[]) => unknown;

/**
 * The methods that settle the message, each call in a span below that of its processing: `ackAck`
 * until the server confirmed, the others until they are on their way. Nothing is settled unasked.
 */
export function settleMethods(
  tracing: Tracing,
  message: NatsMessage,
  delivery: JetStreamDelivery,
  process: StartedSpan,
): Record<string, Settle> {
  const methods: Record<string, Settle> = {};
  let isSettled = false;
  for (const { method, operation, isFinal, isForgotten } of SETTLEMENTS) {
    const settle = (message as unknown as Partial<Record<string, Settle>>)[method];
    if (typeof settle !== 'function') continue;
    methods[method] = (...args) => {
      if (isSettled) return settle.apply(message, args);
      isSettled = isFinal;
      if (isForgotten) forgetAttempts(tracing, delivery);
      const started = startSettle(tracing, {
        system: MESSAGING_SYSTEM.nats,
        destination: message.subject,
        operation,
        context: process.context,
        attributes: delivery.attributes,
      });
      return runInSpan(started, () => settle.apply(message, args));
    };
  }
  return methods;
}
