import { type Link, TraceFlags } from '@opentelemetry/api';
import { ATTR, LINK_TYPE } from '@throughline/model/names';
import type { Carrier } from '../propagation/carrier.ts';
import type { ExtractedContext } from '../propagation/propagator.ts';
import type { Tracing } from '../tracing/tracing.ts';

/** What a message from outside leaves of its context: a link, and nothing to continue. */
export interface UntrustedContext {
  readonly spanContext: undefined;
  readonly baggage: undefined;
  /** `undefined` when no usable context came. */
  readonly link: Link | undefined;
}

/**
 * The context of a message that came from outside, such as from a client. It is never continued, or
 * a client could write into our traces: its trace is only linked to. Its baggage is dropped, with its
 * trace state and its sampling decision: what we keep and what we forward is not for it to say.
 */
export function atTrustBoundary({
  spanContext,
}: Pick<ExtractedContext, 'spanContext'>): UntrustedContext {
  if (!spanContext) return { spanContext: undefined, baggage: undefined, link: undefined };
  const { traceId, spanId } = spanContext;
  const link: Link = {
    context: { traceId, spanId, traceFlags: TraceFlags.NONE, isRemote: true },
    attributes: { [ATTR.linkType]: LINK_TYPE.clientContext },
  };
  return { spanContext: undefined, baggage: undefined, link };
}

/**
 * The link to a context that came from outside ({@link atTrustBoundary}).
 *
 * @returns `undefined` when the carrier holds no usable context
 */
export function untrustedContextLink(tracing: Tracing, carrier: Carrier): Link | undefined {
  return atTrustBoundary(tracing.propagator.read(carrier)).link;
}
