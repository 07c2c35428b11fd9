import type { Link } from '@opentelemetry/api';
import { LINK_TYPE } from '@throughline/model';
import { toLink } from '../causality/link.ts';
import type { Carrier } from '../propagation/carrier.ts';
import type { Tracing } from '../tracing/tracing.ts';

/**
 * The link to a context that came from outside, such as from a client. It is never continued, or a
 * client could write into our traces and decide what we sample; its baggage is dropped.
 *
 * @returns `undefined` when the carrier holds no usable context
 */
export function untrustedContextLink(tracing: Tracing, carrier: Carrier): Link | undefined {
  return toLink(tracing, { carrier, type: LINK_TYPE.clientContext });
}
