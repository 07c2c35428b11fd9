/** The values that were added last: when it is full, the oldest goes. */
export class BoundedSet<T> {
  readonly #max: number;
  readonly #values = new Set<T>();

  constructor(max: number) {
    this.#max = max;
  }

  has(value: T): boolean {
    return this.#values.has(value);
  }

  add(value: T): void {
    this.#values.add(value);
    if (this.#values.size <= this.#max) return;
    // A set keeps the order in which its values came.
    const [oldest] = this.#values;
    this.#values.delete(oldest as T);
  }
}
