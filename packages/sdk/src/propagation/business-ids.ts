import { type Context, propagation } from '@opentelemetry/api';
import type { BaggageMember } from './baggage.ts';
import { messageContext } from './chained-context.ts';
import { StrictBaggage } from './strict-baggage.ts';

/**
 * Ids of the business by attribute name, such as `user.id`. `undefined` leaves the key as it was.
 */
export type BusinessIds = Readonly<Record<string, string | undefined>>;

/**
 * The context with the ids as baggage: they appear as attributes on every span started in it, and
 * travel with every message sent from it, as far as the baggage allow-list lets them.
 */
export function withBusinessIds(context: Context, ids: BusinessIds): Context {
  const changes: BaggageMember[] = [];
  for (const key in ids) {
    const value = ids[key];
    if (value !== undefined) changes.push([key, { value }]);
  }
  if (changes.length === 0) return context;
  const baggage = propagation.getBaggage(context);
  const before = baggage ? StrictBaggage.from(baggage) : new StrictBaggage([]);
  return propagation.setBaggage(messageContext(context), before.with(changes));
}
