import {
  type Baggage,
  type Context,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import type { BaggageAllowList } from '../privacy/baggage-allow-list.ts';
import { formatBaggage, parseBaggage } from './baggage.ts';
import { type Carrier, carrierGetter, carrierSetter, collectHeaders } from './carrier.ts';
import { formatTraceParent, parseTraceParent } from './trace-parent.ts';
import { StrictTraceState } from './trace-state.ts';

/** What a carrier held. `baggage` has allowed keys only. */
export interface ExtractedContext {
  readonly spanContext: SpanContext | undefined;
  readonly baggage: Baggage | undefined;
  readonly outcome: 'withContext' | 'withoutContext' | 'malformed';
}

/** OpenTelemetry's propagator, with string maps as the carriers that need no getter and setter. */
export interface CarrierPropagator extends TextMapPropagator {
  inject(context: Context, carrier: Carrier): void;
  inject<C>(context: Context, carrier: C, setter: TextMapSetter<C>): void;
  /** @returns the context with what the carrier held; unchanged when it held nothing usable */
  extract(context: Context, carrier: unknown): Context;
  extract<C>(context: Context, carrier: C, getter: TextMapGetter<C>): Context;
  /** Like `extract`, telling a missing context from a malformed one. */
  read(carrier: unknown): ExtractedContext;
}

/**
 * W3C Trace Context 2 and Baggage by the letter, over any carrier. Nothing that a carrier holds
 * makes it throw. Several `traceparent` values mean that somebody went wrong: a new trace is
 * started.
 */
export class StrictPropagator implements CarrierPropagator {
  readonly #allowList: BaggageAllowList;

  constructor(allowList: BaggageAllowList) {
    this.#allowList = allowList;
  }

  fields(): string[] {
    return ['traceparent', 'tracestate', 'baggage'];
  }

  inject<C>(
    context: Context,
    carrier: C,
    setter: TextMapSetter<C> = carrierSetter as TextMapSetter<unknown>,
  ): void {
    if (isTracingSuppressed(context)) return;
    const spanContext = trace.getSpanContext(context);
    if (spanContext && isSpanContextValid(spanContext)) {
      setter.set(carrier, 'traceparent', formatTraceParent(spanContext));
      const traceState = spanContext.traceState?.serialize();
      if (traceState) setter.set(carrier, 'tracestate', traceState);
    }
    const baggage = propagation.getBaggage(context);
    if (!baggage) return;
    const header = formatBaggage(baggage, this.#allowList.allows);
    if (header !== '') setter.set(carrier, 'baggage', header);
  }

  extract<C>(
    context: Context,
    carrier: C,
    getter: TextMapGetter<C> = carrierGetter as TextMapGetter<C>,
  ): Context {
    const { spanContext, baggage } = this.read(carrier, getter);
    const withSpan = spanContext ? trace.setSpanContext(context, spanContext) : context;
    return baggage ? propagation.setBaggage(withSpan, baggage) : withSpan;
  }

  read<C>(
    carrier: C,
    getter: TextMapGetter<C> = carrierGetter as TextMapGetter<C>,
  ): ExtractedContext {
    const headers = collectHeaders(carrier, getter);
    const baggage =
      headers.baggage.length === 0
        ? undefined
        : parseBaggage(headers.baggage, this.#allowList.allows);
    const [traceparent, ...others] = headers.traceparent;
    if (traceparent === undefined) {
      return { spanContext: undefined, baggage, outcome: 'withoutContext' };
    }
    const spanContext = others.length === 0 ? parseTraceParent(traceparent) : undefined;
    if (!spanContext) return { spanContext, baggage, outcome: 'malformed' };
    const traceState = StrictTraceState.parse(headers.tracestate);
    if (traceState) spanContext.traceState = traceState;
    return { spanContext, baggage, outcome: 'withContext' };
  }
}

/** Tracing is disabled: nothing is put into messages, and nothing taken out. */
export const noopPropagator: CarrierPropagator = {
  fields: () => [],
  inject: () => undefined,
  extract: (context: Context = ROOT_CONTEXT) => context,
  read: () => ({ spanContext: undefined, baggage: undefined, outcome: 'withoutContext' }),
};
