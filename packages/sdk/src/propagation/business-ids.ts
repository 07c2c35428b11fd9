import { type Context, propagation } from '@opentelemetry/api';

/**
 * Ids of the business by attribute name, such as `user.id`. `undefined` leaves the key as it was.
 */
export type BusinessIds = Readonly<Record<string, string | undefined>>;

/**
 * The context with the ids as baggage: they appear as attributes on every span started in it, and
 * travel with every message sent from it, as far as the baggage allow-list lets them.
 */
export function withBusinessIds(context: Context, ids: BusinessIds): Context {
  let baggage = propagation.getBaggage(context);
  for (const key in ids) {
    const value = ids[key];
    if (value === undefined) continue;
    baggage = (baggage ?? propagation.createBaggage()).setEntry(key, { value });
  }
  return baggage ? propagation.setBaggage(context, baggage) : context;
}
