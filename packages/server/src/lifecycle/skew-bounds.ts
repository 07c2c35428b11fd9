/**
 * What is known of how far clocks are apart, each pair by its least upper bound:
 * `offset(to) - offset(from) <= ns`. Always closed: a bound is the tightest that follows from all of
 * them together, so any offset between the two bounds of a pair can be had (a difference bound matrix,
 * Dill 1989). Clocks are numbered from 0.
 */
export class SkewBounds {
  readonly #rows: (bigint | undefined)[][];

  constructor(clocks: number) {
    this.#rows = Array.from({ length: clocks }, (_, from) =>
      Array.from({ length: clocks }, (__, to) => (from === to ? 0n : undefined)),
    );
  }

  /** The most by which `to` can be ahead of `from`; `undefined` when nothing says. */
  most(from: number, to: number): bigint | undefined {
    return this.#rows[from]?.[to];
  }

  /** The least by which `to` is ahead of `from`. */
  least(from: number, to: number): bigint | undefined {
    const back = this.most(to, from);
    return back === undefined ? undefined : -back;
  }

  /**
   * Adds a bound, and what follows from it.
   *
   * @returns whether it can be true beside the others; if not, nothing is changed
   */
  tighten(from: number, to: number, ns: bigint): boolean {
    const least = this.least(from, to);
    if (least !== undefined && ns < least) return false;
    const known = this.most(from, to);
    if (known !== undefined && known <= ns) return true;
    const ends = this.#rows[to] ?? [];
    for (const row of this.#rows) {
      const before = row[from];
      if (before === undefined) continue;
      for (const [end, after] of ends.entries()) {
        if (after === undefined) continue;
        const through = before + ns + after;
        const direct = row[end];
        if (direct === undefined || through < direct) row[end] = through;
      }
    }
    return true;
  }

  /** Takes the offset for true, if it can be. */
  fix(from: number, to: number, ns: bigint): boolean {
    const [least, most] = [this.least(from, to), this.most(from, to)];
    if ((least !== undefined && ns < least) || (most !== undefined && ns > most)) return false;
    this.tighten(from, to, ns);
    this.tighten(to, from, -ns);
    return true;
  }

  copy(): SkewBounds {
    const copy = new SkewBounds(0);
    copy.#rows.push(...this.#rows.map((row) => [...row]));
    return copy;
  }
}
