/**
 * Slots 0 to below a bound, those in use in the order of their last use: a doubly linked list in
 * two arrays. Each step takes constant time.
 */
export class SlotQueue {
  /** The last place is where the list begins and ends. */
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #end: number;
  /** Released slots, linked by `next`; -1 for none. */
  #released = -1;
  /** Slots from here on were never in use. */
  #unused = 0;
  #size = 0;

  constructor(slotsMax: number) {
    this.#next = new Int32Array(slotsMax + 1);
    this.#previous = new Int32Array(slotsMax + 1);
    this.#end = slotsMax;
    this.#next[slotsMax] = slotsMax;
    this.#previous[slotsMax] = slotsMax;
  }

  get size(): number {
    return this.#size;
  }

  /** The slot whose last use is longest ago, or -1 when none is in use. */
  get oldest(): number {
    const oldest = this.#next[this.#end] ?? this.#end;
    return oldest === this.#end ? -1 : oldest;
  }

  /** Takes a free slot into use, the latest. There has to be one: `size` is less than the bound. */
  take(): number {
    let slot = this.#released;
    if (slot >= 0) {
      this.#released = this.#next[slot] ?? -1;
    } else {
      slot = this.#unused;
      this.#unused += 1;
    }
    this.#size += 1;
    this.#append(slot);
    return slot;
  }

  /** Makes a slot that is in use the latest. */
  touch(slot: number): void {
    this.#unlink(slot);
    this.#append(slot);
  }

  release(slot: number): void {
    this.#unlink(slot);
    this.#next[slot] = this.#released;
    this.#released = slot;
    this.#size -= 1;
  }

  #append(slot: number): void {
    const last = this.#previous[this.#end] ?? this.#end;
    this.#next[last] = slot;
    this.#previous[slot] = last;
    this.#next[slot] = this.#end;
    this.#previous[this.#end] = slot;
  }

  #unlink(slot: number): void {
    const next = this.#next[slot] ?? this.#end;
    const previous = this.#previous[slot] ?? this.#end;
    this.#next[previous] = next;
    this.#previous[next] = previous;
  }
}
