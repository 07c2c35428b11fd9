import {
  type Attributes,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  trace,
} from '@opentelemetry/api';
import { ATTR } from '@throughline/model';
import { type BusinessIds, withBusinessIds } from '../propagation/business-ids.ts';
import type { Carrier } from '../propagation/carrier.ts';
import { runInSpan, type StartedSpan, startedSpan } from '../tracing/started-span.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { type MessagingEndpoint, messagingAttributes } from './producer.ts';

export interface ConsumerOptions extends MessagingEndpoint {
  /** What came with the message. Its span is the parent, its allowed baggage goes on. */
  readonly carrier: Carrier;
  /**
   * Another parent than the message's own context, found by a correlation id. Given but
   * `undefined`: it was not found, so the span starts a new trace with
   * `throughline.correlation=missed`.
   */
  readonly parent?: SpanContext | undefined;
  readonly links?: readonly Link[];
  readonly attributes?: Attributes;
  /** Added to the baggage that came with the message. */
  readonly businessIds?: BusinessIds;
  /** CONSUMER by default. */
  readonly kind?: SpanKind;
}

/**
 * Starts the span of one message's processing: the child of the message's context, never of the
 * ambient one. A message without a usable context starts a new trace and is counted; it is never an
 * error.
 */
export function startConsumer(
  tracing: Tracing,
  name: string,
  options: ConsumerOptions,
): StartedSpan {
  const extracted = tracing.propagator.read(options.carrier);
  tracing.messageCounts[extracted.outcome] += 1;
  const hasParent = 'parent' in options;
  const parentSpan = hasParent ? options.parent : extracted.spanContext;
  const missed = hasParent && options.parent === undefined;
  const root = extracted.baggage
    ? propagation.setBaggage(ROOT_CONTEXT, extracted.baggage)
    : ROOT_CONTEXT;
  const base = parentSpan ? trace.setSpanContext(root, parentSpan) : root;
  const parent = withBusinessIds(base, options.businessIds ?? {});
  const span = tracing.tracer.startSpan(
    name,
    {
      kind: options.kind ?? SpanKind.CONSUMER,
      links: [...(options.links ?? [])],
      attributes: {
        ...messagingAttributes(options, 'process'),
        ...(missed ? { [ATTR.correlation]: 'missed' } : {}),
        ...options.attributes,
      },
    },
    parent,
  );
  return startedSpan(span, parent);
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
