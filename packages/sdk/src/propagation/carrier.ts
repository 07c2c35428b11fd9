import type { TextMapGetter, TextMapSetter } from '@opentelemetry/api';

/** What carries a context beside a message: `traceparent`, `tracestate`, `baggage` and `_tl`. */
export type Carrier = Record<string, string>;

/**
 * The key of the compact form, in a carrier as in a payload. It stands here, not with its format,
 * because every carrier is searched for it.
 */
export const COMPACT_FIELD = '_tl';

/** Beyond this nothing more is collected: every parser has refused or bounded it long before. */
const COLLECTED_CHARS_MAX = 32_768;
/** Values of one key that are looked at. */
const VALUES_MAX = 1_024;

export const carrierSetter: TextMapSetter<Carrier> = {
  set(carrier, key, value) {
    carrier[key] = value;
  },
};

/**
 * Our headers as a carrier held them. Several values of one name are one list, joined by commas in
 * the carrier's order (RFC 9110, section 5.3); of a `traceparent` that makes an invalid one.
 */
export interface PropagationHeaders {
  traceparent: string | undefined;
  tracestate: string | undefined;
  baggage: string | undefined;
  [COMPACT_FIELD]: string | undefined;
}

/** Which of our names a key is, in any case: peers may send `Traceparent`. */
export function nameOf(key: string): keyof PropagationHeaders | undefined {
  switch (key.length) {
    case 11:
      return isName(key, 'traceparent') ? 'traceparent' : undefined;
    case 10:
      return isName(key, 'tracestate') ? 'tracestate' : undefined;
    case 7:
      return isName(key, 'baggage') ? 'baggage' : undefined;
    case 3:
      return isName(key, COMPACT_FIELD) ? COMPACT_FIELD : undefined;
    default:
      return undefined;
  }
}

function isName(key: string, name: string): boolean {
  return key === name || key.toLowerCase() === name;
}

/**
 * Collects our headers from a carrier, each name in any case, in one walk over its keys. The walk
 * costs little, since lengths tell most keys apart; looking names up would miss `Traceparent`
 * beside `traceparent`.
 *
 * @param getter for other carriers than objects with text
 * @throws whatever the carrier throws
 */
export function collectHeaders<C>(carrier: C, getter?: TextMapGetter<C>): PropagationHeaders {
  const headers: PropagationHeaders = {
    traceparent: undefined,
    tracestate: undefined,
    baggage: undefined,
    [COMPACT_FIELD]: undefined,
  };
  if (getter) {
    for (const key of getter.keys(carrier)) {
      const name = nameOf(key);
      if (name) headers[name] = joined(headers[name], getter.get(carrier, key));
    }
  } else if (isCarrier(carrier)) {
    for (const key in carrier) {
      const name = nameOf(key);
      if (name && Object.hasOwn(carrier, key)) headers[name] = joined(headers[name], carrier[key]);
    }
  }
  return headers;
}

/** Lists and bytes are no carriers, though they have keys: as many as they are long. */
function isCarrier(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  return !ArrayBuffer.isView(value) && !Array.isArray(value);
}

/** What is not text adds nothing. */
function joined(before: string | undefined, value: unknown): string | undefined {
  if (typeof value === 'string') {
    if (before === undefined) return value;
    return before.length > COLLECTED_CHARS_MAX ? before : `${before},${value}`;
  }
  if (!Array.isArray(value)) return before;
  let texts = before;
  for (const item of value.slice(0, VALUES_MAX)) {
    if (typeof item === 'string') texts = joined(texts, item);
  }
  return texts;
}

/** Optional white space of HTTP header values: spaces and tabs, nothing else. */
export function trimOws(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isOws(text.charCodeAt(from))) from += 1;
  while (to > from && isOws(text.charCodeAt(to - 1))) to -= 1;
  return from === 0 && to === text.length ? text : text.slice(from, to);
}

function isOws(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
