import type { Context, Link, Span, TimeInput } from '@opentelemetry/api';
import { ATTR } from '@throughline/model/names';
import type { Tracing } from '../tracing/tracing.ts';

/**
 * Starts the supplement spans of a span: children of the same name, marked `throughline.supplement`,
 * which carry the links beyond those that one span keeps. End them with it.
 *
 * @param links all of them; the span itself has the first `tracing.linkCountLimit`
 * @param context the span's own
 */
export function startSupplements(
  tracing: Tracing,
  name: string,
  links: readonly Link[],
  context: Context,
  startTime?: TimeInput,
): Span[] {
  const limit = tracing.linkCountLimit;
  const supplements: Span[] = [];
  for (let from = limit; from < links.length; from += limit) {
    const supplement = {
      ...(startTime === undefined ? {} : { startTime }),
      links: links.slice(from, from + limit),
      attributes: { [ATTR.supplement]: true },
    };
    supplements.push(tracing.tracer.startSpan(name, supplement, context));
  }
  return supplements;
}
