import {
  type Attributes,
  type Context,
  isSpanContextValid,
  type Link,
  type SpanContext,
  trace,
} from '@opentelemetry/api';
import { ATTR, type LinkType } from '@throughline/model/names';
import type { Carrier } from '../propagation/carrier.ts';
import { hasValidIds } from '../propagation/trace-parent.ts';
import type { Tracing } from '../tracing/tracing.ts';

/** The span that a link points to, in whatever form the linking code has it. */
export type LinkSource =
  | { readonly context: Context }
  | { readonly spanContext: SpanContext | undefined }
  | { readonly carrier: Carrier };

/** A link to be: `attributes` say what of the linked span came here, such as `fill.quantity`. */
export type TypedLink = LinkSource & {
  readonly type: LinkType;
  readonly attributes?: Attributes | undefined;
};

/**
 * The link, or `undefined` when its source holds no usable context. Baggage is never taken along.
 */
export function toLink(tracing: Tracing, link: TypedLink): Link | undefined {
  const spanContext = spanContextOf(tracing, link);
  if (!spanContext) return undefined;
  // The API's own check is the wider one, and slow.
  if (!hasValidIds(spanContext) && !isSpanContextValid(spanContext)) return undefined;
  return { context: spanContext, attributes: { ...link.attributes, [ATTR.linkType]: link.type } };
}

function spanContextOf(tracing: Tracing, source: LinkSource): SpanContext | undefined {
  if ('carrier' in source) return tracing.propagator.read(source.carrier).spanContext;
  if ('context' in source) return trace.getSpanContext(source.context);
  return source.spanContext;
}
