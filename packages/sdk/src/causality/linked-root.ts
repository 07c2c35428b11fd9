import {
  type Attributes,
  type HrTime,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanKind,
  trace,
} from '@opentelemetry/api';
import { ATTR } from '@throughline/model';
import { type BusinessIds, withBusinessIds } from '../propagation/business-ids.ts';
import { type StartedSpan, startedSpan } from '../tracing/started-span.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { type TypedLink, toLink } from './link.ts';

export interface LinkedRootOptions {
  readonly attributes?: Attributes;
  /** The baggage of the new trace. That of the linked spans is dropped: whose should it be? */
  readonly businessIds?: BusinessIds;
  readonly kind?: SpanKind;
  /** When it began, if not now. */
  readonly startTime?: HrTime;
}

/**
 * Starts a new trace whose root links to every cause. Links beyond what one span keeps go to
 * supplement spans: children of the same name, marked `throughline.supplement`, that start and end
 * with it. A cause without usable context is left out, and the root says
 * `throughline.correlation=missed`.
 */
export function startLinkedRoot(
  tracing: Tracing,
  name: string,
  causes: readonly TypedLink[],
  options: LinkedRootOptions,
): StartedSpan {
  const links: Link[] = [];
  for (const cause of causes) {
    const link = toLink(tracing, cause);
    if (link) links.push(link);
  }
  const missed = links.length < causes.length ? { [ATTR.correlation]: 'missed' } : {};
  const parent = withBusinessIds(ROOT_CONTEXT, options.businessIds ?? {});
  const timing = options.startTime === undefined ? {} : { startTime: options.startTime };
  const span = tracing.tracer.startSpan(
    name,
    {
      ...(options.kind === undefined ? {} : { kind: options.kind }),
      ...timing,
      links: links.slice(0, tracing.linkCountLimit),
      attributes: { ...missed, ...options.attributes },
    },
    parent,
  );
  const supplements: Span[] = [];
  const supplementParent = trace.setSpan(parent, span);
  for (let from = tracing.linkCountLimit; from < links.length; from += tracing.linkCountLimit) {
    const supplement = {
      ...timing,
      links: links.slice(from, from + tracing.linkCountLimit),
      attributes: { [ATTR.supplement]: true },
    };
    supplements.push(tracing.tracer.startSpan(name, supplement, supplementParent));
  }
  return startedSpan(span, parent, supplements);
}
