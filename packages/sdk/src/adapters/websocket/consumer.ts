import type { Link } from '@opentelemetry/api';
import { MESSAGING_SYSTEM } from '@throughline/model/names';
import { type ConsumerOptions, startConsumer } from '../../messaging/consumer.ts';
import { untrustedContextLink } from '../../privacy/trust-boundary.ts';
import { extractFromPayload } from '../../propagation/payload.ts';
import type { StartedSpan } from '../../tracing/started-span.ts';
import type { Tracing } from '../../tracing/tracing.ts';

/**
 * Starts the span of processing a message; `carrier` as extracted from it. Of a peer that is not ours,
 * say `publicEndpoint`.
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
