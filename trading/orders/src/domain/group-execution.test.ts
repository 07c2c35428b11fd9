import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ClientOrder } from './client-order.ts';
import { type Allotment, GroupExecution, type UnfilledEnd } from './group-execution.ts';
import { isTerminal } from './order-state.ts';

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

function group(orders: readonly bigint[], slices: readonly bigint[]): GroupExecution {
  return new GroupExecution(
    orders.map((lots, index) => member(index, lots)),
    slices.map((lots, index) => ({ exchangeOrderId: `x${index}`, lots })),
  );
}

function summary(allotments: readonly Allotment[]): string[] {
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
  expect(execution.end('x0', 'rejected')).toEqual([]);
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

test('in any course of events every order ends exactly once and all lots add up', () => {
  const step = fc.record({
    slice: fc.nat({ max: 3 }),
    permille: fc.integer({ min: 1, max: 1000 }),
    end: fc.option(fc.constantFrom<UnfilledEnd>('canceled', 'rejected', 'expired'), {
      freq: 3,
      nil: undefined,
    }),
  });
  fc.assert(
    fc.property(
      fc.array(fc.bigInt({ min: 1n, max: 10_000n }), { minLength: 1, maxLength: 9 }),
      fc.array(step, { maxLength: 25 }),
      (orders, steps) => {
        const total = orders.reduce((sum, lots) => sum + lots, 0n);
        const quarter = total / 4n;
        const leaves = [quarter, quarter, quarter, total - 3n * quarter].filter(
          (lots) => lots > 0n,
        );
        const execution = group(orders, leaves);
        const last = new Map<string, Allotment>();
        const terminal: string[] = [];
        let filledLots = 0n;
        const note = (allotments: readonly Allotment[], lots: bigint) => {
          expect(allotments.reduce((sum, one) => sum + one.lots, 0n)).toBe(lots);
          filledLots += lots;
          for (const allotment of allotments) {
            last.set(allotment.order.userId, allotment);
            if (isTerminal(allotment.state.status)) terminal.push(allotment.order.userId);
          }
        };
        for (const { slice, permille, end } of steps) {
          const id = `x${slice}`;
          if (!execution.openIds.includes(id)) continue;
          const lots = ((leaves[slice] ?? 0n) * BigInt(permille)) / 1000n;
          if (end) note(execution.end(id, end), 0n);
          else if (lots > 0n) {
            leaves[slice] = (leaves[slice] ?? 0n) - lots;
            note(execution.fill(id, lots, 100n), lots);
          }
        }
        for (const id of execution.openIds) note(execution.end(id, 'canceled'), 0n);
        expect(execution.done).toBe(true);
        expect(terminal.toSorted()).toEqual(orders.map((_, index) => `u${index}`).toSorted());
        const cumLots = [...last.values()].reduce((sum, { state }) => sum + state.cumLots, 0n);
        expect(cumLots).toBe(filledLots);
      },
    ),
    { numRuns: 2000 },
  );
});
