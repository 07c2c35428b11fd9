import {
  type Attributes,
  type HrTime,
  type Link,
  type Span,
  SpanKind,
  trace,
} from '@opentelemetry/api';
import { ATTR } from '@throughline/model/names';
import { type BusinessIds, withBusinessIds } from '../propagation/business-ids.ts';
import { MESSAGE_ROOT } from '../propagation/chained-context.ts';
import { isSampled } from '../sampling/sampler.ts';
import { AttributeList } from '../tracing/attribute-list.ts';
import { noSpan, type StartedSpan, startedSpan } from '../tracing/started-span.ts';
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
  if (!tracing.enabled) return noSpan(MESSAGE_ROOT);
  const limit = tracing.linkCountLimit;
  const links = linksTo(tracing, causes);
  const parent = withBusinessIds(MESSAGE_ROOT, options.businessIds ?? {});
  const { startTime } = options;
  const attributes = new AttributeList();
  if (links.length < causes.length) attributes.add(ATTR.correlation, 'missed');
  attributes.setAll(options.attributes);
  const span = tracing.tracer.startWith(name, parent, {
    kind: options.kind ?? SpanKind.INTERNAL,
    attributes,
    links: links.slice(0, limit),
    startTime,
  });
  const supplements: Span[] = [];
  const supplementParent = trace.setSpan(parent, span);
  for (let from = limit; from < links.length; from += limit) {
    const supplement = {
      ...(startTime === undefined ? {} : { startTime }),
      links: links.slice(from, from + limit),
      attributes: { [ATTR.supplement]: true },
    };
    supplements.push(tracing.tracer.startSpan(name, supplement, supplementParent));
  }
  return startedSpan(span, parent, supplements);
}

/** Those that cannot be on the root come last, and are never the ones that have it sampled. */
function linksTo(tracing: Tracing, causes: readonly TypedLink[]): Link[] {
  const links: Link[] = [];
  for (const cause of causes) {
    const link = toLink(tracing, cause);
    if (link) links.push(link);
  }
  if (links.length <= tracing.linkCountLimit) return links;
  return [
    ...links.filter(({ context }) => isSampled(context)),
    ...links.filter(({ context }) => !isSampled(context)),
  ];
}
