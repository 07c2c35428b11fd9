import { type Context, context as contextApi } from '@opentelemetry/api';
import type { Carrier } from '../../propagation/carrier.ts';
import type { Tracing } from '../../tracing/tracing.ts';

/** The field of a JSON payload that holds `traceparent`, `tracestate` and `baggage`. */
export const TRACE_HEADERS_FIELD = '_otel_trace_headers';

type Payload = Record<string, unknown>;

/** An incoming payload without our field, and what the field held. */
export interface ExtractedPayload {
  readonly payload: unknown;
  readonly carrier: Carrier;
}

/**
 * The payload with the context given, or else the active one, in its `_otel_trace_headers`. The
 * caller's object is not changed. What is not a plain object (text, bytes, arrays) is returned as
 * it is.
 */
export function injectIntoPayload(
  tracing: Tracing,
  payload: unknown,
  context: Context = contextApi.active(),
): unknown {
  if (!isPlainObject(payload)) return payload;
  const carrier: Carrier = {};
  tracing.propagator.inject(context, carrier);
  if (Object.keys(carrier).length === 0) return payload;
  return { ...payload, [TRACE_HEADERS_FIELD]: carrier };
}

/** Takes the context off a parsed payload. Without our field the payload is returned as it is. */
export function extractFromPayload(payload: unknown): ExtractedPayload {
  if (!isPlainObject(payload) || !Object.hasOwn(payload, TRACE_HEADERS_FIELD)) {
    return { payload, carrier: {} };
  }
  const { [TRACE_HEADERS_FIELD]: headers, ...rest } = payload;
  const carrier: Carrier = {};
  if (isPlainObject(headers)) {
    for (const [key, value] of Object.entries(headers)) {
      if (typeof value === 'string') carrier[key] = value;
    }
  }
  return { payload: rest, carrier };
}

function isPlainObject(value: unknown): value is Payload {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
