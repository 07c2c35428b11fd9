import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Allocate } from './allocation/allottee.ts';
import type { ClientOrder } from './client-order.ts';
import {
  type EndRequest,
  type GroupChange,
  GroupExecution,
  type GroupOptions,
  type UnfilledEnd,
} from './group-execution.ts';
import { isTerminal, leavesLots, newOrderState, type OrderState } from './order-state.ts';

function member(index: number, lots: bigint) {
  const order: ClientOrder = {
    userId: `u${index}`,
    clientOrderId: 'o1',
    symbol: 'BTCUSDT',
    side: 'buy',
    type: 'limit',
    timeInForce: 'gtc',
    lots,
    priceTicks: 100n,
  };
  return { order, arrivalNs: BigInt(index) };
}

function group(
  orders: readonly bigint[],
  slices: readonly bigint[],
  options: GroupOptions = {},
): GroupExecution {
  return new GroupExecution(
    orders.map((lots, index) => member(index, lots)),
    slices.map((lots, index) => ({ exchangeOrderId: `x${index}`, lots })),
    options,
  );
}

const CANCEL: EndRequest = {
  end: 'canceled',
  reason: { code: 'client_canceled', text: 'the client canceled it' },
};

function cancelIds({ cancels }: GroupChange): string[] {
  return cancels.map(({ exchangeOrderId }) => exchangeOrderId);
}

function summary({ allotments }: Pick<GroupChange, 'allotments'>): string[] {
  return allotments.map(({ order, lots, state }) => `${order.userId} ${lots} ${state.status}`);
}

test('fills are allocated over all members, whichever exchange order they come from', () => {
  const execution = group([6n, 6n, 2n], [7n, 7n]);
  expect(summary(execution.fill('x0', 7n, 100n))).toEqual([
    'u0 3 partially_filled',
    'u1 3 partially_filled',
    'u2 1 partially_filled',
  ]);
  expect(execution.openIds).toEqual(['x1']);
  expect(summary(execution.fill('x1', 7n, 101n))).toEqual([
    'u0 3 filled',
    'u1 3 filled',
    'u2 1 filled',
  ]);
  expect(execution.done).toBe(true);
});

test('a group of which nothing reached the book is rejected with its last exchange order', () => {
  const execution = group([6n, 6n], [6n, 6n]);
  expect(summary(execution.end('x0', 'rejected'))).toEqual([]);
  expect(summary(execution.end('x1', 'rejected'))).toEqual(['u0 0 rejected', 'u1 0 rejected']);
});

test('what a rejected exchange order leaves open ends with the last fill of the group', () => {
  const execution = group([4n, 2n], [3n, 3n]);
  execution.end('x0', 'rejected');
  expect(summary(execution.fill('x1', 3n, 100n))).toEqual(['u0 2 canceled', 'u1 1 canceled']);
});

test('a cancel outweighs an expiry', () => {
  const canceled = group([6n], [3n, 3n]);
  canceled.end('x0', 'expired');
  expect(summary(canceled.end('x1', 'canceled'))).toEqual(['u0 0 canceled']);
  const expired = group([6n], [3n, 3n]);
  expired.end('x0', 'rejected');
  expect(summary(expired.end('x1', 'expired'))).toEqual(['u0 0 expired']);
});

test('an execution that does not fit is refused and changes nothing', () => {
  const refused = expect.objectContaining({ code: 'TL_ALLOCATION_INVALID' });
  const execution = group([6n], [6n]);
  expect(() => execution.fill('x0', 7n, 1n)).toThrow(refused);
  expect(() => execution.fill('other', 1n, 1n)).toThrow(refused);
  expect(() => execution.end('other', 'canceled')).toThrow(refused);
  expect(summary(execution.fill('x0', 6n, 1n))).toEqual(['u0 6 filled']);
  expect(() => execution.fill('x0', 1n, 1n)).toThrow(refused);
});

test('a member leaves when the venue has confirmed, and what is free beyond it is placed again', () => {
  const execution = group([6n, 4n], [5n, 5n]);
  const asked = execution.requestEnd('u1/o1', CANCEL);
  expect(cancelIds(asked)).toEqual(['x1']);
  expect(asked).toMatchObject({ allotments: [], placeLots: 0n, cancels: [{ leaving: {} }] });
  const confirmed = execution.end('x1', 'canceled');
  expect(summary(confirmed)).toEqual(['u1 0 canceled']);
  expect(confirmed.allotments[0]?.request).toBe(CANCEL);
  expect(confirmed.placeLots).toBe(1n);
  execution.place([{ exchangeOrderId: 'x2', lots: 1n }]);
  execution.fill('x0', 5n, 100n);
  expect(summary(execution.fill('x2', 1n, 100n))).toEqual(['u0 1 filled']);
});

test('fills that come before the confirmation go to all members', () => {
  const execution = group([6n, 4n], [5n, 5n]);
  execution.requestEnd('u1/o1', CANCEL);
  expect(summary(execution.fill('x1', 5n, 100n))).toEqual([
    'u0 3 partially_filled',
    'u1 2 partially_filled',
  ]);
  expect(execution.openIds).toEqual(['x0']);
});

test('more is canceled when a race leaves too little', () => {
  const execution = group([6n, 4n], [5n, 5n]);
  execution.requestEnd('u1/o1', CANCEL);
  expect(cancelIds(execution.fill('x1', 4n, 100n))).toEqual(['x0']);
});

test('a member that a race fills ends filled, and what was freed for it is placed again', () => {
  const toTheLast: Allocate = (lots, members) =>
    members.map((_, index) => (index === members.length - 1 ? lots : 0n));
  const execution = group([6n, 4n], [5n, 5n], { allocate: toTheLast });
  execution.requestEnd('u1/o1', CANCEL);
  expect(summary(execution.fill('x0', 4n, 100n))).toEqual(['u1 4 filled']);
  expect(execution.end('x1', 'canceled')).toMatchObject({ allotments: [], placeLots: 5n });
});

test('a replace finds nothing to replace when what is wanted was filled: the order is canceled', () => {
  const replace: EndRequest = { ...CANCEL, end: 'replaced', wantedLots: 3n };
  const early = group([6n], [6n]);
  early.requestEnd('u0/o1', replace);
  expect(summary(early.end('x0', 'canceled'))).toEqual(['u0 0 replaced']);
  const late = group([6n], [6n]);
  late.requestEnd('u0/o1', replace);
  late.fill('x0', 3n, 100n);
  expect(summary(late.end('x0', 'canceled'))).toEqual(['u0 0 canceled']);
});

test('the first request of a member counts', () => {
  const execution = group([6n], [6n]);
  execution.requestEnd('u0/o1', CANCEL);
  const later = execution.requestEnd('u0/o1', { ...CANCEL, end: 'expired' });
  expect(later).toEqual({ allotments: [], cancels: [], placeLots: 0n });
  expect(summary(execution.end('x0', 'canceled'))).toEqual(['u0 0 canceled']);
});

test('lots that were lost anyway are given up first, without a cancel', () => {
  const execution = group([6n, 4n], [5n, 5n]);
  execution.end('x0', 'rejected');
  const asked = execution.requestEnd('u1/o1', CANCEL);
  expect(cancelIds(asked)).toEqual([]);
  expect(summary(asked)).toEqual(['u1 0 canceled']);
  expect(execution.lostLots).toBe(1n);
});

test('exchange orders that do not rest are waited for', () => {
  const execution = group([6n, 4n], [5n, 5n], { rests: false });
  expect(cancelIds(execution.requestEnd('u1/o1', CANCEL))).toEqual([]);
  expect(summary(execution.end('x0', 'expired'))).toEqual(['u1 0 canceled']);
  expect(summary(execution.end('x1', 'expired'))).toEqual(['u0 0 expired']);
});

test('what is too little for the venue is placed together with another exchange order', () => {
  const execution = group([16n, 4n], [5n, 5n, 5n, 5n], { lotsMin: 3n });
  execution.requestEnd('u1/o1', CANCEL);
  const confirmed = execution.end('x3', 'canceled');
  expect(summary(confirmed)).toEqual(['u1 0 canceled']);
  expect(confirmed).toMatchObject({ placeLots: 0n, cancels: [{ leaving: undefined }] });
  const merged = execution.end(cancelIds(confirmed)[0] ?? '', 'canceled');
  expect(merged.placeLots).toBe(6n);
});

test('what is too little for the venue ends, when it is all there is', () => {
  const execution = group([2n, 8n], [10n], { lotsMin: 3n });
  execution.requestEnd('u1/o1', CANCEL);
  expect(summary(execution.end('x0', 'canceled'))).toEqual(['u0 0 canceled', 'u1 0 canceled']);
});

test('a group that closes places nothing again', () => {
  const execution = group([6n, 4n], [5n, 5n]);
  execution.requestEnd('u1/o1', CANCEL);
  expect(execution.close()).toEqual(['x0']);
  execution.end('x1', 'canceled');
  const last = execution.end('x0', 'canceled');
  expect(summary(last)).toEqual(['u0 0 canceled']);
  expect(last.placeLots).toBe(0n);
});

/** One step of a random course: what happens, to which exchange order or member, how much. */
const step = fc.record({
  action: fc.constantFrom('fill', 'fill', 'fill', 'request', 'confirm', 'confirm', 'end', 'close'),
  target: fc.nat({ max: 20 }),
  permille: fc.integer({ min: 1, max: 1000 }),
  end: fc.constantFrom<UnfilledEnd>('canceled', 'rejected', 'expired'),
  rare: fc.nat({ max: 9 }),
});

/** A group with a venue beside it, which knows what is open and which cancels it was sent. */
class Course {
  readonly execution: GroupExecution;
  readonly open = new Map<string, bigint>();
  readonly canceling = new Set<string>();
  readonly states = new Map<string, OrderState>();
  readonly ends: string[] = [];
  readonly #lotsMin: bigint;
  #placed = 0;

  constructor(orders: readonly bigint[], options: { rests: boolean; lotsMin: bigint }) {
    this.#lotsMin = options.lotsMin;
    const total = sum(orders);
    const quarter = total / 4n;
    const slices = [quarter, quarter, quarter, total - 3n * quarter].filter((lots) => lots > 0n);
    this.execution = group(orders, slices, options);
    for (const [index, lots] of slices.entries()) this.open.set(`x${index}`, lots);
    for (const [index, lots] of orders.entries()) this.states.set(`u${index}`, newOrderState(lots));
  }

  fill(id: string, lots: bigint): void {
    this.#set(id, (this.open.get(id) ?? 0n) - lots);
    this.note(this.execution.fill(id, lots, 100n), lots);
  }

  end(id: string, end: UnfilledEnd): void {
    this.#set(id, 0n);
    this.note(this.execution.end(id, end), 0n);
  }

  note({ allotments, cancels, placeLots }: GroupChange, lots: bigint): void {
    expect(sum(allotments.map((one) => one.lots))).toBe(lots);
    for (const { order, state } of allotments) {
      const before = this.states.get(order.userId);
      expect(before && isTerminal(before.status)).toBe(false);
      expect(state.cumLots <= state.orderedLots).toBe(true);
      this.states.set(order.userId, state);
      if (isTerminal(state.status)) this.ends.push(order.userId);
    }
    for (const { exchangeOrderId } of cancels) {
      expect(this.open.has(exchangeOrderId)).toBe(true);
      expect(this.canceling.has(exchangeOrderId)).toBe(false);
      this.canceling.add(exchangeOrderId);
    }
    if (placeLots > 0n) {
      expect(placeLots >= this.#lotsMin).toBe(true);
      this.#placed += 1;
      this.open.set(`p${this.#placed}`, placeLots);
      this.execution.place([{ exchangeOrderId: `p${this.#placed}`, lots: placeLots }]);
    }
    this.expectBalance();
  }

  expectBalance(): void {
    const leaves = sum([...this.states.values()].map(leavesLots));
    const { freedLots, lostLots } = this.execution;
    const balance = sum([...this.open.values()]) + freedLots + lostLots;
    // With its last exchange order the group ends, and with it what was lost.
    expect(leaves).toBe(this.execution.done ? 0n : balance);
  }

  #set(id: string, lots: bigint): void {
    if (lots > 0n) this.open.set(id, lots);
    else this.open.delete(id);
    if (lots === 0n) this.canceling.delete(id);
  }
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}

test('in any course of events every order ends exactly once and all lots add up', () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt({ min: 1n, max: 10_000n }), { minLength: 1, maxLength: 9 }),
      fc.array(step, { maxLength: 40 }),
      fc.record({ rests: fc.boolean(), lotsMin: fc.constantFrom(1n, 1n, 50n, 3_000n) }),
      (orders, steps, options) => {
        const course = new Course(orders, options);
        const { execution, open, canceling } = course;
        for (const { action, target, permille, end, rare } of steps) {
          const id = [...open.keys()][target % Math.max(open.size, 1)];
          const confirmed = [...canceling][target % Math.max(canceling.size, 1)];
          if (action === 'request') {
            const key = `u${target % orders.length}/o1`;
            course.note(execution.requestEnd(key, CANCEL), 0n);
          } else if (action === 'confirm' && confirmed !== undefined) {
            course.end(confirmed, 'canceled');
          } else if (action === 'fill' && id !== undefined) {
            const lots = ((open.get(id) ?? 0n) * BigInt(permille)) / 1000n;
            if (lots > 0n) course.fill(id, lots);
          } else if (action === 'end' && id !== undefined && rare === 0) {
            course.end(id, end);
          } else if (action === 'close' && rare === 0) {
            for (const closed of execution.close()) canceling.add(closed);
          }
        }
        const leaving = course.ends.length;
        for (let round = 0; open.size > 0 && round < 1_000; round += 1) {
          for (const id of [...open.keys()]) if (open.has(id)) course.end(id, 'canceled');
        }
        expect(execution.done).toBe(true);
        expect(leaving).toBeLessThanOrEqual(orders.length);
        const everyone = orders.map((_, index) => `u${index}`);
        expect(course.ends.toSorted()).toEqual(everyone.toSorted());
      },
    ),
    { numRuns: 1500 },
  );
});

test('a member that asked to leave does leave, when the venue confirms what it is asked', () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt({ min: 1n, max: 10_000n }), { minLength: 1, maxLength: 9 }),
      fc.array(fc.nat({ max: 8 }), { minLength: 1, maxLength: 5 }),
      (orders, requests) => {
        const course = new Course(orders, { rests: true, lotsMin: 1n });
        const leaving = new Set(requests.map((one) => `u${one % orders.length}`));
        for (const user of leaving)
          course.note(course.execution.requestEnd(`${user}/o1`, CANCEL), 0n);
        for (let [id] = course.canceling; id !== undefined; [id] = course.canceling) {
          course.end(id, 'canceled');
        }
        expect(new Set(course.ends)).toEqual(leaving);
        const staying = [...course.states].filter(([user]) => !leaving.has(user));
        const openLots = sum([...course.open.values()]);
        expect(openLots).toBe(sum(staying.map(([, state]) => state.orderedLots)));
      },
    ),
    { numRuns: 1000 },
  );
});
