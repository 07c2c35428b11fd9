import type { Attributes } from '@opentelemetry/api';
import { LINK_TYPE, type LinkType } from '@throughline/model/names';
import type { StartedSpan } from '../tracing/started-span.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { LinkSource, TypedLink } from './link.ts';
import { type LinkedRootOptions, startLinkedRoot } from './linked-root.ts';

/**
 * What one message brings into a batch. `attributes` go on its link: what differs between members.
 */
export type FanInMember = LinkSource & { readonly attributes?: Attributes };

export interface FanInOptions extends LinkedRootOptions {
  readonly members: readonly FanInMember[];
  /** `member_of` by default. */
  readonly linkType?: LinkType;
}

/**
 * Many messages, one operation: starts a new trace with a link to each member (OpenTelemetry
 * messaging spans, batches). The members' baggage is dropped; `businessIds` is the batch's own.
 */
export function startFanIn(tracing: Tracing, name: string, options: FanInOptions): StartedSpan {
  const { members, linkType = LINK_TYPE.memberOf, ...rootOptions } = options;
  const causes = members.map((member): TypedLink => ({ ...member, type: linkType }));
  return startLinkedRoot(tracing, name, causes, rootOptions);
}
