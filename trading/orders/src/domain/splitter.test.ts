import { parseDecimal } from '@throughline/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SOLUSDT } from '../testing/instruments.ts';
import type { ClientOrder } from './client-order.ts';
import { groupByPrice, slice, sliceOverVenues } from './splitter.ts';

const sliceNotional = parseDecimal('1000');

function member(clientOrderId: string, order: Partial<ClientOrder>) {
  return {
    order: {
      userId: 'u',
      clientOrderId,
      symbol: 'SOLUSDT',
      side: 'buy' as const,
      type: 'limit' as const,
      timeInForce: 'gtc' as const,
      lots: 10n,
      priceTicks: 15_000n,
      ...order,
    },
  };
}

test('members of a group agree on type, limit and time in force', () => {
  const groups = groupByPrice([
    member('a', {}),
    member('b', { priceTicks: 15_100n }),
    member('c', { lots: 7n }),
    member('d', { type: 'market', timeInForce: 'ioc', priceTicks: undefined }),
    member('e', { timeInForce: 'ioc' }),
  ]);
  expect(groups.map((group) => group.members.map(({ order }) => order.clientOrderId))).toEqual([
    ['a', 'c'],
    ['b'],
    ['d'],
    ['e'],
  ]);
  expect(groups[0]).toMatchObject({ type: 'limit', priceTicks: 15_000n, lots: 17n });
});

test('a quantity becomes at least two exchange orders when both are large enough', () => {
  const referenceTicks = 15_000n;
  expect(slice(67n, SOLUSDT, { sliceNotional, referenceTicks })).toEqual([67n]);
  expect(slice(69n, SOLUSDT, { sliceNotional, referenceTicks })).toEqual([35n, 34n]);
  expect(slice(20_000n, SOLUSDT, { sliceNotional, referenceTicks })).toHaveLength(4);
  expect(slice(20_000n, SOLUSDT, { sliceNotional, referenceTicks: undefined })).toEqual([20_000n]);
});

test('slices are even, sum to the quantity, and none is larger than the exchange takes', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n, max: 10n ** 10n }),
      fc.option(fc.bigInt({ min: 1n, max: SOLUSDT.ticksMax }), { nil: undefined }),
      (lots, referenceTicks) => {
        const slices = slice(lots, SOLUSDT, { sliceNotional, referenceTicks });
        expect(slices.reduce((sum, one) => sum + one, 0n)).toBe(lots);
        expect(slices.every((one) => one > 0n && one <= SOLUSDT.lotsMax)).toBe(true);
        expect(slices.every((one) => (slices[0] ?? 0n) - one <= 1n)).toBe(true);
      },
    ),
  );
});

test('over several venues each share becomes exchange orders that its venue accepts', () => {
  const venues = ['a', 'b'].map((name) => ({ name, weight: 1n, symbols: new Set(['SOLUSDT']) }));
  const price = { isWhole: false, sliceNotional, referenceTicks: 15_000n };
  expect(sliceOverVenues(20_001n, SOLUSDT, { venues, ...price })).toEqual([
    { venue: 'a', lots: 5_001n },
    { venue: 'a', lots: 5_000n },
    { venue: 'b', lots: 5_000n },
    { venue: 'b', lots: 5_000n },
  ]);
  // The least that is worth 5 at 150 are 34 lots.
  expect(sliceOverVenues(60n, SOLUSDT, { venues, ...price })).toEqual([{ venue: 'a', lots: 60n }]);
});

test('without a price all goes to one venue: what a share is worth is not known', () => {
  const venues = ['a', 'b'].map((name) => ({ name, weight: 1n, symbols: new Set(['SOLUSDT']) }));
  const slices = sliceOverVenues(100n, SOLUSDT, {
    venues,
    isWhole: false,
    sliceNotional,
    referenceTicks: undefined,
  });
  expect(slices).toEqual([{ venue: 'a', lots: 100n }]);
});

test('what is to be filled all or nothing is one exchange order at one venue', () => {
  const venues = ['a', 'b'].map((name) => ({ name, weight: 1n, symbols: new Set(['SOLUSDT']) }));
  const price = { isWhole: true, sliceNotional, referenceTicks: 15_000n };
  expect(sliceOverVenues(20_001n, SOLUSDT, { venues, ...price })).toEqual([
    { venue: 'a', lots: 20_001n },
  ]);
});
