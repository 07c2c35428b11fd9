import {
  type Attributes,
  type Context,
  context as contextApi,
  type HrTime,
  isSpanContextValid,
  type Span,
  type SpanOptions,
  type TimeInput,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { RANDOM_FLAG } from '../propagation/trace-parent.ts';
import { Clock } from './clock.ts';

const clock = new Clock();

/**
 * OpenTelemetry's tracer with two things put right: spans are timed by a {@link Clock}, and the W3C
 * random flag is kept when a trace is continued, and set when our random ids begin one.
 */
class PreciseTracer implements Tracer {
  readonly #tracer: Tracer;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  startSpan(name: string, options: SpanOptions = {}, parent: Context = contextApi.active()): Span {
    const isTimed = options.startTime === undefined;
    const timed = isTimed ? { ...options, startTime: clock.now() } : options;
    const span = this.#tracer.startSpan(name, timed, parent);
    keepRandomFlag(span, options.root ? undefined : trace.getSpanContext(parent));
    if (isTimed && span.isRecording()) useClock(span);
    return span;
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

/** Gives every instrumentation library a {@link PreciseTracer}. */
export class PreciseTracerProvider implements TracerProvider {
  readonly #provider: TracerProvider;

  constructor(provider: TracerProvider) {
    this.#provider = provider;
  }

  getTracer(...args: Parameters<TracerProvider['getTracer']>): Tracer {
    return new PreciseTracer(this.#provider.getTracer(...args));
  }
}

function keepRandomFlag(span: Span, parent: ReturnType<typeof trace.getSpanContext>): void {
  const isContinued = parent !== undefined && isSpanContextValid(parent);
  const spanContext = span.spanContext();
  if (!isSpanContextValid(spanContext)) return;
  spanContext.traceFlags |= isContinued ? parent.traceFlags & RANDOM_FLAG : RANDOM_FLAG;
}

/** The span's own methods, with the clock's time where the caller gives none. */
function useClock(span: Span): void {
  span.end = endNow;
  span.addEvent = addEventNow;
}

function endNow(this: Span, endTime?: TimeInput): void {
  methodsOf(this).end.call(this, endTime ?? clock.now());
}

function addEventNow(
  this: Span,
  name: string,
  attributesOrTime?: Attributes | TimeInput,
  time?: TimeInput,
): Span {
  const hasTime = time !== undefined || isTime(attributesOrTime);
  const eventTime = hasTime ? time : clock.now();
  return methodsOf(this).addEvent.call(this, name, attributesOrTime, eventTime);
}

function isTime(value: Attributes | TimeInput | undefined): value is TimeInput {
  return typeof value === 'number' || Array.isArray(value) || value instanceof Date;
}

function methodsOf(span: Span): Span {
  return Object.getPrototypeOf(span);
}

/**
 * Now, by the clock that times the spans: for a start or end time that is to be given explicitly.
 */
export function spanTime(): HrTime {
  return clock.now();
}
