import type { SpanContext } from '@opentelemetry/api';
import { trimOws } from './carrier.ts';

/** The trace id was generated at random (W3C Trace Context 2, section 2.2.2.5). */
export const RANDOM_FLAG = 0x02;
const SAMPLED_FLAG = 0x01;
const KNOWN_FLAGS = SAMPLED_FLAG | RANDOM_FLAG;

const LENGTH = 55;
const FIELDS = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const ZERO_TRACE_ID = '0'.repeat(32);
const ZERO_SPAN_ID = '0'.repeat(16);

/**
 * Parses a `traceparent` (W3C Trace Context, section 3.2). Version 00 is exactly 55 characters; of
 * a higher version the first 55 count, if nothing or a dash follows. Flags that nobody defined are
 * cleared.
 *
 * @returns `undefined` when it is not valid
 */
export function parseTraceParent(header: string): SpanContext | undefined {
  const text = trimOws(header);
  if (text.length < LENGTH) return undefined;
  const fields = FIELDS.exec(text.slice(0, LENGTH));
  const [, version, traceId, spanId, flags] = fields ?? [];
  if (!version || !traceId || !spanId || !flags) return undefined;
  if (version === 'ff' || traceId === ZERO_TRACE_ID || spanId === ZERO_SPAN_ID) return undefined;
  if (text.length > LENGTH && (version === '00' || text[LENGTH] !== '-')) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & KNOWN_FLAGS, isRemote: true };
}

/** Always version 00 with two digits of known flags. */
export function formatTraceParent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-0${traceFlags & KNOWN_FLAGS}`;
}
