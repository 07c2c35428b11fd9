import type { Link } from '@opentelemetry/api';
import { MESSAGING_SYSTEM } from '@throughline/model';
import { type ConsumerOptions, startConsumer } from '../../messaging/consumer.ts';
import { untrustedContextLink } from '../../privacy/trust-boundary.ts';
import type { StartedSpan } from '../../tracing/started-span.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import { extractFromPayload } from './carrier.ts';

/**
 * Starts the span of processing a message of a service of our own; `carrier` as extracted from it.
 */
export function startWebSocketConsumer(
  tracing: Tracing,
  name: string,
  options: Omit<ConsumerOptions, 'system'>,
): StartedSpan {
  return startConsumer(tracing, name, { ...options, system: MESSAGING_SYSTEM.websocket });
}

/**
 * The link (`client_context`) to what a client sent as its trace context: never continued, its
 * baggage dropped. `undefined` when it sent none that is usable.
 */
export function clientContextLink(tracing: Tracing, payload: unknown): Link | undefined {
  return untrustedContextLink(tracing, extractFromPayload(payload).carrier);
}
