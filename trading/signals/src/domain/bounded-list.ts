/** The newest entries: when it is full, the oldest goes. */
export class BoundedList<T> {
  readonly #max: number;
  readonly #entries: T[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** @returns whether an entry had to go for it */
  push(entry: T): boolean {
    this.#entries.push(entry);
    if (this.#entries.length <= this.#max) return false;
    this.#entries.shift();
    return true;
  }

  /** The newest so many, oldest first. */
  last(count: number): T[] {
    return this.#entries.slice(-count);
  }

  /** All of them, oldest first; the list is empty after it. */
  takeAll(): T[] {
    return this.#entries.splice(0);
  }
}
