import {
  type Context,
  ROOT_CONTEXT,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api';
import { isWithheld } from '../privacy/withheld-context.ts';

/**
 * The propagator behind OpenTelemetry's global API, which is the one of instrumentation libraries. It
 * gives nothing to hosts that are not trusted; at a public endpoint it takes nothing from clients but
 * the ids that the server's span links to. Messages go by the tracing's own propagator.
 */
export class GlobalPropagator implements TextMapPropagator {
  readonly #propagator: TextMapPropagator;
  readonly #publicEndpoint: boolean;

  constructor(propagator: TextMapPropagator, publicEndpoint: boolean) {
    this.#propagator = propagator;
    this.#publicEndpoint = publicEndpoint;
  }

  fields(): string[] {
    return this.#propagator.fields();
  }

  inject<C>(context: Context, carrier: C, setter: TextMapSetter<C>): void {
    const span = trace.getSpan(context);
    if (!span || !isWithheld(span)) this.#propagator.inject(context, carrier, setter);
  }

  extract<C>(context: Context, carrier: C, getter: TextMapGetter<C>): Context {
    if (!this.#publicEndpoint) return this.#propagator.extract(context, carrier, getter);
    const sent = trace.getSpanContext(this.#propagator.extract(ROOT_CONTEXT, carrier, getter));
    if (!sent) return context;
    const { traceId, spanId, traceFlags } = sent;
    return trace.setSpanContext(context, { traceId, spanId, traceFlags, isRemote: true });
  }
}
