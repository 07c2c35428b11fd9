import { type Context, propagation } from '@opentelemetry/api';
import type { Span, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { BaggageAllowList } from './baggage-allow-list.ts';

/** Copies allowed baggage onto every span at its start. What the span itself says stays. */
export class BaggageSpanProcessor implements SpanProcessor {
  readonly #allowList: BaggageAllowList;

  constructor(allowList: BaggageAllowList) {
    this.#allowList = allowList;
  }

  onStart(span: Span, parentContext: Context): void {
    const baggage = propagation.getBaggage(parentContext);
    if (!baggage) return;
    for (const [key, { value }] of baggage.getAllEntries()) {
      if (this.#allowList.allows(key) && span.attributes[key] === undefined) {
        span.setAttribute(key, value);
      }
    }
  }

  onEnd(): void {}

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}
