import { ThroughlineError } from '@throughline/model';
import { allocateProRata } from './allocation.ts';
import { type ClientOrder, clientOrderKey } from './client-order.ts';
import { ended, filled, leavesLots, newOrderState, type OrderState } from './order-state.ts';

/** An order in a batch, and when it joined. */
export interface BatchMember {
  readonly order: ClientOrder;
  readonly arrivalNs: bigint;
}

/** What an exchange order ends with when it is not filled. */
export type UnfilledEnd = 'canceled' | 'rejected' | 'expired';

/** One exchange order of a group. */
interface Slice {
  readonly exchangeOrderId: string;
  readonly lots: bigint;
}

/** What an execution did to one member. `lots` is zero when it only ended the order. */
export interface Allotment {
  readonly order: ClientOrder;
  readonly lots: bigint;
  readonly state: OrderState;
}

interface Member extends BatchMember {
  state: OrderState;
}

interface SliceState {
  leavesLots: bigint;
  end: UnfilledEnd | undefined;
}

/**
 * The execution of one price group: what its exchange orders fill is allocated to its members.
 * Orders that are not filled when the last exchange order has ended, end with it. Pure.
 */
export class GroupExecution {
  readonly #members: Member[];
  readonly #slices: Map<string, SliceState>;

  constructor(members: readonly BatchMember[], slices: readonly Slice[]) {
    this.#members = members.map((member) => ({
      ...member,
      state: newOrderState(member.order.lots),
    }));
    this.#slices = new Map(
      slices.map(({ exchangeOrderId, lots }) => [
        exchangeOrderId,
        { leavesLots: lots, end: undefined },
      ]),
    );
  }

  /** The exchange orders that may still be filled. */
  get openIds(): string[] {
    return [...this.#slices].filter(([, slice]) => isOpen(slice)).map(([id]) => id);
  }

  get done(): boolean {
    return ![...this.#slices.values()].some(isOpen);
  }

  /**
   * Allocates a fill pro rata, and ends the rest of the group if nothing can be filled any more.
   *
   * @throws ThroughlineError `TL_ALLOCATION_INVALID` when the exchange order cannot have this fill;
   *   then nothing has changed
   */
  fill(exchangeOrderId: string, lots: bigint, priceTicks: bigint): Allotment[] {
    const slice = this.#openSlice(exchangeOrderId);
    if (lots > slice.leavesLots) {
      const excess = `${lots} lots, but ${exchangeOrderId} has ${slice.leavesLots} left`;
      throw new ThroughlineError('TL_ALLOCATION_INVALID', `a fill of ${excess}`);
    }
    const shares = allocateProRata(
      lots,
      this.#members.map(({ order, arrivalNs, state }) => ({
        id: clientOrderKey(order),
        leavesLots: leavesLots(state),
        arrivalNs,
      })),
    );
    slice.leavesLots -= lots;
    return this.#settle((member, index) => {
      const share = shares[index] ?? 0n;
      if (share > 0n) member.state = filled(member.state, share, priceTicks);
      return share;
    });
  }

  /**
   * Ends an exchange order that is not filled, and with the last one the group.
   *
   * @returns the orders that end with it: none while the group goes on
   * @throws ThroughlineError `TL_ALLOCATION_INVALID` when the exchange order is not open
   */
  end(exchangeOrderId: string, end: UnfilledEnd): Allotment[] {
    this.#openSlice(exchangeOrderId).end = end;
    return this.#settle(() => 0n);
  }

  #settle(allot: (member: Member, index: number) => bigint): Allotment[] {
    const end = this.done ? this.#groupEnd() : undefined;
    return this.#members.flatMap((member, index) => {
      const before = member.state;
      const lots = allot(member, index);
      if (end) member.state = ended(member.state, end);
      return member.state === before ? [] : [{ order: member.order, lots, state: member.state }];
    });
  }

  /** A cancel outweighs an expiry; rejected are only orders of which nothing reached the book. */
  #groupEnd(): UnfilledEnd {
    const ends = new Set([...this.#slices.values()].map((slice) => slice.end));
    if (ends.size === 1 && ends.has('rejected')) return 'rejected';
    return ends.has('expired') && !ends.has('canceled') ? 'expired' : 'canceled';
  }

  #openSlice(exchangeOrderId: string): SliceState {
    const slice = this.#slices.get(exchangeOrderId);
    if (!slice || !isOpen(slice)) {
      throw new ThroughlineError(
        'TL_ALLOCATION_INVALID',
        `an execution for ${exchangeOrderId}, which is not open`,
      );
    }
    return slice;
  }
}

function isOpen({ end, leavesLots }: SliceState): boolean {
  return end === undefined && leavesLots > 0n;
}
