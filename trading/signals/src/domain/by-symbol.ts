const SYMBOLS_MAX = 256;

/** What a service keeps for each symbol, made when the symbol is first seen. */
export class BySymbol<T> {
  readonly #create: (symbol: string) => T;
  readonly #values = new Map<string, T>();

  constructor(create: (symbol: string) => T) {
    this.#create = create;
  }

  /** @returns undefined for a symbol that is one too many: what is kept stays bounded */
  of(symbol: string): T | undefined {
    const known = this.#values.get(symbol);
    if (known !== undefined || this.#values.size >= SYMBOLS_MAX) return known;
    const created = this.#create(symbol);
    this.#values.set(symbol, created);
    return created;
  }

  find(symbol: string): T | undefined {
    return this.#values.get(symbol);
  }

  [Symbol.iterator](): IterableIterator<[string, T]> {
    return this.#values.entries();
  }
}
