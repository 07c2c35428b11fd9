import type { SpanContext } from '@opentelemetry/api';
import { hasValidIds, KNOWN_FLAGS } from './trace-parent.ts';

/**
 * The compact form, for messages where every byte counts: a `traceparent` of 26 bytes, version (1),
 * trace id (16), span id (8) and flags (1), as 35 characters of base64url without padding. It has no
 * place for a `tracestate`.
 */
const BYTES = 26;
const VERSION = 0;
const TRACE_ID_AT = 1;
const SPAN_ID_AT = 17;
const FLAGS_AT = 25;

/** The last of 35 characters holds four bits; its two others are zero. */
const FORM = /^[A-Za-z0-9_-]{34}[AEIMQUYcgkosw048]$/;

/** Whether a text has the form, whatever it says. */
export function looksCompact(text: string): boolean {
  return FORM.test(text);
}

export function formatCompact({ traceId, spanId, traceFlags }: SpanContext): string {
  const bytes = Buffer.allocUnsafe(BYTES);
  bytes[0] = VERSION;
  bytes.write(traceId, TRACE_ID_AT, 'hex');
  bytes.write(spanId, SPAN_ID_AT, 'hex');
  bytes[FLAGS_AT] = traceFlags & KNOWN_FLAGS;
  return bytes.toString('base64url');
}

/**
 * Flags that nobody defined are cleared.
 *
 * @returns `undefined` when the text is not of the form, of another version, or an id is zero
 */
export function parseCompact(text: string): SpanContext | undefined {
  if (!looksCompact(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  const spanContext: SpanContext = {
    traceId: bytes.toString('hex', TRACE_ID_AT, SPAN_ID_AT),
    spanId: bytes.toString('hex', SPAN_ID_AT, FLAGS_AT),
    traceFlags: (bytes[FLAGS_AT] ?? 0) & KNOWN_FLAGS,
    isRemote: true,
  };
  return bytes[0] === VERSION && hasValidIds(spanContext) ? spanContext : undefined;
}
