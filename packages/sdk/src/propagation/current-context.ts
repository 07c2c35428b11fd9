import { type Context, context as contextApi, ROOT_CONTEXT } from '@opentelemetry/api';
import { currentTracing } from '../tracing/current-tracing.ts';
import { type BusinessIds, withBusinessIds } from './business-ids.ts';
import type { Carrier } from './carrier.ts';

/**
 * What a message has to carry for its consumer to go on with the context given, or else the active
 * one: trace context, trace state and allowed baggage. Empty when there is nothing to carry.
 */
export function injectCurrentContext(context: Context = contextApi.active()): Carrier {
  const carrier: Carrier = {};
  currentTracing().propagator.inject(context, carrier);
  return carrier;
}

/**
 * The context that a message carried, to start the consumer's span in. It never contains anything of
 * the context that happens to be active where messages are taken from.
 */
export function extractContextFromCarrier(carrier: Carrier): Context {
  return currentTracing().propagator.extract(ROOT_CONTEXT, carrier);
}

/**
 * Runs the function, sync or async, with the business ids added to the baggage of the active
 * context: every span started in it has them, and every message sent from it carries them.
 *
 * @returns what the function returns
 */
export function withBaggage<T>(ids: BusinessIds, fn: () => T): T {
  return contextApi.with(withBusinessIds(contextApi.active(), ids), fn);
}
