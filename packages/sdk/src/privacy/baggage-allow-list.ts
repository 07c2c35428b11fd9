import type { Baggage } from '@opentelemetry/api';
import { BAGGAGE_KEYS } from '@throughline/model/names';
import type { AttributeList } from '../tracing/attribute-list.ts';

/**
 * The baggage keys that may enter, leave, and be copied onto spans. Everything else stays where it
 * is: baggage goes to whoever receives a message, so it must not carry what nobody meant to send.
 */
export class BaggageAllowList {
  readonly keys: readonly string[];
  readonly #set: ReadonlySet<string>;

  constructor(keys: readonly string[] = BAGGAGE_KEYS) {
    this.keys = [...keys];
    this.#set = new Set(keys);
  }

  readonly allows = (key: string): boolean => this.#set.has(key);

  /** Copies allowed baggage onto a span at its start. What the span itself says stays. */
  copy(baggage: Baggage, attributes: AttributeList): void {
    for (const [key, { value }] of baggage.getAllEntries()) {
      if (this.allows(key) && attributes.get(key) === undefined) attributes.set(key, value);
    }
  }
}
