import { type Attributes, type HrTime, type Link, SpanKind, trace } from '@opentelemetry/api';
import { ATTR } from '@throughline/model/names';
import { type BusinessIds, withBusinessIds } from '../propagation/business-ids.ts';
import { MESSAGE_ROOT } from '../propagation/chained-context.ts';
import { isSampled } from '../sampling/sampler.ts';
import { AttributeList } from '../tracing/attribute-list.ts';
import { noSpan, type StartedSpan, startedSpan } from '../tracing/started-span.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { type TypedLink, toLink } from './link.ts';
import { startSupplements } from './supplements.ts';

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
  const links = linksTo(tracing, causes);
  const parent = withBusinessIds(MESSAGE_ROOT, options.businessIds ?? {});
  const { startTime } = options;
  const attributes = new AttributeList();
  if (links.length < causes.length) attributes.add(ATTR.correlation, 'missed');
  attributes.setAll(options.attributes);
  const span = tracing.tracer.startWith(name, parent, {
    kind: options.kind ?? SpanKind.INTERNAL,
    attributes,
    links: links.slice(0, tracing.linkCountLimit),
    startTime,
  });
  const context = trace.setSpan(parent, span);
  const supplements = startSupplements(tracing, name, links, context, startTime);
  return startedSpan(span, parent, supplements);
}

/**
 * Where there are more than the root keeps, sampled ones first: a sampler sees only those on the root,
 * and has to see that one is sampled.
 */
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
