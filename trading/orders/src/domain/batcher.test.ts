import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Batcher, batchOfOne } from './batcher.ts';
import type { Side } from './client-order.ts';

interface Member {
  readonly id: number;
  readonly symbol: string;
  readonly side: Side;
}

function member(id: number, symbol = 'BTCUSDT', side: Side = 'buy'): Member {
  return { id, symbol, side };
}

function ids(batch: { readonly members: readonly Member[] } | undefined): number[] | undefined {
  return batch?.members.map(({ id }) => id);
}

test('a full batch leaves at once, with its members in order of arrival', () => {
  const batcher = new Batcher<Member>({ membersMax: 3, lingerNs: 100n });
  expect(batcher.add(member(1), 0n)).toBeUndefined();
  expect(batcher.add(member(2), 1n)).toBeUndefined();
  const batch = batcher.add(member(3), 2n);
  expect(batch).toMatchObject({ trigger: 'size', symbol: 'BTCUSDT', side: 'buy' });
  expect(ids(batch)).toEqual([1, 2, 3]);
  expect(batcher.dueNs).toBeUndefined();
});

test('symbols and sides do not mix', () => {
  const batcher = new Batcher<Member>({ membersMax: 2, lingerNs: 100n });
  batcher.add(member(1), 0n);
  batcher.add(member(2, 'BTCUSDT', 'sell'), 0n);
  batcher.add(member(3, 'ETHUSDT'), 0n);
  expect(ids(batcher.add(member(4), 1n))).toEqual([1, 4]);
});

test('a batch is due when its first member has waited, not before', () => {
  const batcher = new Batcher<Member>({ membersMax: 8, lingerNs: 100n });
  batcher.add(member(1), 10n);
  batcher.add(member(2), 90n);
  batcher.add(member(3, 'ETHUSDT'), 60n);
  expect(batcher.dueNs).toBe(110n);
  expect(batcher.due(109n)).toEqual([]);
  const due = batcher.due(110n);
  expect(due.map(ids)).toEqual([[1, 2]]);
  expect(due[0]?.trigger).toBe('time');
  expect(batcher.dueNs).toBe(160n);
});

test('closing takes out what is left', () => {
  const batcher = new Batcher<Member>({ membersMax: 8, lingerNs: 100n });
  batcher.add(member(1), 0n);
  batcher.add(member(2, 'ETHUSDT'), 0n);
  expect(batcher.close().map(({ trigger }) => trigger)).toEqual(['close', 'close']);
  expect(batcher.close()).toEqual([]);
});

test('every member is in one batch, none is too large, none waits past its time', () => {
  const step = fc.record({
    symbol: fc.constantFrom('A', 'B', 'C'),
    side: fc.constantFrom<Side>('buy', 'sell'),
    afterNs: fc.bigInt({ min: 0n, max: 60n }),
  });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 80 }),
      fc.integer({ min: 1, max: 5 }),
      (steps, most) => {
        const batcher = new Batcher<Member & { atNs: bigint }>({
          membersMax: most,
          lingerNs: 100n,
        });
        const seen: number[] = [];
        let nowNs = 0n;
        for (const [id, { symbol, side, afterNs }] of steps.entries()) {
          nowNs += afterNs;
          const batches = batcher.due(nowNs);
          const full = batcher.add({ id, symbol, side, atNs: nowNs }, nowNs);
          for (const batch of full ? [...batches, full] : batches) {
            expect(batch.members.length).toBeLessThanOrEqual(most);
            expect(batch.members.every((one) => one.symbol === batch.symbol)).toBe(true);
            expect(batch.members.every((one) => one.side === batch.side)).toBe(true);
            seen.push(...batch.members.map((one) => one.id));
          }
          expect((batcher.dueNs ?? nowNs + 1n) > nowNs).toBe(true);
        }
        seen.push(...batcher.close().flatMap((batch) => batch.members.map((one) => one.id)));
        expect(seen.toSorted((a, b) => a - b)).toEqual([...steps.keys()]);
      },
    ),
  );
});

test('a member that leaves is not waited for, and the others wait no longer for it', () => {
  const batcher = new Batcher<Member>({ membersMax: 2, lingerNs: 100n });
  batcher.add(member(1), 0n);
  expect(batcher.remove(({ id }) => id === 2)).toBeUndefined();
  expect(batcher.remove(({ id }) => id === 1)).toEqual(member(1));
  expect(batcher.dueNs).toBeUndefined();
  expect(batcher.add(member(2), 50n)).toBeUndefined();
  expect(batcher.dueNs).toBe(150n);
  expect(ids(batcher.add(member(3), 60n))).toEqual([2, 3]);
});

test('a batch of one is full', () => {
  expect(batchOfOne(member(1))).toMatchObject({ trigger: 'size', members: [{ id: 1 }] });
});
