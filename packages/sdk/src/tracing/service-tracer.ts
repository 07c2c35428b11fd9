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
import { CheckedSpanContext, hasValidIds, RANDOM_FLAG } from '../propagation/trace-parent.ts';
import { type AttributeReader, isSampled, type Sampler } from '../sampling/sampler.ts';
import { AttributeList } from './attribute-list.ts';
import { LeftOutSpan, type SpanTrace } from './left-out-span.ts';
import type { MessageSpanStart, MessageTracer } from './message-tracer.ts';
import { ids } from './random-id-generator.ts';
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
    if (isTracingSuppressed(from)) return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    const { attributes: given, links } = options;
    const reader: AttributeReader = { get: (key) => given?.[key] };
    const decided = this.#decide(from, reader, links ?? NO_LINKS);
    if (!isSampled(decided)) return new LeftOutSpan(decided);
    const attributes = new AttributeList();
    attributes.setAll(given);
    return this.#record(name, from, decided, {
      kind: options.kind ?? SpanKind.INTERNAL,
      attributes,
      links: links?.slice(),
      startTime: options.startTime,
    });
  }

  startLeftOut(parent: Context, own: Attributes | undefined): Span | undefined {
    const span = trace.getSpan(parent);
    if (!span) return undefined;
    // A span that was left out itself need not have an id for that.
    const isLeftOut = span instanceof LeftOutSpan;
    return isLeftOut ? this.#leaveOut(span, own) : this.leaveOut(span.spanContext(), own);
  }

  leaveOut(parent: SpanContext | undefined, own: Attributes | undefined): Span | undefined {
    return parent && hasValidIds(parent) ? this.#leaveOut(parent, own) : undefined;
  }

  #leaveOut(parent: SpanTrace, own: Attributes | undefined): Span | undefined {
    const decision = this.#core.sampler.decideByParent?.(parent, own);
    return decision === false ? new LeftOutSpan(parent) : undefined;
  }

  startWith(name: string, parent: Context, start: MessageSpanStart): Span {
    if (isTracingSuppressed(parent)) return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    const decided = this.#decide(parent, start.attributes, start.links ?? NO_LINKS);
    return isSampled(decided)
      ? this.#record(name, parent, decided, start)
      : new LeftOutSpan(decided);
  }

  /** The trace that a span is of, with its own flags. */
  #decide(parent: Context, attributes: AttributeReader, links: readonly Link[]): SpanTrace {
    const spanContext = parentOf(parent);
    const traceId = spanContext?.traceId ?? ids.generateTraceId();
    const isKept = this.#core.sampler.shouldSample({
      parent: spanContext,
      traceId,
      attributes,
      links,
      baggage: propagation.getBaggage(parent),
    });
    const random = spanContext ? spanContext.traceFlags & RANDOM_FLAG : RANDOM_FLAG;
    const traceFlags = random | (isKept ? TraceFlags.SAMPLED : TraceFlags.NONE);
    return { traceId, traceFlags, traceState: spanContext?.traceState };
  }

  #record(
    name: string,
    parent: Context,
    { traceId, traceFlags, traceState }: SpanTrace,
    { kind, attributes, links = NO_LINKS, startTime }: MessageSpanStart,
  ): Span {
    const { clock, allowList, onStart } = this.#core;
    const baggage = propagation.getBaggage(parent);
    if (baggage) allowList.copy(baggage, attributes);
    onStart();
    return new RecordingSpan(this.#environment, {
      name,
      kind,
      spanContext: new CheckedSpanContext(traceId, ids.generateSpanId(), traceFlags, traceState),
      parentSpanContext: parentOf(parent),
      startTime: hrTimeOf(startTime) ?? clock.now(),
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
  return hasValidIds(spanContext) ? spanContext : undefined;
}
