import { context, createContextKey } from '@opentelemetry/api';

/** The key of `@opentelemetry/core`, which instrumentations and the sdk go by. */
const SUPPRESS_TRACING = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/**
 * Runs the function, sync or async, without spans: for what a service does to know how it is, such as
 * asking every few seconds whether somebody answers.
 */
export function untraced<T>(fn: () => T): T {
  return context.with(context.active().setValue(SUPPRESS_TRACING, true), fn);
}
