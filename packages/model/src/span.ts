import { z } from 'zod';
import { spanIdSchema, traceIdSchema } from './ids.ts';
import { nanosecondsSchema } from './time.ts';

/**
 * An attribute's value, exactly as OTLP carries it: an integer is a bigint, a double a number, bytes are a
 * Uint8Array, a value that was sent empty is null.
 */
export type AttributeValue =
  | string
  | boolean
  | number
  | bigint
  | Uint8Array
  | null
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue };
export type Attributes = Readonly<Record<string, AttributeValue>>;

type ScalarJson = string | number | boolean;
type AttributesJson = Readonly<Record<string, ScalarJson | ScalarJson[]>>;

/** A check of its own, because a record of zod leaves out what is named `__proto__`. */
const attributesJsonSchema = z.custom<AttributesJson>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((each) =>
      Array.isArray(each) ? each.every(isScalarJson) : isScalarJson(each),
    ),
);

function isScalarJson(value: unknown): value is ScalarJson {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/**
 * Attributes in our JSON, for people and scripts: integers that a double cannot carry exactly, infinities
 * and NaN, bytes (base64), maps and nested arrays (as JSON text) are strings. Not reversible, so what is
 * parsed stays as it is; exact values are in the OTLP form of a trace.
 */
export const attributesSchema = z.codec(attributesJsonSchema, z.custom<Attributes>(), {
  decode: (json) => json,
  encode: (attributes) =>
    Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, toJson(value)])),
});

function toJson(value: AttributeValue): ScalarJson | ScalarJson[] {
  return Array.isArray(value) ? value.map(scalarOf) : scalarOf(value);
}

function scalarOf(value: AttributeValue): ScalarJson {
  const json = plainValue(value);
  return typeof json === 'object' ? JSON.stringify(json) : json;
}

type Json = ScalarJson | Json[] | { [key: string]: Json };

/** A value as JSON, by the rules of {@link attributesSchema}. */
export function plainValue(value: AttributeValue): Json {
  if (value === null) return '';
  if (typeof value === 'bigint') {
    return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  }
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value !== 'object') return value;
  if (value instanceof Uint8Array) return base64Of(value);
  if (Array.isArray(value)) return value.map(plainValue);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainValue(inner)]));
}

/** Browsers have no Buffer, and Node's btoa takes text. */
function base64Of(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

const SPAN_KINDS = ['internal', 'server', 'client', 'producer', 'consumer'] as const;
export type SpanKind = (typeof SPAN_KINDS)[number];

const SPAN_STATUS_CODES = ['unset', 'ok', 'error'] as const;
export type SpanStatusCode = (typeof SPAN_STATUS_CODES)[number];

/** Absent for none. */
const countSchema = z.number().int().optional();

/** `type` repeats the attribute `throughline.link.type`, when the link carries one. */
const spanLinkSchema = z.object({
  traceId: traceIdSchema,
  spanId: spanIdSchema,
  type: z.string().optional(),
  attributes: attributesSchema,
  droppedAttributes: countSchema,
  traceState: z.string().optional(),
  flags: z.number().int().optional(),
});
export type SpanLink = z.output<typeof spanLinkSchema>;

const spanEventSchema = z.object({
  timeNs: nanosecondsSchema,
  name: z.string(),
  attributes: attributesSchema,
  droppedAttributes: countSchema,
});
export type SpanEvent = z.output<typeof spanEventSchema>;

/**
 * One span as the store returns it. `host` is the resource's `host.name`, empty when not given. What OTLP
 * has and most senders leave out (trace state, flags, schema URLs, the scope's attributes) is absent then.
 */
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
  resourceSchemaUrl: z.string().optional(),
  resourceDroppedAttributes: countSchema,
  scope: z.object({
    name: z.string(),
    version: z.string(),
    attributes: attributesSchema.optional(),
    droppedAttributes: countSchema,
    schemaUrl: z.string().optional(),
  }),
  traceState: z.string().optional(),
  flags: z.number().int().optional(),
  events: z.array(spanEventSchema),
  links: z.array(spanLinkSchema),
  dropped: z.object({
    attributes: z.number().int(),
    events: z.number().int(),
    links: z.number().int(),
  }),
});
export type Span = z.output<typeof spanSchema>;
