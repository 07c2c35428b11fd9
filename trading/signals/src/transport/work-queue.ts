export interface WorkQueueOptions<T> {
  readonly itemsMax: number;
  /** Must not throw. */
  readonly work: (item: T) => Promise<void>;
  readonly onDrop: (item: T) => void;
}

/**
 * Works on items one after the other. Where they come faster than that, the newest wait and the
 * oldest go.
 */
export class WorkQueue<T> {
  readonly #options: WorkQueueOptions<T>;
  readonly #items: T[] = [];
  #working: Promise<void> | undefined;

  constructor(options: WorkQueueOptions<T>) {
    this.#options = options;
  }

  push(item: T): void {
    this.#items.push(item);
    if (this.#items.length > this.#options.itemsMax) {
      this.#options.onDrop(this.#items.shift() as T);
    }
    this.#working ??= this.#work();
  }

  /** Resolves when nothing waits and nothing is being worked on. */
  async whenIdle(): Promise<void> {
    while (this.#working) await this.#working;
  }

  async #work(): Promise<void> {
    // Begins in a later turn, so that `#working` is set when it ends.
    await Promise.resolve();
    while (this.#items.length > 0) await this.#options.work(this.#items.shift() as T);
    this.#working = undefined;
  }
}
