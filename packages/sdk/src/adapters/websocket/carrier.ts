import type { Context } from '@opentelemetry/api';
import type { Carrier } from '../../propagation/carrier.ts';
import { extractFromPayload, injectIntoPayload } from '../../propagation/payload.ts';
import type { Tracing } from '../../tracing/tracing.ts';

/** A frame's payload without our field, and what the field held. */
export interface DecodedFrame {
  readonly payload: unknown;
  readonly carrier: Carrier;
}

/**
 * What to hand to a socket's `send`: text and bytes as they are, anything else as JSON, with the
 * context in the field of a plain object. In an envelope, `{ data, _otel_trace_headers }`, text and
 * any JSON value carry it.
 *
 * @param context of the message; `undefined` puts nothing in, as for a peer that is not ours
 */
export function encodeFrame(
  tracing: Tracing,
  payload: unknown,
  context: Context | undefined,
  inEnvelope: boolean,
): unknown {
  if (isBinary(payload)) return payload;
  if (context && inEnvelope) {
    const envelope = { data: payload };
    const filled = injectIntoPayload(tracing, envelope, context);
    if (filled !== envelope) return JSON.stringify(filled);
  }
  if (typeof payload === 'string') return payload;
  return JSON.stringify(context ? injectIntoPayload(tracing, payload, context) : payload);
}

/**
 * The payload of a frame as its socket gave it: text that is JSON is parsed and our field, or the
 * whole envelope, taken off; other text and bytes are left alone.
 */
export function decodeFrame(data: unknown, inEnvelope: boolean): DecodedFrame {
  if (typeof data !== 'string') return { payload: data, carrier: {} };
  const parsed = parseJson(data);
  if (parsed === undefined) return { payload: data, carrier: {} };
  const { payload, carrier } = extractFromPayload(parsed);
  // Without our field there is no envelope: an object may well have a field `data` of its own.
  const isEnvelope = inEnvelope && payload !== parsed && isEnvelopeRest(payload);
  return { payload: isEnvelope ? payload.data : payload, carrier };
}

function isBinary(payload: unknown): boolean {
  return ArrayBuffer.isView(payload) || payload instanceof ArrayBuffer || payload instanceof Blob;
}

function isEnvelopeRest(payload: unknown): payload is { readonly data: unknown } {
  if (typeof payload !== 'object' || payload === null) return false;
  const keys = Object.keys(payload);
  return keys.length === 1 && keys[0] === 'data';
}

/** `undefined`, which no JSON text stands for, when the text is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
