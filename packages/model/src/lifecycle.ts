import { z } from 'zod';
import { spanRefSchema } from './ids.ts';
import { skewSchema } from './skew.ts';
import { attributesSchema, spanSchema } from './span.ts';
import { nanosecondsSchema } from './time.ts';

/** What a lifecycle is made of (tracing-model, section 3). */
export interface LifecycleDefinition {
  readonly name: string;
  /**
   * The attributes that together are the key, in the order in which the key is shown (`user/order`).
   * Without any the key is the id of the trace that the whole lifecycle lies in: then nothing is kept of
   * its begin but the span, so that what begins by the thousand a second, and seldom ends, costs nothing.
   */
  readonly keyAttributes: readonly string[];
  /** Names of the spans with which a lifecycle begins. One may end in `*`: all that begin so. */
  readonly beginSpans: readonly string[];
  /**
   * Names of the spans that can end it, and the attribute whose value says whether one does. Without a
   * status attribute one does that has not failed: it is `completed`, else `failed`.
   */
  readonly endSpans: readonly string[];
  readonly statusAttribute?: string;
  readonly terminalStatuses: readonly string[];
  /**
   * Span name, which may end in `*` -> label of the stage that the span's own work belongs to. Others: the
   * span's service.
   */
  readonly stageLabels: Readonly<Record<string, string>>;
  /** Present when quantities are to be conserved along the graph. */
  readonly quantities?: {
    /** On a begin span: the quantity asked for. */
    readonly orderedAttribute: string;
    /** On an end span: the quantity filled so far. */
    readonly filledAttribute: string;
    /** The span that received a fill, its quantity, price and id. */
    readonly fillSpan: string;
    readonly fillQuantityAttribute: string;
    readonly fillPriceAttribute: string;
    readonly fillIdAttribute: string;
    /** The type of the links that allocate a fill to begin spans; they carry fillQuantityAttribute. */
    readonly allocationLinkType: string;
    /** The type of the links from the allocating span to the fill. */
    readonly fillLinkType: string;
  };
}

/** The status of an end span where no attribute tells one. */
export const SPAN_STATUS = { completed: 'completed', failed: 'failed' } as const;

/** Whether the key of these lifecycles is the id of their trace. */
export function isKeyedByTrace({ keyAttributes }: LifecycleDefinition): boolean {
  return keyAttributes.length === 0;
}

/** What the span's name begins with, for a pattern that ends in `*`; `undefined` for a whole name. */
export function prefixOf(pattern: string): string | undefined {
  return pattern.endsWith('*') ? pattern.slice(0, -1) : undefined;
}

/** Whether it is the name of a span with which these lifecycles begin. */
export function isBeginName({ beginSpans }: LifecycleDefinition, name: string): boolean {
  return beginSpans.some((pattern) => matchesName(pattern, name));
}

/** Whether the span's name is the pattern, or begins with what stands before its `*`. */
export function matchesName(pattern: string, name: string): boolean {
  const prefix = prefixOf(pattern);
  return prefix === undefined ? name === pattern : name.startsWith(prefix);
}

export const SEGMENT_KINDS = [
  'work',
  'queue',
  'network',
  'venue',
  'batch_peer',
  'batch_linger',
  'gap',
] as const;
export type SegmentKind = (typeof SEGMENT_KINDS)[number];

/** `own`: carries K's key or belongs to K alone. `shared`: a batch or match that includes others too. */
const RELEVANCES = ['own', 'shared'] as const;
export type Relevance = (typeof RELEVANCES)[number];

const lifecycleSpanSchema = spanSchema.extend({
  relevance: z.enum(RELEVANCES),
  /** Whether a part of the critical path lies in this span's own work. */
  critical: z.boolean(),
});
export type LifecycleSpan = z.output<typeof lifecycleSpanSchema>;

/**
 * From cause to effect. `slackNs`: how far the cause may come later by this edge without moving the end;
 * absent when nothing on the other side leads to the end.
 */
const edgeSchema = z.object({
  from: spanRefSchema,
  to: spanRefSchema,
  type: z.enum(['child', 'link']),
  linkType: z.string().optional(),
  attributes: attributesSchema,
  slackNs: nanosecondsSchema.optional(),
  critical: z.boolean(),
});
export type Edge = z.output<typeof edgeSchema>;

/**
 * A stretch [fromNs, toNs) of the critical path. Segments share endpoints and cover begin to end, so
 * their lengths sum exactly to the duration. Work names its `span`, a wait the `edge` that it lies on.
 */
const segmentSchema = z.object({
  fromNs: nanosecondsSchema,
  toNs: nanosecondsSchema,
  kind: z.enum(SEGMENT_KINDS),
  span: spanRefSchema.optional(),
  edge: z.object({ from: spanRefSchema, to: spanRefSchema }).optional(),
  label: z.string(),
  slackNs: nanosecondsSchema,
});
export type Segment = z.output<typeof segmentSchema>;

/** All segments of one label and kind together, in the order of first appearance. */
const stageSchema = z.object({
  label: z.string(),
  kind: z.enum(SEGMENT_KINDS),
  ns: nanosecondsSchema,
});
export type Stage = z.output<typeof stageSchema>;

/** Another order that shares a batch or match. `via`: the shared span. `arrivalNs`: when it joined. */
const siblingSchema = z.object({
  key: z.string(),
  span: spanRefSchema,
  via: spanRefSchema,
  arrivalNs: nanosecondsSchema.optional(),
});
export type Sibling = z.output<typeof siblingSchema>;

const allocationSchema = z.object({
  fillId: z.string(),
  /** Decimal strings: this order's part, the whole fill, the fill's price. */
  quantity: z.string(),
  fillQuantity: z.string(),
  price: z.string(),
  match: spanRefSchema,
  timeNs: nanosecondsSchema,
});
export type Allocation = z.output<typeof allocationSchema>;

/** Decimal strings. `conserved`: each fill's and the order's allocations sum as they must. */
const quantitiesSchema = z.object({
  ordered: z.string(),
  filled: z.string(),
  leaves: z.string(),
  allocations: z.array(allocationSchema),
  conserved: z.boolean(),
});
export type Quantities = z.output<typeof quantitiesSchema>;

const WARNING_CODES = [
  'missing_parent',
  'missing_link_target',
  'cycle',
  'negative_duration',
  'dropped_links',
  'truncated',
  'not_conserved',
  'duplicate_begin',
  'clock_skew',
] as const;
export type WarningCode = (typeof WARNING_CODES)[number];

const warningSchema = z.object({
  code: z.enum(WARNING_CODES),
  message: z.string(),
  span: spanRefSchema.optional(),
});
export type Warning = z.output<typeof warningSchema>;

/**
 * One order's whole life across traces (tracing-model, section 3). `status` is the last value of the
 * status attribute, or `open` before there is one. `complete`: a terminal status was reached, nothing
 * was cut off, and no cause on the critical path is missing. `attributes` are those of the begin span, with
 * what the last update says of the order now. All times are corrected by `skew`.
 */
export const lifecycleSchema = z.object({
  name: z.string(),
  key: z.string(),
  begin: nanosecondsSchema,
  end: nanosecondsSchema,
  durationNs: nanosecondsSchema,
  status: z.string(),
  complete: z.boolean(),
  truncated: z.boolean(),
  warnings: z.array(warningSchema),
  attributes: attributesSchema,
  spans: z.array(lifecycleSpanSchema),
  edges: z.array(edgeSchema),
  segments: z.array(segmentSchema),
  stages: z.array(stageSchema),
  siblings: z.array(siblingSchema),
  quantities: quantitiesSchema.optional(),
  skew: skewSchema,
});
export type Lifecycle = z.output<typeof lifecycleSchema>;

const LIFECYCLE_FLAGS = ['open', 'error', 'gap', 'truncated', 'not_conserved'] as const;
export type LifecycleFlag = (typeof LIFECYCLE_FLAGS)[number];

/** One lifecycle in a list: everything that a row shows, without the graph. */
export const lifecycleRowSchema = lifecycleSchema
  .pick({
    name: true,
    key: true,
    begin: true,
    end: true,
    durationNs: true,
    status: true,
    complete: true,
    attributes: true,
    stages: true,
  })
  .extend({ flags: z.array(z.enum(LIFECYCLE_FLAGS)) });
export type LifecycleRow = z.output<typeof lifecycleRowSchema>;
