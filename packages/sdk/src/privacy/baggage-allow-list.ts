import { BAGGAGE_KEYS } from '@throughline/model';

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
}
