import type { Span } from '@opentelemetry/api';
import type { TracingOptions } from '../tracing/config.ts';
import type { RecordingSpan } from '../tracing/recording-span.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { readable, testTracing } from './tracing.ts';

/** A tracing for tests that shows the spans which the code under test starts and keeps to itself. */
export interface WatchedTracing extends Tracing {
  /** The last span of each name. */
  readonly spans: ReadonlyMap<string, RecordingSpan>;
}

export function watchedTracing(options?: TracingOptions): WatchedTracing {
  const tracing = testTracing(options);
  const spans = new Map<string, RecordingSpan>();
  const inner = tracing.tracer;
  const keep = (name: string, span: Span): Span => {
    spans.set(name, readable(span));
    return span;
  };
  return {
    ...tracing,
    spans,
    tracer: {
      startSpan: (name, ...rest) => keep(name, inner.startSpan(name, ...rest)),
      startWith: (name, ...rest) => keep(name, inner.startWith(name, ...rest)),
      startLeftOut: (parent, own) => inner.startLeftOut(parent, own),
      leaveOut: (parent, own) => inner.leaveOut(parent, own),
      startActiveSpan: inner.startActiveSpan.bind(inner),
    },
  };
}
