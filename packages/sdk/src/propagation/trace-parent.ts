import { type SpanContext, TraceFlags, type TraceState } from '@opentelemetry/api';
import { trimOws } from './carrier.ts';

const SAMPLED_FLAG = TraceFlags.SAMPLED;
/** The trace id was generated at random (W3C Trace Context 2, section 3.2.2.5.2). */
export const RANDOM_FLAG = 0x02;
/** All others are reserved and have to be zero (section 3.2.2.5.3). */
export const KNOWN_FLAGS = SAMPLED_FLAG | RANDOM_FLAG;

const LENGTH = 55;
/** Of a higher version, which may be longer, or with white space around it. */
const CHARS_MAX = 512;
const DASH = 0x2d;

/** The value of a hex digit by character code. Upper case has none: ids are in lower case. */
const DIGITS = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit += 1) DIGITS[digit.toString(16).charCodeAt(0)] = digit;

/** A span context whose ids were checked when they were read, or made here: nobody need look again. */
export class CheckedSpanContext implements SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  readonly traceState?: TraceState;
  readonly isRemote?: boolean;

  constructor(
    traceId: string,
    spanId: string,
    traceFlags: number,
    traceState?: TraceState,
    isRemote?: boolean,
  ) {
    this.traceId = traceId;
    this.spanId = spanId;
    this.traceFlags = traceFlags;
    if (traceState) this.traceState = traceState;
    if (isRemote) this.isRemote = isRemote;
  }
}

/**
 * Parses a `traceparent` (W3C Trace Context 2, section 3.2). Version 00 is exactly 55 characters; of
 * a higher version the first 55 count, if nothing or a dash follows, and its sampled flag. Flags
 * that nobody defined are cleared.
 *
 * @param traceState what goes with it
 * @returns `undefined` when it is not valid
 */
export function parseTraceParent(header: string, traceState?: TraceState): SpanContext | undefined {
  if (header.length > CHARS_MAX) return undefined;
  const text = header.length === LENGTH ? header : trimOws(header);
  if (
    text.length < LENGTH ||
    text.charCodeAt(2) !== DASH ||
    text.charCodeAt(35) !== DASH ||
    text.charCodeAt(52) !== DASH
  ) {
    return undefined;
  }
  const version = (hexDigitAt(text, 0) << 4) | hexDigitAt(text, 1);
  const flags = (hexDigitAt(text, 53) << 4) | hexDigitAt(text, 54);
  if (version < 0 || version === 0xff || flags < 0) return undefined;
  if (!isId(text, 3, 35) || !isId(text, 36, 52)) return undefined;
  if (text.length > LENGTH && (version === 0 || !goesOn(text))) return undefined;
  const traceFlags = flags & (version === 0 ? KNOWN_FLAGS : SAMPLED_FLAG);
  return new CheckedSpanContext(
    text.slice(3, 35),
    text.slice(36, 52),
    traceFlags,
    traceState,
    true,
  );
}

/** Always version 00 with two digits of known flags. */
export function formatTraceParent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-0${traceFlags & KNOWN_FLAGS}`;
}

/** Whether both ids have the right number of lower-case hex digits, and are not all zero. */
export function hasValidIds(spanContext: SpanContext): boolean {
  if (spanContext instanceof CheckedSpanContext) return true;
  const { traceId, spanId } = spanContext;
  return (
    traceId.length === 32 && spanId.length === 16 && isId(traceId, 0, 32) && isId(spanId, 0, 16)
  );
}

/** What a future version adds. A comma would mean several headers, which a server has joined. */
function goesOn(text: string): boolean {
  return text.charCodeAt(LENGTH) === DASH && !text.includes(',', LENGTH);
}

/** Hex digits only, and not all zero. */
function isId(text: string, from: number, to: number): boolean {
  let bits = 0;
  for (let at = from; at < to; at += 1) {
    const digit = hexDigitAt(text, at);
    if (digit < 0) return false;
    bits |= digit;
  }
  return bits !== 0;
}

/** @returns -1 when there is none */
export function hexDigitAt(text: string, at: number): number {
  return DIGITS[text.charCodeAt(at)] ?? -1;
}
