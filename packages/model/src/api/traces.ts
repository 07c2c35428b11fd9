import { z } from 'zod';
import { spanIdSchema, traceIdSchema } from '../ids.ts';
import { skewSchema } from '../skew.ts';
import { spanSchema } from '../span.ts';

/**
 * `GET /api/traces/{id}`: Jaeger's JSON by default; on request ours (typed, with links both ways) or
 * OTLP/JSON, in which everything is exactly as it was sent.
 */
export const traceQuerySchema = z.object({
  format: z.enum(['jaeger', 'throughline', 'otlp']).default('jaeger'),
});

/** A span of another or the same trace that links to one of this trace: the reverse of its link. */
const inboundLinkSchema = z.object({
  /** The span of this trace that is linked to. */
  targetSpanId: spanIdSchema,
  traceId: traceIdSchema,
  spanId: spanIdSchema,
  type: z.string().optional(),
  name: z.string(),
  service: z.string(),
});
export type InboundLink = z.output<typeof inboundLinkSchema>;

/**
 * `truncated`: the trace has more spans than one answer may carry. Spans are sorted by start, and have the
 * times that were sent: `skew` says by how much those of a host are off.
 */
export const traceResponseSchema = z.object({
  traceId: traceIdSchema,
  spans: z.array(spanSchema),
  inboundLinks: z.array(inboundLinkSchema),
  /** Keys of the orders that begin in this trace: those of `lifecycles` that are orders. */
  orders: z.array(z.string()),
  /** Those that begin in this trace, such as an order. */
  lifecycles: z.array(z.object({ name: z.string(), key: z.string() })),
  truncated: z.boolean(),
  skew: skewSchema,
});
export type TraceResponse = z.output<typeof traceResponseSchema>;
