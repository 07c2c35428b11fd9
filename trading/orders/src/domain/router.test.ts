import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openVenues, route, type Venue } from './router.ts';

function venues(...weights: readonly bigint[]): Venue[] {
  return weights.map((weight, index) => ({
    name: 'abcdefgh'[index] ?? '',
    weight,
    symbols: new Set(['BTCUSDT']),
  }));
}

function shares(lots: bigint, weights: readonly bigint[], lotsMin = 1n, isWhole = false) {
  return route(lots, venues(...weights), { lotsMin, isWhole }).map(
    ({ venue, lots: share }) => `${venue} ${share}`,
  );
}

test('lots are split by weight, what is left over goes to the largest remainders', () => {
  expect(shares(9n, [2n, 1n])).toEqual(['a 6', 'b 3']);
  // 10 over 3:2:2 are 4.29, 2.86 and 2.86.
  expect(shares(10n, [3n, 2n, 2n])).toEqual(['a 4', 'b 3', 'c 3']);
  expect(shares(7n, [1n, 1n])).toEqual(['a 4', 'b 3']);
});

test('a share that a venue would not accept goes to the others, the smallest first', () => {
  expect(shares(100n, [8n, 1n, 1n], 20n)).toEqual(['a 100']);
  expect(shares(100n, [5n, 4n, 1n], 20n)).toEqual(['a 56', 'b 44']);
  expect(shares(3n, [1n, 1n], 20n)).toEqual(['a 3']);
});

test('what must stay whole goes to the venue with the most weight', () => {
  expect(shares(100n, [1n, 3n, 3n], 1n, true)).toEqual(['b 100']);
});

test('venues that are down, or do not trade the symbol, get nothing', () => {
  const [a, b] = venues(1n, 1n);
  const c: Venue = { name: 'c', weight: 1n, symbols: new Set(['ETHUSDT']) };
  const all = [a, b, c].filter((venue) => venue !== undefined);
  const names = (symbol: string, ...down: string[]) =>
    openVenues(all, symbol, new Set(down)).map(({ name }) => name);
  expect(names('BTCUSDT')).toEqual(['a', 'b']);
  expect(names('BTCUSDT', 'a')).toEqual(['b']);
  expect(names('ETHUSDT')).toEqual(['c']);
  expect(names('BTCUSDT', 'a', 'b')).toEqual(['a', 'b']);
});

test('shares are positive and sum to the lots, and none is too small unless it is the only one', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n, max: 10n ** 12n }),
      fc.array(fc.bigInt({ min: 1n, max: 1_000n }), { minLength: 1, maxLength: 8 }),
      fc.bigInt({ min: 1n, max: 10n ** 6n }),
      fc.boolean(),
      (lots, weights, lotsMin, isWhole) => {
        const routed = route(lots, venues(...weights), { lotsMin, isWhole });
        expect(routed.reduce((sum, share) => sum + share.lots, 0n)).toBe(lots);
        expect(routed.every((share) => share.lots > 0n)).toBe(true);
        expect(routed.length === 1 || routed.every((share) => share.lots >= lotsMin)).toBe(true);
        expect(new Set(routed.map(({ venue }) => venue)).size).toBe(routed.length);
        if (isWhole) expect(routed).toHaveLength(1);
      },
    ),
    { numRuns: 2000 },
  );
});
