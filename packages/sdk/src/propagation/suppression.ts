import { type Context, createContextKey } from '@opentelemetry/api';

/**
 * The key of `@opentelemetry/core`, whose instrumentations and exporters go by it. That package is not
 * loaded, here or elsewhere in the sdk: it brings all of the semantic conventions along, 7 MB.
 */
const SUPPRESS_TRACING = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/** In this context no spans are made and nothing is injected: for what tracing itself sends. */
export function suppressTracing(context: Context): Context {
  return context.setValue(SUPPRESS_TRACING, true);
}

export function isTracingSuppressed(context: Context): boolean {
  return context.getValue(SUPPRESS_TRACING) === true;
}
