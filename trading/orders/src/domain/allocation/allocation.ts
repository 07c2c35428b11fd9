import type { Allocate } from './allottee.ts';
import { allocateFifo, FIFO } from './fifo.ts';
import { allocateProRata, PRO_RATA } from './pro-rata.ts';
import { allocateProRataMinLotsFifo, PRO_RATA_MIN_LOTS_FIFO } from './pro-rata-min-lots-fifo.ts';

/** The rules there are; also the values of `allocation.method`. */
export const ALLOCATION_METHODS = [PRO_RATA, FIFO, PRO_RATA_MIN_LOTS_FIFO] as const;
export type AllocationMethod = (typeof ALLOCATION_METHODS)[number];

/** Which rule is in force. Plain data: it crosses threads. */
export interface AllocationOptions {
  readonly method: AllocationMethod;
  /** The multiple that shares of `pro_rata_min_lots_fifo` are rounded down to, at least 1. */
  readonly lotsMin: bigint;
}

export const DEFAULT_ALLOCATION: AllocationOptions = { method: PRO_RATA, lotsMin: 2n };

/** The rule itself. */
export function allocationRule({ method, lotsMin }: AllocationOptions): Allocate {
  switch (method) {
    case PRO_RATA:
      return allocateProRata;
    case FIFO:
      return allocateFifo;
    case PRO_RATA_MIN_LOTS_FIFO:
      return (fillLots, members) => allocateProRataMinLotsFifo(fillLots, members, lotsMin);
  }
}
