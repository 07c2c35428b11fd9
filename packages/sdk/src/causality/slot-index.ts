import { randomInt } from 'node:crypto';

const SEED_MAX = 2 ** 32;

/**
 * Which slot a key has: a hash table with linear probing that claims its memory at once and is
 * never more than half full. A `Map` of this size stops its thread for milliseconds whenever it
 * rehashes, which constant turnover makes it do again and again.
 */
export class SlotIndex {
  /** A slot plus one; 0 where there is none. */
  readonly #table: Int32Array;
  readonly #mask: number;
  /** By slot. */
  readonly #hashes: Int32Array;
  readonly #keys: (string | undefined)[] = [];
  /** Keys come from clients: with a seed that they do not know they cannot make them collide. */
  readonly #seed = randomInt(SEED_MAX) | 0;

  constructor(slotsMax: number) {
    const size = 2 ** Math.ceil(Math.log2(slotsMax * 2));
    this.#table = new Int32Array(size);
    this.#mask = size - 1;
    this.#hashes = new Int32Array(slotsMax);
  }

  hash(key: string): number {
    let hash = this.#seed;
    for (let index = 0; index < key.length; index += 1) {
      hash = Math.imul(hash ^ key.charCodeAt(index), 0x5bd1e995) + this.#seed;
      hash ^= hash >>> 15;
    }
    return hash;
  }

  /** The key's slot, or -1. @param hash of the key */
  find(key: string, hash: number): number {
    for (let at = hash & this.#mask; ; at = (at + 1) & this.#mask) {
      const slot = (this.#table[at] ?? 0) - 1;
      if (slot < 0 || (this.#hashes[slot] === hash && this.#keys[slot] === key)) return slot;
    }
  }

  /** @param key that has no slot yet @param hash of the key */
  add(key: string, hash: number, slot: number): void {
    this.#keys[slot] = key;
    this.#hashes[slot] = hash;
    let at = hash & this.#mask;
    while (this.#table[at] !== 0) at = (at + 1) & this.#mask;
    this.#table[at] = slot + 1;
  }

  /** @param slot that has a key */
  remove(slot: number): void {
    this.#keys[slot] = undefined;
    let gap = this.#home(slot);
    while (this.#table[gap] !== slot + 1) gap = (gap + 1) & this.#mask;
    // Whoever was put behind the gap for want of room moves into it, so that no search ends early.
    for (let at = (gap + 1) & this.#mask; ; at = (at + 1) & this.#mask) {
      const other = (this.#table[at] ?? 0) - 1;
      if (other < 0) break;
      const isPastGap = ((at - this.#home(other)) & this.#mask) >= ((at - gap) & this.#mask);
      if (!isPastGap) continue;
      this.#table[gap] = other + 1;
      gap = at;
    }
    this.#table[gap] = 0;
  }

  #home(slot: number): number {
    return (this.#hashes[slot] ?? 0) & this.#mask;
  }
}
