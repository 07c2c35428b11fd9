import type { TextMapGetter, TextMapSetter } from '@opentelemetry/api';

/** What carries a context beside a message: `traceparent`, `tracestate` and `baggage`. */
export type Carrier = Record<string, string>;

/** Reads a carrier that may have come from anywhere: whatever is not text is not there. */
export const carrierGetter: TextMapGetter<unknown> = {
  keys: (carrier) => (typeof carrier === 'object' && carrier !== null ? Object.keys(carrier) : []),
  get(carrier, key) {
    if (typeof carrier !== 'object' || carrier === null) return undefined;
    const value = (carrier as Record<string, unknown>)[key];
    if (typeof value === 'string') return value;
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined;
  },
};

export const carrierSetter: TextMapSetter<Carrier> = {
  set(carrier, key, value) {
    carrier[key] = value;
  },
};

/** Every value of each of our headers, in the carrier's order. */
interface PropagationHeaders {
  readonly traceparent: string[];
  readonly tracestate: string[];
  readonly baggage: string[];
}

/**
 * Collects our headers from a carrier, matching names in any case: peers may send `Traceparent`.
 */
export function collectHeaders<C>(carrier: C, getter: TextMapGetter<C>): PropagationHeaders {
  const headers: PropagationHeaders = { traceparent: [], tracestate: [], baggage: [] };
  for (const key of getter.keys(carrier)) {
    const values = headers[key.toLowerCase() as keyof PropagationHeaders];
    if (!Array.isArray(values)) continue;
    const value = getter.get(carrier, key);
    if (typeof value === 'string') values.push(value);
    else if (value !== undefined) values.push(...value);
  }
  return headers;
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
