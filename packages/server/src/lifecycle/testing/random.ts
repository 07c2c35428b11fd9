/** Random choices from a seed, so that a failing run can be repeated. */
export interface Random {
  /** An integer from `min` to `max`, both included. */
  integer(min: number, max: number): number;
  chance(probability: number): boolean;
  /** A part of the items that is not empty. */
  some<T>(items: readonly T[]): T[];
}

/** A linear congruential generator with the constants of Numerical Recipes, upper bits used. */
export function seededRandom(seed: number): Random {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  const fraction = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
  const integer = (min: number, max: number) => min + Math.floor(fraction() * (max - min + 1));
  return {
    integer,
    chance: (probability) => fraction() < probability,
    some(items) {
      const chosen = items.filter(() => fraction() < 0.6);
      return chosen.length > 0 ? chosen : items.slice(0, 1);
    },
  };
}
