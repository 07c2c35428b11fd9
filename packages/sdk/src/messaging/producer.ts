import {
  type Attributes,
  type Context,
  context as contextApi,
  type Link,
  SpanKind,
} from '@opentelemetry/api';
import { ATTR } from '@throughline/model';
import { type BusinessIds, withBusinessIds } from '../propagation/business-ids.ts';
import { type StartedSpan, startedSpan } from '../tracing/started-span.ts';
import type { Tracing } from '../tracing/tracing.ts';

/** Where a message goes or came from. */
export interface MessagingEndpoint {
  /** `messaging.system`. */
  readonly system: string;
  /** `messaging.destination.name`. */
  readonly destination?: string;
}

export interface ProducerOptions extends MessagingEndpoint {
  /** The parent; by default the active context. */
  readonly context?: Context;
  readonly attributes?: Attributes;
  /** Set as baggage of this span and of all that follows from its messages. */
  readonly businessIds?: BusinessIds;
  readonly links?: readonly Link[];
  /** PRODUCER by default; CLIENT for a send that is not where the message was created. */
  readonly kind?: SpanKind;
}

/**
 * Starts the span of a send. Put its `context` into the message, send, and end it: a consumer's
 * span then is its child (OpenTelemetry messaging spans, `send`).
 */
export function startProducer(
  tracing: Tracing,
  name: string,
  options: ProducerOptions,
): StartedSpan {
  const parent = withBusinessIds(options.context ?? contextApi.active(), options.businessIds ?? {});
  const span = tracing.tracer.startSpan(
    name,
    {
      kind: options.kind ?? SpanKind.PRODUCER,
      links: [...(options.links ?? [])],
      attributes: { ...messagingAttributes(options, 'send'), ...options.attributes },
    },
    parent,
  );
  return startedSpan(span, parent);
}

/** The attributes that a messaging span must have from its start, so that samplers see them. */
export function messagingAttributes(
  endpoint: MessagingEndpoint,
  operation: 'send' | 'process',
): Attributes {
  return {
    [ATTR.messagingSystem]: endpoint.system,
    [ATTR.messagingOperationName]: operation,
    [ATTR.messagingOperationType]: operation,
    ...(endpoint.destination === undefined
      ? {}
      : { [ATTR.messagingDestinationName]: endpoint.destination }),
  };
}
