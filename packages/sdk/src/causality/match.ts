import type { StartedSpan } from '../tracing/started-span.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { TypedLink } from './link.ts';
import { type LinkedRootOptions, startLinkedRoot } from './linked-root.ts';

export interface MatchOptions extends LinkedRootOptions {
  readonly links: readonly TypedLink[];
}

/**
 * One operation that touches many earlier flows, each in its own role: a fill is `filled_by` what
 * brought it and `allocated_to` the orders that it fills, with the quantity on each link.
 */
export function startMatch(tracing: Tracing, name: string, options: MatchOptions): StartedSpan {
  const { links, ...rootOptions } = options;
  return startLinkedRoot(tracing, name, links, rootOptions);
}
