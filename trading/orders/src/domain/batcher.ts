import type { Side } from './client-order.ts';

type BatchTrigger = 'size' | 'time' | 'close';

/** Orders of one symbol and side, in the order of their arrival. Never empty. */
export interface Batch<Member> {
  readonly symbol: string;
  readonly side: Side;
  readonly members: readonly Member[];
  readonly trigger: BatchTrigger;
}

export interface BatcherOptions {
  /** Members that make a batch full. */
  readonly membersMax: number;
  /** How long the first member waits for others. */
  readonly lingerNs: bigint;
}

interface OpenBatch<Member> {
  readonly symbol: string;
  readonly side: Side;
  readonly members: Member[];
  readonly dueNs: bigint;
}

/**
 * Gathers orders into batches, one per symbol and side: a batch is complete when it is full
 * (`size`), when its first member has waited long enough (`time`), or at the end (`close`). Pure:
 * the caller tells the time, on any clock that does not go back.
 */
export class Batcher<Member extends { readonly symbol: string; readonly side: Side }> {
  readonly #membersMax: number;
  readonly #lingerNs: bigint;
  /** In the order in which they become due: all linger equally long. */
  readonly #open = new Map<string, OpenBatch<Member>>();

  constructor({ membersMax, lingerNs }: BatcherOptions) {
    this.#membersMax = membersMax;
    this.#lingerNs = lingerNs;
  }

  /** @returns the batch that this member makes full, if it does */
  add(member: Member, nowNs: bigint): Batch<Member> | undefined {
    const { symbol, side } = member;
    const key = `${symbol}/${side}`;
    const open = this.#open.get(key) ?? {
      symbol,
      side,
      members: [],
      dueNs: nowNs + this.#lingerNs,
    };
    open.members.push(member);
    if (open.members.length < this.#membersMax) {
      this.#open.set(key, open);
      return undefined;
    }
    this.#open.delete(key);
    return complete(open, 'size');
  }

  /** When the next batch is due; undefined while none is open. */
  get dueNs(): bigint | undefined {
    for (const { dueNs } of this.#open.values()) return dueNs;
    return undefined;
  }

  /** Takes out the batches whose time has come, the longest waiting first. */
  due(nowNs: bigint): Batch<Member>[] {
    const batches: Batch<Member>[] = [];
    for (const [key, open] of this.#open) {
      if (open.dueNs > nowNs) break;
      this.#open.delete(key);
      batches.push(complete(open, 'time'));
    }
    return batches;
  }

  /** Takes out the member that fits, if it still waits. The others go on waiting as before. */
  remove(fits: (member: Member) => boolean): Member | undefined {
    for (const [key, open] of this.#open) {
      const index = open.members.findIndex(fits);
      if (index < 0) continue;
      const [removed] = open.members.splice(index, 1);
      if (open.members.length === 0) this.#open.delete(key);
      return removed;
    }
    return undefined;
  }

  /** Takes out everything. */
  close(): Batch<Member>[] {
    const batches = [...this.#open.values()].map((open) => complete(open, 'close'));
    this.#open.clear();
    return batches;
  }
}

/** The batch of a member that is never batched with others: full with one. */
export function batchOfOne<Member extends { readonly symbol: string; readonly side: Side }>(
  member: Member,
): Batch<Member> {
  const { symbol, side } = member;
  return { symbol, side, members: [member], trigger: 'size' };
}

function complete<Member>(open: OpenBatch<Member>, trigger: BatchTrigger): Batch<Member> {
  const { symbol, side, members } = open;
  return { symbol, side, members, trigger };
}
