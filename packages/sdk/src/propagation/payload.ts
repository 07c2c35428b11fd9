import { type Context, context as contextApi } from '@opentelemetry/api';
import type { Tracing } from '../tracing/tracing.ts';
import { type Carrier, COMPACT_FIELD, nameOf } from './carrier.ts';
import { looksCompact } from './compact.ts';

/** The field of a JSON payload that holds `traceparent`, `tracestate` and `baggage`. */
export const TRACE_HEADERS_FIELD = '_otel_trace_headers';

type Payload = Record<string, unknown>;

/** An incoming payload without our fields, and what they held. */
export interface ExtractedPayload {
  readonly payload: unknown;
  readonly carrier: Carrier;
}

/**
 * The payload with the context given, or else the active one, in its `_otel_trace_headers`; in the
 * compact form with `_tl`, and the other field only if there is baggage. The caller's object is not
 * changed. What is not a plain object (text, bytes, arrays) is returned as it is.
 */
export function injectIntoPayload(
  tracing: Tracing,
  payload: unknown,
  context: Context = contextApi.active(),
): unknown {
  const carrier: Carrier = {};
  tracing.propagator.inject(context, carrier);
  if (Object.keys(carrier).length === 0) return payload;
  try {
    return isPlainObject(payload) ? withCarrier(payload, carrier) : payload;
  } catch {
    return payload;
  }
}

/**
 * Takes the context off a parsed payload. Without our fields the payload is returned as it is. A
 * `_tl` is ours only if it has the form of ours, 35 characters of base64url: anything else in it
 * belongs to the message.
 */
export function extractFromPayload(payload: unknown): ExtractedPayload {
  try {
    return isPlainObject(payload) ? takenOff(payload) : { payload, carrier: {} };
  } catch {
    return { payload, carrier: {} };
  }
}

/** A context that the payload still had from another message is replaced whole. */
function withCarrier(payload: Payload, carrier: Carrier): Payload {
  const own = takenOff(payload).payload;
  const { [COMPACT_FIELD]: compact, ...headers } = carrier;
  // A message may have a `_tl` of its own; then ours goes below the other field.
  if (compact === undefined || Object.hasOwn(own, COMPACT_FIELD)) {
    return { ...own, [TRACE_HEADERS_FIELD]: carrier };
  }
  const withCompact = { ...own, [COMPACT_FIELD]: compact };
  if (Object.keys(headers).length === 0) return withCompact;
  return { ...withCompact, [TRACE_HEADERS_FIELD]: headers };
}

function takenOff(payload: Payload): { payload: Payload; carrier: Carrier } {
  const carrier: Carrier = {};
  let rest = payload;
  if (Object.hasOwn(payload, TRACE_HEADERS_FIELD)) {
    const { [TRACE_HEADERS_FIELD]: headers, ...others } = payload;
    if (isPlainObject(headers)) copyText(headers, carrier);
    rest = others;
  }
  const compact = Object.hasOwn(rest, COMPACT_FIELD) ? rest[COMPACT_FIELD] : undefined;
  if (typeof compact === 'string' && looksCompact(compact)) {
    const { [COMPACT_FIELD]: _, ...others } = rest;
    carrier[COMPACT_FIELD] = compact;
    rest = others;
  }
  return { payload: rest, carrier };
}

/** Our names only, in any case: nothing that a sender chose becomes a key of ours. */
function copyText(headers: Payload, carrier: Carrier): void {
  for (const [key, value] of Object.entries(headers)) {
    if (typeof value === 'string' && nameOf(key) !== undefined) carrier[key] = value;
  }
}

function isPlainObject(value: unknown): value is Payload {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
