interface Entry {
  readonly key: string;
  readonly dueMs: number;
}

/** Entries that are no longer of use are kept up to so many beyond those that are. */
const STALE_MAX = 64;

/**
 * What becomes due, the earliest first: a binary heap. What is removed stays in it until it would be
 * due or half of the heap is stale, so its size is bounded by what is in use. Pure.
 */
export class ExpiryQueue {
  readonly #dueByKey = new Map<string, number>();
  #heap: Entry[] = [];

  get size(): number {
    return this.#dueByKey.size;
  }

  /** When the next is due; undefined when nothing is in it. */
  get nextMs(): number | undefined {
    for (let first = this.#heap[0]; first; first = this.#heap[0]) {
      if (this.#isInUse(first)) return first.dueMs;
      this.#pop();
    }
    return undefined;
  }

  add(key: string, dueMs: number): void {
    this.#dueByKey.set(key, dueMs);
    this.#push({ key, dueMs });
  }

  remove(key: string): void {
    if (!this.#dueByKey.delete(key)) return;
    if (this.#heap.length <= 2 * this.size + STALE_MAX) return;
    const inUse = this.#heap.filter((entry) => this.#isInUse(entry));
    this.#heap = [];
    for (const entry of inUse) this.#push(entry);
  }

  /** Takes out what is due, in the order of its time. */
  due(nowMs: number): string[] {
    const keys: string[] = [];
    for (let next = this.nextMs; next !== undefined && next <= nowMs; next = this.nextMs) {
      const entry = this.#pop();
      if (!entry) break;
      this.#dueByKey.delete(entry.key);
      keys.push(entry.key);
    }
    return keys;
  }

  #isInUse({ key, dueMs }: Entry): boolean {
    return this.#dueByKey.get(key) === dueMs;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#swapIfEarlier(at, above)) return;
      at = above;
    }
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return first;
    heap[0] = last;
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const below = isEarlier(heap[right], heap[left]) ? right : left;
      if (below >= heap.length || !this.#swapIfEarlier(below, at)) return first;
      at = below;
    }
  }

  #swapIfEarlier(below: number, above: number): boolean {
    const [low, high] = [this.#heap[below], this.#heap[above]];
    if (!low || !high || !isEarlier(low, high)) return false;
    this.#heap[below] = high;
    this.#heap[above] = low;
    return true;
  }
}

function isEarlier(left: Entry | undefined, right: Entry | undefined): boolean {
  return left !== undefined && (right === undefined || left.dueMs < right.dueMs);
}
