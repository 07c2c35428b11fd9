import {
  type Attributes,
  type Link,
  propagation,
  type SpanContext,
  SpanKind,
  trace,
} from '@opentelemetry/api';
import { ATTR, CONTEXT_RECEIVED } from '@throughline/model/names';
import { atTrustBoundary } from '../privacy/trust-boundary.ts';
import { type BusinessIds, withBusinessIds } from '../propagation/business-ids.ts';
import type { Carrier } from '../propagation/carrier.ts';
import { MESSAGE_ROOT } from '../propagation/chained-context.ts';
import type { ExtractedContext } from '../propagation/propagator.ts';
import { AttributeList } from '../tracing/attribute-list.ts';
import { noSpan, runInSpan, type StartedSpan, startedSpan } from '../tracing/started-span.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { addMessagingAttributes, type MessagingEndpoint } from './producer.ts';

export interface ConsumerOptions extends MessagingEndpoint {
  /** What came with the message. Its span is the parent, its allowed baggage goes on. */
  readonly carrier: Carrier;
  /**
   * Another parent than the message's own context, found by a correlation id. Given but
   * `undefined`: it was not found, so the span starts a new trace with
   * `throughline.correlation=missed`.
   */
  readonly parent?: SpanContext | undefined;
  /**
   * The message came from outside, such as from a client: its context is not continued but linked
   * (`client_context`); its baggage, trace state and sampling decision are dropped. Default `false`.
   */
  readonly publicEndpoint?: boolean;
  readonly links?: readonly Link[];
  readonly attributes?: Attributes;
  /** Added to the baggage that came with the message. */
  readonly businessIds?: BusinessIds;
  /** CONSUMER by default. */
  readonly kind?: SpanKind;
}

/**
 * Starts the span of one message's processing: the child of the message's context, never of the
 * ambient one. A message without a usable context starts a new trace, is counted and says so
 * (`throughline.context.received`); it is never an error.
 */
export function startConsumer(
  tracing: Tracing,
  name: string,
  options: ConsumerOptions,
): StartedSpan {
  if (!tracing.enabled) return noSpan(MESSAGE_ROOT);
  const extracted = tracing.propagator.read(options.carrier);
  tracing.messageCounts[extracted.outcome] += 1;
  const untrusted = options.publicEndpoint ? atTrustBoundary(extracted) : undefined;
  const { spanContext, baggage } = untrusted ?? extracted;
  const hasParent = 'parent' in options;
  const parentSpan = hasParent ? options.parent : spanContext;
  const missed = hasParent && options.parent === undefined;
  const received = baggage ? propagation.setBaggage(MESSAGE_ROOT, baggage) : MESSAGE_ROOT;
  const { businessIds } = options;
  const root = businessIds ? withBusinessIds(received, businessIds) : received;
  const leftOut = tracing.tracer.leaveOut(parentSpan, options.attributes);
  if (leftOut) return startedSpan(leftOut, root);
  const parent = parentSpan ? trace.setSpanContext(root, parentSpan) : root;
  const attributes = new AttributeList();
  addMessagingAttributes(attributes, options, 'process');
  if (missed) attributes.add(ATTR.correlation, 'missed');
  const defect = hasParent ? undefined : receivedDefect(extracted, options.publicEndpoint);
  if (defect !== undefined) attributes.add(ATTR.contextReceived, defect);
  attributes.setAll(options.attributes);
  const span = tracing.tracer.startWith(name, parent, {
    kind: options.kind ?? SpanKind.CONSUMER,
    attributes,
    links: untrusted?.link ? [untrusted.link, ...(options.links ?? [])] : options.links,
  });
  return startedSpan(span, parent);
}

/** Why the message's context was not continued; `undefined` when it was. */
export function receivedDefect(
  { outcome }: Pick<ExtractedContext, 'outcome'>,
  isPublic = false,
): string | undefined {
  if (isPublic) return CONTEXT_RECEIVED.untrusted;
  if (outcome === 'withContext') return undefined;
  return outcome === 'malformed' ? CONTEXT_RECEIVED.malformed : CONTEXT_RECEIVED.missing;
}

/**
 * Processes one message in its span: the function, sync or async, runs with the message's context
 * active, baggage included; what it throws is recorded and thrown on.
 */
export function consume<T>(
  tracing: Tracing,
  name: string,
  options: ConsumerOptions,
  fn: (started: StartedSpan) => T,
): T {
  return runInSpan(startConsumer(tracing, name, options), fn);
}
