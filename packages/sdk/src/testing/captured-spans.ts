import type { Span } from '@opentelemetry/api';
import type { RecordingSpan } from '../tracing/recording-span.ts';
import type { Tracing } from '../tracing/tracing.ts';

/** Every sampled span that the tracing starts from now on, in that order. */
export function captureSpans({ tracer }: Tracing): RecordingSpan[] {
  const spans: RecordingSpan[] = [];
  const keep = (span: Span): Span => {
    if (span.isRecording()) spans.push(span as RecordingSpan);
    return span;
  };
  const startSpan = tracer.startSpan.bind(tracer);
  const startWith = tracer.startWith.bind(tracer);
  tracer.startSpan = (...args) => keep(startSpan(...args));
  tracer.startWith = (...args) => keep(startWith(...args));
  return spans;
}
