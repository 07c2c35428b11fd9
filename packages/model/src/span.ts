import { z } from 'zod';
import { spanIdSchema, traceIdSchema } from './ids.ts';
import { nanosecondsSchema } from './time.ts';

const scalarSchema = z.union([z.string(), z.number(), z.boolean()]);

/**
 * An attribute's value. 64-bit integers outside the range that a double carries exactly, bytes (as
 * base64) and nested maps (as JSON) are strings.
 */
const attributeValueSchema = z.union([scalarSchema, z.array(scalarSchema)]);
export type AttributeValue = z.output<typeof attributeValueSchema>;

export const attributesSchema = z.record(z.string(), attributeValueSchema);
export type Attributes = Readonly<Record<string, AttributeValue>>;

const SPAN_KINDS = ['internal', 'server', 'client', 'producer', 'consumer'] as const;
export type SpanKind = (typeof SPAN_KINDS)[number];

const SPAN_STATUS_CODES = ['unset', 'ok', 'error'] as const;
export type SpanStatusCode = (typeof SPAN_STATUS_CODES)[number];

/** `type` repeats the attribute `throughline.link.type`, when the link carries one. */
const spanLinkSchema = z.object({
  traceId: traceIdSchema,
  spanId: spanIdSchema,
  type: z.string().optional(),
  attributes: attributesSchema,
});
export type SpanLink = z.output<typeof spanLinkSchema>;

const spanEventSchema = z.object({
  timeNs: nanosecondsSchema,
  name: z.string(),
  attributes: attributesSchema,
});
export type SpanEvent = z.output<typeof spanEventSchema>;

/** One span as the store returns it. `host` is the resource's `host.name`, empty when not given. */
export const spanSchema = z.object({
  traceId: traceIdSchema,
  spanId: spanIdSchema,
  parentSpanId: spanIdSchema.optional(),
  name: z.string(),
  kind: z.enum(SPAN_KINDS),
  service: z.string(),
  host: z.string(),
  startNs: nanosecondsSchema,
  endNs: nanosecondsSchema,
  status: z.object({ code: z.enum(SPAN_STATUS_CODES), message: z.string() }),
  attributes: attributesSchema,
  resource: attributesSchema,
  scope: z.object({ name: z.string(), version: z.string() }),
  events: z.array(spanEventSchema),
  links: z.array(spanLinkSchema),
  dropped: z.object({
    attributes: z.number().int(),
    events: z.number().int(),
    links: z.number().int(),
  }),
});
export type Span = z.output<typeof spanSchema>;
