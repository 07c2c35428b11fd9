import {
  type Attributes,
  type AttributeValue,
  type Baggage,
  type Link,
  type SpanContext,
  TraceFlags,
} from '@opentelemetry/api';

/** A span's own attributes, in whatever form the tracer holds them. */
export interface AttributeReader {
  get(name: string): AttributeValue | undefined;
}

/** What of a span context tells whether it is sampled. */
export type SampledFlag = Pick<SpanContext, 'traceFlags'>;

/** What is known of a span before it starts. */
export interface SamplingInput {
  /** The parent, if it has a valid one. */
  readonly parent: SpanContext | undefined;
  /** The span's own trace id: the parent's, or a new one. */
  readonly traceId: string;
  /** What the caller gave the span, without what is copied from its baggage. */
  readonly attributes: AttributeReader;
  /** All that the caller gave, before any limit: a limit must not decide what is kept. */
  readonly links: readonly Link[] | undefined;
  readonly baggage: Baggage | undefined;
}

/** Decides at its start whether a span is recorded. Pure, and never throws. */
export interface Sampler {
  readonly description: string;
  shouldSample(input: SamplingInput): boolean;
  /**
   * The decision for a child of this parent, where nothing else decides: then the rest of the input
   * need not be put together. Absent, or `undefined`: ask {@link shouldSample}.
   *
   * @param own the attributes that the caller gives the child; the sdk may add those of messaging
   */
  decideByParent?(parent: SampledFlag, own: Attributes | undefined): boolean | undefined;
}

export function isSampled({ traceFlags }: SampledFlag): boolean {
  return (traceFlags & TraceFlags.SAMPLED) !== 0;
}
