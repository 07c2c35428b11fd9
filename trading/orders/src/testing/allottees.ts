import type { Allottee } from '../domain/allocation/allottee.ts';

/** Members that came one after the other, with so many lots left. */
export function allottees(...leaves: readonly bigint[]): Allottee[] {
  return leaves.map((leavesLots, index) => ({
    id: `u${index}/o${index}`,
    leavesLots,
    arrivalNs: BigInt(index),
  }));
}
