import {
  type Context,
  propagation,
  type TextMapGetter,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api';
import { BaggageAllowList } from '../privacy/baggage-allow-list.ts';
import {
  type CarrierPropagator,
  type ExtractedContext,
  noopPropagator,
  StrictPropagator,
} from '../propagation/propagator.ts';
import type { PropagationConfig } from './config.ts';

/** The propagator that the configuration asks for (`OTEL_PROPAGATORS`). */
export function servicePropagator(
  { form, baggage }: PropagationConfig,
  allowList: BaggageAllowList,
): CarrierPropagator {
  if (form === 'none') {
    return baggage ? new BaggagePropagator(new StrictPropagator(allowList)) : noopPropagator;
  }
  return new StrictPropagator(baggage ? allowList : new BaggageAllowList([]), { form });
}

/** Trace context neither enters nor leaves: services that share a business, not their traces. */
class BaggagePropagator implements CarrierPropagator {
  readonly #propagator: StrictPropagator;

  constructor(propagator: StrictPropagator) {
    this.#propagator = propagator;
  }

  fields(): string[] {
    return ['baggage'];
  }

  inject<C>(context: Context, carrier: C, setter?: TextMapSetter<C>): void {
    this.#propagator.inject(trace.deleteSpan(context), carrier, setter);
  }

  extract<C>(context: Context, carrier: C, getter?: TextMapGetter<C>): Context {
    const { baggage } = this.#propagator.read(carrier, getter);
    return baggage ? propagation.setBaggage(context, baggage) : context;
  }

  read(carrier: unknown): ExtractedContext {
    const { baggage } = this.#propagator.read(carrier);
    return { spanContext: undefined, baggage, outcome: 'withoutContext' };
  }
}
