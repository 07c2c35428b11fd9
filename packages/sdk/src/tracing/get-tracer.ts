import {
  type Attributes,
  type AttributeValue,
  type Context,
  context as contextApi,
  type Span,
  type SpanOptions,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { currentTracing } from './current-tracing.ts';
import { recordError } from './started-span.ts';

/**
 * OpenTelemetry's tracer of the current tracing, with what is done most often to the active span.
 */
export interface TracerHelper extends Tracer {
  /** Adds an event to the active span. */
  addEvent(name: string, attributes?: Attributes): void;
  /** Sets an attribute of the active span. */
  setAttribute(key: string, value: AttributeValue): void;
  /**
   * Records anything that was thrown on the active span, with its stack, and sets the span's status
   * to ERROR. An exception that leaves {@link traced} or a handler is recorded without this.
   */
  recordException(error: unknown): void;
}

/**
 * The tracer for code that is not given a tracing. It may be kept: each call looks up the current
 * tracing, and does nothing before there is one. Of the active span there may be none, too.
 */
export function getTracer(): TracerHelper {
  return helper;
}

const helper: TracerHelper = {
  startSpan(name: string, options?: SpanOptions, parent: Context = contextApi.active()): Span {
    return currentTracing().tracer.startSpan(name, options, parent);
  },
  startActiveSpan(...args: unknown[]) {
    const { tracer } = currentTracing();
    return Reflect.apply(tracer.startActiveSpan, tracer, args);
  },
  addEvent(name, attributes) {
    trace.getActiveSpan()?.addEvent(name, attributes);
  },
  setAttribute(key, value) {
    trace.getActiveSpan()?.setAttribute(key, value);
  },
  recordException(error) {
    const span = trace.getActiveSpan();
    if (span) recordError(span, error);
  },
};
