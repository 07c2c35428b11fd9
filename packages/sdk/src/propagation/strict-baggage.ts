import type { Baggage, BaggageEntry } from '@opentelemetry/api';
import { type BaggageMember, formatBaggage, indexOfKey, parseBaggage } from './baggage.ts';

/**
 * Baggage that remembers its header: what came with a message is parsed when somebody first looks
 * into it, and what goes on unchanged is not written anew. Immutable. The members are few enough to
 * be searched one by one, which costs less than a map for every message.
 */
export class StrictBaggage implements Baggage {
  #members: readonly BaggageMember[] | undefined;
  #header: string | undefined;
  /** The allowed keys that the header is for. */
  #keys: ReadonlySet<string> | undefined;

  /** @param members each key once */
  constructor(members: readonly BaggageMember[] | undefined) {
    this.#members = members;
  }

  /** The allowed members of a header: see {@link parseBaggage}. */
  static fromHeader(header: string, keys: ReadonlySet<string>): StrictBaggage {
    const baggage = new StrictBaggage(undefined);
    baggage.#header = header;
    baggage.#keys = keys;
    return baggage;
  }

  /** Any other implementation's baggage as ours. */
  static from(baggage: Baggage): StrictBaggage {
    return baggage instanceof StrictBaggage ? baggage : new StrictBaggage(baggage.getAllEntries());
  }

  /** The header of the members with these keys: see {@link formatBaggage}. */
  toHeader(keys: ReadonlySet<string>): string {
    const members = this.#parsed();
    if (this.#header === undefined || this.#keys !== keys) {
      this.#header = formatBaggage(members, keys);
      this.#keys = keys;
    }
    return this.#header;
  }

  getEntry(key: string): BaggageEntry | undefined {
    const members = this.#parsed();
    return members[indexOfKey(members, key)]?.[1];
  }

  getAllEntries(): [string, BaggageEntry][] {
    return this.#parsed().map(([key, entry]) => [key, entry]);
  }

  setEntry(key: string, entry: BaggageEntry): StrictBaggage {
    return this.with([[key, entry]]);
  }

  /** Sets several at once. A key that is there keeps its place. */
  with(changes: readonly BaggageMember[]): StrictBaggage {
    const members = [...this.#parsed()];
    for (const change of changes) {
      const at = indexOfKey(members, change[0]);
      if (at < 0) members.push(change);
      else members[at] = change;
    }
    return new StrictBaggage(members);
  }

  removeEntry(key: string): StrictBaggage {
    return this.removeEntries(key);
  }

  removeEntries(...keys: string[]): StrictBaggage {
    return new StrictBaggage(this.#parsed().filter(([key]) => !keys.includes(key)));
  }

  clear(): StrictBaggage {
    return new StrictBaggage([]);
  }

  #parsed(): readonly BaggageMember[] {
    if (this.#members) return this.#members;
    const { members, isVerbatim } = parseBaggage(this.#header ?? '', this.#keys ?? new Set());
    this.#members = members;
    if (!isVerbatim) this.#header = undefined;
    return members;
  }
}
