import {
  type Attributes,
  type Context,
  context as contextApi,
  type Link,
  SpanKind,
} from '@opentelemetry/api';
import { ATTR } from '@throughline/model/names';
import { type BusinessIds, withBusinessIds } from '../propagation/business-ids.ts';
import { messageContext } from '../propagation/chained-context.ts';
import { AttributeList } from '../tracing/attribute-list.ts';
import { noSpan, type StartedSpan, startedSpan } from '../tracing/started-span.ts';
import type { Tracing } from '../tracing/tracing.ts';

/** `messaging.operation.type`, and the operation's name where the client has no better one. */
export type MessagingOperation = 'send' | 'receive' | 'process' | 'settle';

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
  const from = messageContext(options.context ?? contextApi.active());
  if (!tracing.enabled) return noSpan(from);
  const { businessIds } = options;
  const parent = businessIds ? withBusinessIds(from, businessIds) : from;
  const leftOut = tracing.tracer.startLeftOut(parent, options.attributes);
  if (leftOut) return startedSpan(leftOut, parent);
  const attributes = new AttributeList();
  addMessagingAttributes(attributes, options, 'send');
  attributes.setAll(options.attributes);
  const span = tracing.tracer.startWith(name, parent, {
    kind: options.kind ?? SpanKind.PRODUCER,
    attributes,
    links: options.links,
  });
  return startedSpan(span, parent);
}

/** The attributes that a messaging span must have from its start, so that samplers see them. */
export function messagingAttributes(
  endpoint: MessagingEndpoint,
  operation: MessagingOperation,
): Attributes {
  const attributes = new AttributeList();
  addMessagingAttributes(attributes, endpoint, operation);
  return attributes.toObject();
}

/** As {@link messagingAttributes}, onto a list that has none of them yet. */
export function addMessagingAttributes(
  attributes: AttributeList,
  { system, destination }: MessagingEndpoint,
  operation: MessagingOperation,
): void {
  attributes.add(ATTR.messagingSystem, system);
  attributes.add(ATTR.messagingOperationName, operation);
  attributes.add(ATTR.messagingOperationType, operation);
  if (destination !== undefined) attributes.add(ATTR.messagingDestinationName, destination);
}
