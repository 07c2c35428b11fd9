import {
  type Attributes,
  isSpanContextValid,
  type Link,
  type SpanContext,
} from '@opentelemetry/api';
import { ATTR, LINK_TYPE } from '@throughline/model/names';
import { toLink } from '../causality/link.ts';
import { registryKey, SpanContextRegistry } from '../causality/registry.ts';
import type { Tracing } from '../tracing/tracing.ts';

/** One delivery of a message by a broker that delivers again what was not acknowledged. */
export interface Delivery {
  /** `messaging.system`. */
  readonly system: string;
  /** What names the message for one consumer, the same at every delivery. */
  readonly message: readonly string[];
  /**
   * It was delivered before, to this process or another. Left out where the broker does not tell:
   * then it was if an attempt is remembered.
   */
  readonly isRedelivered?: boolean;
  /** Deliveries so far, this one included, where the broker counts them. */
  readonly count?: number;
}

/** Attempts remembered: those not settled yet, and as many late ones as fit. */
const ATTEMPTS_MAX = 10_000;

const registries = new WeakMap<Tracing, SpanContextRegistry>();

/**
 * What the span of a delivery says about earlier ones: `messaging.redelivered` with the count, and
 * the link to the previous attempt, when that was made in this process and is still remembered. A
 * first delivery says nothing.
 */
export function describeRedelivery(
  tracing: Tracing,
  delivery: Delivery,
): { readonly attributes: Attributes; readonly links: readonly Link[] } {
  const { count } = delivery;
  const attempts = attemptsOf(tracing);
  const key = keyOf(delivery);
  const isRedelivered = delivery.isRedelivered ?? attempts.has(key);
  if (!isRedelivered) return { attributes: {}, links: [] };
  const spanContext = attempts.get(key);
  const link = toLink(tracing, { spanContext, type: LINK_TYPE.redeliveryOf });
  return {
    attributes: {
      [ATTR.messagingRedelivered]: true,
      ...(count === undefined ? {} : { [ATTR.messagingDeliveryCount]: count }),
    },
    links: link ? [link] : [],
  };
}

/** Remembers the span of this attempt, for a link from the next one, until the message is settled. */
export function rememberAttempt(
  tracing: Tracing,
  delivery: Delivery,
  spanContext: SpanContext,
): void {
  if (isSpanContextValid(spanContext)) attemptsOf(tracing).set(keyOf(delivery), spanContext);
}

/** Forgets the message's attempts: it was acknowledged or terminated and does not come again. */
export function forgetAttempts(tracing: Tracing, delivery: Delivery): void {
  attemptsOf(tracing).delete(keyOf(delivery));
}

/** Not among the tracing's own: that an old attempt is forgotten is no correlation lost. */
function attemptsOf(tracing: Tracing): SpanContextRegistry {
  const known = registries.get(tracing);
  if (known) return known;
  const created = new SpanContextRegistry({ entriesMax: ATTEMPTS_MAX });
  registries.set(tracing, created);
  return created;
}

function keyOf(delivery: Delivery): string {
  return registryKey(delivery.system, ...delivery.message);
}
