import { context, type Span, type SpanOptions } from '@opentelemetry/api';
import { runInSpan, startedSpan, type Tracing } from '@throughline/sdk';

/**
 * Runs the function, sync or async, in a span below the active one. What it throws is recorded on
 * the span and thrown on.
 */
export function inSpan<T>(
  { tracer }: Tracing,
  name: string,
  options: SpanOptions,
  fn: (span: Span) => T,
): T {
  const parent = context.active();
  const started = startedSpan(tracer.startSpan(name, options, parent), parent);
  return runInSpan(started, () => fn(started.span));
}
