import {
  type Baggage,
  type Context,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api';
import { BaggageAllowList } from '../privacy/baggage-allow-list.ts';
import { carriedKeys } from './baggage.ts';
import {
  type Carrier,
  COMPACT_FIELD,
  carrierSetter,
  collectHeaders,
  type PropagationHeaders,
} from './carrier.ts';
import { formatCompact, parseCompact } from './compact.ts';
import { StrictBaggage } from './strict-baggage.ts';
import { isTracingSuppressed } from './suppression.ts';
import { formatTraceParent, hasValidIds, parseTraceParent } from './trace-parent.ts';
import { StrictTraceState } from './trace-state.ts';

/** What a carrier held. `baggage` has allowed keys only, and none when no other were sent. */
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

export interface PropagatorOptions {
  /** Baggage keys that may enter and leave. Default: the model's business ids. */
  readonly baggageKeys?: readonly string[] | undefined;
  /**
   * What is written: `traceparent` and `tracestate`, or the compact `_tl`, unless there is a trace
   * state, for which that has no place. Both are read. Default `w3c`.
   */
  readonly form?: PropagationForm | undefined;
}

export type PropagationForm = 'w3c' | 'compact';

/**
 * The propagator of this library for another OpenTelemetry SDK: W3C Trace Context 2 and Baggage by
 * the letter, and the compact form.
 */
export function createPropagator(options: PropagatorOptions = {}): TextMapPropagator {
  return new StrictPropagator(new BaggageAllowList(options.baggageKeys), options);
}

/**
 * W3C Trace Context 2 and Baggage by the letter, over any carrier; with the compact form for who
 * counts bytes. Nothing that a carrier holds or does makes it throw. Several `traceparent` values
 * mean that somebody went wrong: a new trace is started.
 */
export class StrictPropagator implements CarrierPropagator {
  readonly #keys: ReadonlySet<string>;
  readonly #form: PropagationForm;

  constructor(allowList: BaggageAllowList, options: Pick<PropagatorOptions, 'form'> = {}) {
    this.#keys = carriedKeys(allowList.keys);
    this.#form = options.form ?? 'w3c';
  }

  /** All that is written in either form: what a carrier that is used again has to be rid of. */
  fields(): string[] {
    return ['traceparent', 'tracestate', 'baggage', COMPACT_FIELD];
  }

  inject<C>(
    context: Context,
    carrier: C,
    setter: TextMapSetter<C> = carrierSetter as TextMapSetter<unknown>,
  ): void {
    if (isTracingSuppressed(context)) return;
    try {
      this.#injectSpan(trace.getSpanContext(context), carrier, setter);
      const baggage = propagation.getBaggage(context);
      const header = baggage ? StrictBaggage.from(baggage).toHeader(this.#keys) : '';
      if (header !== '') setter.set(carrier, 'baggage', header);
    } catch {
      // The message goes on without its context: that is counted where it is received.
    }
  }

  extract<C>(context: Context, carrier: C, getter?: TextMapGetter<C>): Context {
    const { spanContext, baggage } = this.read(carrier, getter);
    const withSpan = spanContext ? trace.setSpanContext(context, spanContext) : context;
    // Baggage without any allowed key is none, and does not displace what the context has.
    const hasBaggage = baggage !== undefined && baggage.getAllEntries().length > 0;
    return hasBaggage ? propagation.setBaggage(withSpan, baggage) : withSpan;
  }

  read<C>(carrier: C, getter?: TextMapGetter<C>): ExtractedContext {
    let headers: PropagationHeaders;
    try {
      headers = collectHeaders(carrier, getter);
    } catch {
      return { spanContext: undefined, baggage: undefined, outcome: 'malformed' };
    }
    const baggage =
      headers.baggage === undefined
        ? undefined
        : StrictBaggage.fromHeader(headers.baggage, this.#keys);
    const { traceparent, tracestate, [COMPACT_FIELD]: compact } = headers;
    if (traceparent === undefined && compact === undefined) {
      return { spanContext: undefined, baggage, outcome: 'withoutContext' };
    }
    const spanContext =
      traceparent === undefined
        ? parseCompact(compact ?? '')
        : parseTraceParent(
            traceparent,
            tracestate === undefined ? undefined : StrictTraceState.parse(tracestate),
          );
    return { spanContext, baggage, outcome: spanContext ? 'withContext' : 'malformed' };
  }

  #injectSpan<C>(spanContext: SpanContext | undefined, carrier: C, setter: TextMapSetter<C>): void {
    if (!spanContext || !hasValidIds(spanContext)) return;
    const traceState = spanContext.traceState?.serialize();
    if (this.#form === 'compact' && !traceState) {
      setter.set(carrier, COMPACT_FIELD, formatCompact(spanContext));
      return;
    }
    setter.set(carrier, 'traceparent', formatTraceParent(spanContext));
    if (traceState) setter.set(carrier, 'tracestate', traceState);
  }
}

/** Tracing is disabled: nothing is put into messages, and nothing taken out. */
export const noopPropagator: CarrierPropagator = {
  fields: () => [],
  inject: () => undefined,
  extract: (context: Context = ROOT_CONTEXT) => context,
  read: () => ({ spanContext: undefined, baggage: undefined, outcome: 'withoutContext' }),
};
