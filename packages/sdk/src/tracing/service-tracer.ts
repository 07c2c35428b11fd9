import {
  type Attributes,
  type Context,
  context as contextApi,
  INVALID_SPAN_CONTEXT,
  type Link,
  propagation,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { BaggageAllowList } from '../privacy/baggage-allow-list.ts';
import { atTrustBoundary } from '../privacy/trust-boundary.ts';
import { goesOutside, isWithheldHere, withholdContext } from '../privacy/withheld-context.ts';
import { isTracingSuppressed } from '../propagation/suppression.ts';
import { hasValidIds, RANDOM_FLAG } from '../propagation/trace-parent.ts';
import type { Sampler } from '../sampling/sampler.ts';
import { AttributeList } from './attribute-list.ts';
import type { MessageSpanStart, MessageTracer } from './message-tracer.ts';
import { RandomIdGenerator } from './random-id-generator.ts';
import { RecordingSpan, type SpanEnvironment } from './recording-span.ts';
import { hrTimeOf } from './time-input.ts';
import type { TrustConfig } from './trust-config.ts';

/** What all tracers of one service share. */
export interface TracerCore extends Omit<SpanEnvironment, 'scope'> {
  readonly sampler: Sampler;
  readonly allowList: BaggageAllowList;
  readonly trust: TrustConfig;
  readonly onStart: () => void;
}

const NO_LINKS: readonly Link[] = [];
const ids = new RandomIdGenerator();

/**
 * OpenTelemetry's tracer, written for messages: a span costs what its attributes cost, and one that is
 * not sampled next to nothing. The W3C random flag is kept when a trace is continued, and set when our
 * random ids begin one. Allowed baggage becomes attributes of every span.
 */
export class ServiceTracer implements MessageTracer {
  readonly #core: TracerCore;
  readonly #environment: SpanEnvironment;

  constructor(core: TracerCore, scope: SpanEnvironment['scope']) {
    this.#core = core;
    this.#environment = { scope, clock: core.clock, limits: core.limits, onEnd: core.onEnd };
  }

  /**
   * Instrumentations start their spans here: the context of a request to a host that is not trusted
   * stays in this process, and what a client sent to a public endpoint is only linked to.
   */
  startSpan(name: string, options: SpanOptions = {}, parent = contextApi.active()): Span {
    const { publicEndpoint, trustedHosts } = this.#core.trust;
    const { kind, attributes } = options;
    if (publicEndpoint && kind === SpanKind.SERVER) return this.#startPublic(name, options, parent);
    const span = this.#start(name, options, parent);
    if (kind !== SpanKind.CLIENT) return span;
    if (isWithheldHere(parent) || goesOutside(attributes, trustedHosts)) withholdContext(span);
    return span;
  }

  #startPublic(name: string, options: SpanOptions, parent: Context): Span {
    const spanContext = parentOf(parent);
    const { link } = atTrustBoundary({ spanContext });
    if (!spanContext?.isRemote || !link) return this.#start(name, options, parent);
    const outside = propagation.deleteBaggage(trace.deleteSpan(parent));
    return this.#start(name, { ...options, links: [link, ...(options.links ?? [])] }, outside);
  }

  #start(name: string, options: SpanOptions, parent: Context): Span {
    const from = options.root ? trace.deleteSpan(parent) : parent;
    const leftOut = this.startLeftOut(from, options.attributes);
    if (leftOut) return leftOut;
    const attributes = new AttributeList();
    attributes.setAll(options.attributes);
    return this.startWith(name, from, {
      kind: options.kind ?? SpanKind.INTERNAL,
      attributes,
      links: options.links?.slice(),
      startTime: options.startTime,
    });
  }

  startLeftOut(parent: Context, own: Attributes | undefined): Span | undefined {
    const { sampler } = this.#core;
    if (!sampler.decideByParent) return undefined;
    const spanContext = parentOf(parent);
    if (!spanContext || sampler.decideByParent(spanContext, own) !== false) return undefined;
    return leftOut(continued(spanContext, 0));
  }

  startWith(name: string, parent: Context, start: MessageSpanStart): Span {
    if (isTracingSuppressed(parent)) return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    const { sampler, clock, allowList } = this.#core;
    const { attributes, links = NO_LINKS } = start;
    const parentSpanContext = parentOf(parent);
    const baggage = propagation.getBaggage(parent);
    const traceId = parentSpanContext?.traceId ?? ids.generateTraceId();
    const isSampled = sampler.shouldSample({
      parent: parentSpanContext,
      traceId,
      attributes,
      links,
      baggage,
    });
    const flags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
    const spanContext = parentSpanContext
      ? continued(parentSpanContext, flags)
      : { traceId, spanId: ids.generateSpanId(), traceFlags: flags | RANDOM_FLAG };
    if (!isSampled) return leftOut(spanContext);
    if (baggage) allowList.copy(baggage, attributes);
    this.#core.onStart();
    return new RecordingSpan(this.#environment, {
      name,
      kind: start.kind,
      spanContext,
      parentSpanContext,
      startTime: hrTimeOf(start.startTime) ?? clock.now(),
      attributes,
      links,
    });
  }

  startActiveSpan<F extends (span: Span) => unknown>(name: string, fn: F): ReturnType<F>;
  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    options: SpanOptions,
    fn: F,
  ): ReturnType<F>;
  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    options: SpanOptions,
    parent: Context,
    fn: F,
  ): ReturnType<F>;
  startActiveSpan<F extends (span: Span) => ReturnType<F>>(
    name: string,
    ...args: [F] | [SpanOptions, F] | [SpanOptions, Context, F]
  ): ReturnType<F> {
    const fn = args.at(-1) as F;
    const options = args.length > 1 ? (args[0] as SpanOptions) : {};
    const parent = args.length === 3 ? args[1] : contextApi.active();
    const span = this.startSpan(name, options, parent);
    return contextApi.with(trace.setSpan(parent, span), () => fn(span));
  }
}

function parentOf(context: Context): SpanContext | undefined {
  const span = trace.getSpan(context);
  if (!span) return undefined;
  const spanContext = span.spanContext();
  return span instanceof RecordingSpan || hasValidIds(spanContext) ? spanContext : undefined;
}

/** The context of a child, with the random flag of its trace. */
function continued(parent: SpanContext, flags: number): SpanContext {
  const { traceId, traceState } = parent;
  const traceFlags = flags | (parent.traceFlags & RANDOM_FLAG);
  const spanId = ids.generateSpanId();
  return traceState ? { traceId, spanId, traceFlags, traceState } : { traceId, spanId, traceFlags };
}

/** Not sampled, so not recorded; what follows learns of it from the context. */
function leftOut(spanContext: SpanContext): Span {
  return trace.wrapSpanContext(spanContext);
}
