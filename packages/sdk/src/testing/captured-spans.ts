import type { RecordingSpan } from '../tracing/recording-span.ts';
import type { Tracing } from '../tracing/tracing.ts';

/** Every sampled span that the tracing starts from now on, in that order. */
export function captureSpans({ tracer }: Tracing): RecordingSpan[] {
  const spans: RecordingSpan[] = [];
  const start = tracer.startWith.bind(tracer);
  tracer.startWith = (...args) => {
    const span = start(...args);
    if (span.isRecording()) spans.push(span as RecordingSpan);
    return span;
  };
  return spans;
}
