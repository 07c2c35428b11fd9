import { z } from 'zod';

/** 32 lowercase hex digits, not all zero (W3C Trace Context, section 3.2.2.3). */
export const traceIdSchema = z
  .string()
  .regex(/^(?!0{32})[0-9a-f]{32}$/, 'a trace id is 32 lowercase hex digits, not all zero');

/** 16 lowercase hex digits, not all zero (W3C Trace Context, section 3.2.2.4). */
export const spanIdSchema = z
  .string()
  .regex(/^(?!0{16})[0-9a-f]{16}$/, 'a span id is 16 lowercase hex digits, not all zero');

/**
 * A span's name within the whole store: `<trace id>:<span id>`. A span id alone is unique only inside
 * its trace, so graphs across traces are keyed by this.
 */
export type SpanRef = `${string}:${string}`;

/** The reference of a span, of a link, or of anything else that carries both ids. */
export function spanRef(ids: { traceId: string; spanId: string }): SpanRef {
  return `${ids.traceId}:${ids.spanId}`;
}

/** The inverse of {@link spanRef}. */
export function parseSpanRef(ref: SpanRef): { traceId: string; spanId: string } {
  return { traceId: ref.slice(0, 32), spanId: ref.slice(33) };
}

/** {@link SpanRef} on the wire. */
export const spanRefSchema = z.templateLiteral([traceIdSchema, ':', spanIdSchema]);
