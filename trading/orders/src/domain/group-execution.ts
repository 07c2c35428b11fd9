import { ThroughlineError } from '@throughline/model';
import type { Allocate } from './allocation/allottee.ts';
import { allocateProRata } from './allocation/pro-rata.ts';
import { chooseCancels } from './cancel-choice.ts';
import { type ClientOrder, clientOrderKey } from './client-order.ts';
import {
  ended,
  filled,
  isTerminal,
  leavesLots,
  newOrderState,
  type OrderState,
} from './order-state.ts';
import type { Reason } from './reason.ts';

/** An order in a batch, and when it joined. */
export interface BatchMember {
  readonly order: ClientOrder;
  readonly arrivalNs: bigint;
}

/** What an exchange order ends with when it is not filled. */
export type UnfilledEnd = 'canceled' | 'rejected' | 'expired';

/** The wish that one client order ends before it is filled. Plain data: it crosses threads. */
export interface EndRequest {
  readonly end: 'canceled' | 'replaced' | 'expired';
  readonly reason: Reason;
  /**
   * Of a replace: the quantity that the client wants in the place of the order's own. When so much
   * is filled before the order can end, nothing is left to be replaced, and it ends `canceled`.
   */
  readonly wantedLots?: bigint | undefined;
}

/** One exchange order of a group. */
interface Slice {
  readonly exchangeOrderId: string;
  readonly lots: bigint;
}

/** What an event did to one member. `lots` is zero when it only ended the order. */
export interface Allotment {
  readonly order: ClientOrder;
  readonly lots: bigint;
  readonly state: OrderState;
  /** The request that ended it; undefined when something else did, or it goes on. */
  readonly request?: EndRequest | undefined;
}

/** An exchange order to cancel, so that the client order can end; undefined: to tidy up after one. */
interface GroupCancel {
  readonly exchangeOrderId: string;
  readonly leaving: ClientOrder | undefined;
}

/** What an event changed, and what is now to be done at the venue. */
export interface GroupChange {
  readonly allotments: readonly Allotment[];
  readonly cancels: readonly GroupCancel[];
  /** Free lots that no member gives up: to be placed again, see {@link GroupExecution.place}. */
  readonly placeLots: bigint;
}

export interface GroupOptions {
  readonly allocate?: Allocate;
  /** Whether its exchange orders rest until they are canceled; others end by themselves. */
  readonly rests?: boolean;
  /** The fewest lots that the venue takes as one order. Default 1. */
  readonly lotsMin?: bigint;
}

interface Member extends BatchMember {
  state: OrderState;
  request: EndRequest | undefined;
}

interface SliceState {
  leavesLots: bigint;
  end: UnfilledEnd | undefined;
  /** Its cancel was asked for. */
  isCanceling: boolean;
}

/**
 * The execution of one price group: what its exchange orders fill is allocated to its members. Pure.
 *
 * A member that is to end early cannot take its part of the shared exchange orders along. So as many
 * of them are canceled as free its leaves; fills that come before the venue's confirmation go to all
 * members as ever. When enough is free the member ends, and what is free beyond that is placed again.
 * Orders that are not filled when the last exchange order has ended, end with it. At any time
 *
 *     leaves of members = leaves of open exchange orders + freed lots + lost lots
 *
 * where lost is what exchange orders left that ended without our asking: it is not placed again.
 */
export class GroupExecution {
  readonly #members: Member[];
  readonly #slices = new Map<string, SliceState>();
  readonly #allocate: Allocate;
  readonly #rests: boolean;
  readonly #lotsMin: bigint;
  /** Members that are to end, in the order of the requests. */
  readonly #leaving: Member[] = [];
  #freedLots = 0n;
  #lostLots = 0n;
  #isClosing = false;

  constructor(
    members: readonly BatchMember[],
    slices: readonly Slice[],
    options: GroupOptions = {},
  ) {
    this.#allocate = options.allocate ?? allocateProRata;
    this.#rests = options.rests ?? true;
    this.#lotsMin = options.lotsMin ?? 1n;
    this.#members = members.map((member) => ({
      ...member,
      state: newOrderState(member.order.lots),
      request: undefined,
    }));
    for (const slice of slices) this.#addSlice(slice);
  }

  /** The exchange orders that may still be filled. */
  get openIds(): string[] {
    return this.#open().map(({ exchangeOrderId }) => exchangeOrderId);
  }

  get done(): boolean {
    return this.#open().length === 0 && this.#freedLots === 0n;
  }

  /** Free lots that are not placed again yet. */
  get freedLots(): bigint {
    return this.#freedLots;
  }

  get lostLots(): bigint {
    return this.#lostLots;
  }

  /**
   * Adds exchange orders for freed lots.
   *
   * @throws ThroughlineError `TL_ALLOCATION_INVALID` when they are more than was freed
   */
  place(slices: readonly Slice[]): void {
    const lots = slices.reduce((sum, slice) => sum + slice.lots, 0n);
    if (lots > this.#freedLots) throw invalid(`${lots} lots to place, ${this.#freedLots} are free`);
    this.#freedLots -= lots;
    for (const slice of slices) this.#addSlice(slice);
  }

  /**
   * Allocates a fill by the rule, and ends the rest of the group if nothing can be filled any more.
   *
   * @throws ThroughlineError `TL_ALLOCATION_INVALID` when the exchange order cannot have this fill;
   *   then nothing has changed
   */
  fill(exchangeOrderId: string, lots: bigint, priceTicks: bigint): GroupChange {
    const slice = this.#openSlice(exchangeOrderId);
    if (lots > slice.leavesLots) {
      throw invalid(`a fill of ${lots} lots, but ${exchangeOrderId} has ${slice.leavesLots} left`);
    }
    const shares = this.#allocate(
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
   * @throws ThroughlineError `TL_ALLOCATION_INVALID` when the exchange order is not open
   */
  end(exchangeOrderId: string, end: UnfilledEnd): GroupChange {
    const slice = this.#openSlice(exchangeOrderId);
    slice.end = end;
    const isFreed = slice.isCanceling && end === 'canceled' && this.#rests && !this.#isClosing;
    if (isFreed) this.#freedLots += slice.leavesLots;
    else this.#lostLots += slice.leavesLots;
    return this.#settle(() => 0n);
  }

  /**
   * Ends one member as soon as its leaves are free. Nothing happens when it has ended, or is about
   * to: the first request counts.
   */
  requestEnd(key: string, request: EndRequest): GroupChange {
    const member = this.#members.find(({ order }) => clientOrderKey(order) === key);
    if (member && !isTerminal(member.state.status) && !member.request) {
      member.request = request;
      this.#leaving.push(member);
    }
    return this.#settle(() => 0n);
  }

  /**
   * From now on nothing is placed again: all open exchange orders are to be canceled.
   *
   * @returns those whose cancel was not asked for yet
   */
  close(): string[] {
    this.#isClosing = true;
    return this.#cancelable().map(({ exchangeOrderId }) => {
      this.#cancel(exchangeOrderId);
      return exchangeOrderId;
    });
  }

  #settle(allot: (member: Member, index: number) => bigint): GroupChange {
    const before = this.#members.map(({ state }) => state);
    const lots = this.#members.map(allot);
    const leaving = this.#release();
    const cancels = this.#leaving.length > 0 ? this.#cancelForLeaving() : this.#cancelForRest();
    const placeLots = this.#leaving.length > 0 || !this.#isPlaceable() ? 0n : this.#freedLots;
    if (this.done) this.#endAll();
    const allotments = this.#members.flatMap(({ order, state }, index) =>
      state === before[index]
        ? []
        : [{ order, lots: lots[index] ?? 0n, state, request: leaving.get(order) }],
    );
    return { allotments, cancels, placeLots };
  }

  /** Ends the members for which enough is free, lost lots first: these cannot be placed again. */
  #release(): ReadonlyMap<ClientOrder, EndRequest> {
    const released = new Map<ClientOrder, EndRequest>();
    for (let member = this.#leaving[0]; member; member = this.#leaving[0]) {
      const lots = leavesLots(member.state);
      if (lots > this.#freedLots + this.#lostLots) break;
      this.#leaving.shift();
      const fromLost = smaller(lots, this.#lostLots);
      this.#lostLots -= fromLost;
      this.#freedLots -= lots - fromLost;
      const { request, state } = member;
      if (!request || isTerminal(state.status)) continue;
      const isWanted = request.wantedLots === undefined || request.wantedLots > state.cumLots;
      member.state = ended(state, isWanted ? request.end : 'canceled');
      released.set(member.order, request);
    }
    return released;
  }

  /** Cancels what leaving members need beyond what is free or about to be. */
  #cancelForLeaving(): GroupCancel[] {
    if (!this.#rests) return [];
    const leaving = this.#leaving[0]?.order;
    const wanted = this.#leaving.reduce((sum, { state }) => sum + leavesLots(state), 0n);
    const coming = this.#open()
      .filter(({ isCanceling }) => isCanceling)
      .reduce((sum, slice) => sum + slice.leavesLots, this.#freedLots + this.#lostLots);
    return chooseCancels(this.#cancelable(), wanted - coming).map(({ exchangeOrderId }) => {
      this.#cancel(exchangeOrderId);
      return { exchangeOrderId, leaving };
    });
  }

  /**
   * What is free but less than the venue takes as one order is placed together with another
   * exchange order, which is canceled for it; without one it is lost.
   */
  #cancelForRest(): GroupCancel[] {
    if (this.#freedLots === 0n || this.#isPlaceable()) return [];
    const open = this.#open();
    if (this.#isClosing || open.length === 0) {
      this.#lostLots += this.#freedLots;
      this.#freedLots = 0n;
      return [];
    }
    if (open.some(({ isCanceling }) => isCanceling)) return [];
    return chooseCancels(this.#cancelable(), 1n).map(({ exchangeOrderId }) => {
      this.#cancel(exchangeOrderId);
      return { exchangeOrderId, leaving: undefined };
    });
  }

  #isPlaceable(): boolean {
    return !this.#isClosing && this.#freedLots > 0n && this.#freedLots >= this.#lotsMin;
  }

  #endAll(): void {
    const end = this.#groupEnd();
    for (const member of this.#members) member.state = ended(member.state, end);
  }

  /** A cancel outweighs an expiry; rejected are only orders of which nothing reached the book. */
  #groupEnd(): UnfilledEnd {
    const ends = new Set([...this.#slices.values()].map((slice) => slice.end));
    if (ends.size === 1 && ends.has('rejected')) return 'rejected';
    return ends.has('expired') && !ends.has('canceled') ? 'expired' : 'canceled';
  }

  #addSlice({ exchangeOrderId, lots }: Slice): void {
    this.#slices.set(exchangeOrderId, { leavesLots: lots, end: undefined, isCanceling: false });
  }

  #cancel(exchangeOrderId: string): void {
    this.#openSlice(exchangeOrderId).isCanceling = true;
  }

  #cancelable() {
    return this.#open().filter(({ isCanceling }) => !isCanceling);
  }

  #open() {
    return [...this.#slices]
      .filter(([, slice]) => isOpen(slice))
      .map(([exchangeOrderId, slice]) => ({ exchangeOrderId, ...slice }));
  }

  #openSlice(exchangeOrderId: string): SliceState {
    const slice = this.#slices.get(exchangeOrderId);
    if (slice && isOpen(slice)) return slice;
    throw invalid(`an execution for ${exchangeOrderId}, which is not open`);
  }
}

function isOpen({ end, leavesLots }: SliceState): boolean {
  return end === undefined && leavesLots > 0n;
}

function smaller(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}

function invalid(message: string): ThroughlineError {
  return new ThroughlineError('TL_ALLOCATION_INVALID', message);
}
