import { type Context, context as contextApi } from '@opentelemetry/api';
import type { Carrier } from '../propagation/carrier.ts';
import type { Tracing } from '../tracing/tracing.ts';

/** An event with the trace context of its sender beside it. The event itself is untouched. */
export interface TracedChannelMessage<E> {
  readonly event: E;
  readonly traceContextCarrier: Carrier;
}

/**
 * Puts the sender's context beside the event, to be taken out again by the consumer of this item.
 */
export function packMessage<E>(
  tracing: Tracing,
  event: E,
  context: Context = contextApi.active(),
): TracedChannelMessage<E> {
  const traceContextCarrier: Carrier = {};
  tracing.propagator.inject(context, traceContextCarrier);
  return { event, traceContextCarrier };
}
