import type { Context } from '@opentelemetry/api';
import { type Carrier, COMPACT_FIELD, nameOf } from '../../propagation/carrier.ts';
import {
  extractFromPayload,
  injectIntoPayload,
  TRACE_HEADERS_FIELD,
} from '../../propagation/payload.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import type { MakeNatsHeaders, NatsHeaders, NatsMessage, NatsServerInfo } from './client.ts';

/**
 * Where the context of an outgoing message is put: into NATS headers, into the field
 * `_otel_trace_headers` of a JSON payload, or both.
 */
export type NatsCarrier = 'headers' | 'payload' | 'both';

/** A message as it goes to the client. */
export interface NatsOutgoing {
  readonly data: Uint8Array;
  readonly headers: NatsHeaders | undefined;
  /** Why there is no context in it: it would be too large, or neither carrier could take it. */
  readonly omitted?: 'max_payload' | 'no_carrier';
}

/** What is to be sent, and what it may become. */
export interface NatsPacking {
  readonly message: unknown;
  /** The message as bytes. */
  readonly body: Uint8Array;
  readonly headers: NatsHeaders | undefined;
  readonly carrier: NatsCarrier | undefined;
  readonly makeHeaders: MakeNatsHeaders;
  readonly server: NatsServerInfo | undefined;
  /** Bytes of headers that the client adds itself. */
  readonly reservedBytes: number;
}

const encoder = new TextEncoder();
/** Of one UTF-16 code unit. */
const UTF8_BYTES_MAX = 3;
const NO_BYTES = new Uint8Array(0);
/** How the fields that {@link extractFromPayload} knows look in JSON. */
const FIELD_MARKS = [`"${TRACE_HEADERS_FIELD}"`, `"${COMPACT_FIELD}"`];

/** Text and bytes as they are, anything else as JSON. @throws TypeError what JSON cannot express */
export function encodeMessage(message: unknown): Uint8Array {
  if (message === undefined) return NO_BYTES;
  if (message instanceof Uint8Array) return message;
  return encoder.encode(typeof message === 'string' ? message : JSON.stringify(message));
}

/**
 * The message with the context in it. Never fails: what cannot take the context, or would exceed the
 * server's `max_payload` with it, is left as it was. The caller's message and headers are not
 * changed.
 */
export function packOutgoing(
  tracing: Tracing,
  context: Context,
  packing: NatsPacking,
): NatsOutgoing {
  const plain = { data: packing.body, headers: packing.headers };
  try {
    const carrier: Carrier = {};
    tracing.propagator.inject(context, carrier);
    if (Object.keys(carrier).length === 0) return plain;
    const canHaveHeaders = packing.server ? packing.server.headers === true : true;
    const mode = packing.carrier ?? (canHaveHeaders ? 'headers' : 'payload');
    const data =
      mode === 'headers' && canHaveHeaders ? packing.body : fill(tracing, context, packing);
    const isFilled = data !== packing.body;
    const isHeaded = canHaveHeaders && (mode !== 'payload' || !isFilled);
    if (!isFilled && !isHeaded) return { ...plain, omitted: 'no_carrier' };
    const headers = isHeaded ? addToHeaders(packing, carrier) : packing.headers;
    const bytesMax = packing.server?.max_payload ?? Number.POSITIVE_INFINITY;
    const isTooLarge = !fits(headers, bytesMax - data.length - packing.reservedBytes);
    return isTooLarge ? { ...plain, omitted: 'max_payload' } : { data, headers };
  } catch {
    return { ...plain, omitted: 'no_carrier' };
  }
}

/** The payload with the field in it; the body itself when the message is no plain object. */
function fill(tracing: Tracing, context: Context, { message, body }: NatsPacking): Uint8Array {
  const injected = injectIntoPayload(tracing, message, context);
  return injected === message ? body : encodeMessage(injected);
}

/** A copy with our headers, which replace those of their names in any case. */
function addToHeaders({ headers: given, makeHeaders }: NatsPacking, carrier: Carrier): NatsHeaders {
  const headers = given ? makeHeaders(given.code, given.description) : makeHeaders();
  for (const [key, values] of given ?? []) {
    if (nameOf(key)) continue;
    for (const value of values) headers.append(key, value);
  }
  for (const key in carrier) headers.append(key, carrier[key] as string);
  return headers;
}

/** A character takes three bytes at most: most headers fit by that, and need not be counted further. */
function fits(headers: NatsHeaders | undefined, bytesMax: number): boolean {
  if (headersLength(headers, charsOf) * UTF8_BYTES_MAX <= bytesMax) return true;
  return headersLength(headers, bytesOf) <= bytesMax;
}

/** As they go over the wire: `NATS/1.0`, an optional status, one line a value, an empty line. */
function headersLength(
  headers: NatsHeaders | undefined,
  lengthOf: (text: string) => number,
): number {
  if (!headers) return 0;
  const status = headers.code > 0 ? ` ${headers.code} ${headers.description}` : '';
  let length = lengthOf(`NATS/1.0${status}\r\n\r\n`);
  for (const entry of headers) {
    for (const value of entry[1]) length += lengthOf(entry[0]) + lengthOf(value) + 4;
  }
  return length;
}

function charsOf(text: string): number {
  return text.length;
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}

/**
 * What a received message carries: the context in its headers, or else that in the field of its JSON
 * payload. Names of headers match in any case; several values of one name make one that is joined
 * by commas, which for `traceparent` is malformed. Never fails.
 */
export function readCarrier(tracing: Tracing, message: NatsMessage): Carrier {
  if (!tracing.enabled) return {};
  try {
    const carrier = readHeaders(message.headers);
    if (hasContext(carrier)) return carrier;
    const fromPayload = extractFromPayload(parseIfTraced(message.data)).carrier;
    return hasContext(fromPayload) ? fromPayload : { ...fromPayload, ...carrier };
  } catch {
    return {};
  }
}

/**
 * What the caller put into a message to be sent, in its headers or in the payload's field: a context
 * made elsewhere, which is not to be replaced. `undefined` when it put none.
 */
export function readOwnCarrier(
  message: unknown,
  headers: NatsHeaders | undefined,
): Carrier | undefined {
  try {
    const fromHeaders = readHeaders(headers);
    const carrier = hasContext(fromHeaders) ? fromHeaders : extractFromPayload(message).carrier;
    return hasContext(carrier) ? carrier : undefined;
  } catch {
    return undefined;
  }
}

function readHeaders(headers: NatsHeaders | undefined): Carrier {
  const carrier: Carrier = {};
  if (!headers) return carrier;
  // An entry is not taken apart in the loop's head: that makes an iterator for each.
  for (const entry of headers) {
    const name = nameOf(entry[0]);
    if (!name) continue;
    const values = entry[1];
    const before = carrier[name];
    const isOnly = before === undefined && values.length === 1;
    carrier[name] = isOnly ? (values[0] as string) : [before ?? [], values].flat().join(',');
  }
  return carrier;
}

function hasContext(carrier: Carrier): boolean {
  return carrier.traceparent !== undefined || carrier[COMPACT_FIELD] !== undefined;
}

/** A payload without our fields is not parsed: most have none, and some are large or no JSON. */
function parseIfTraced(data: Uint8Array): unknown {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (!FIELD_MARKS.some((mark) => bytes.includes(mark))) return undefined;
  return JSON.parse(bytes.toString());
}
