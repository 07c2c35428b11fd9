import { expect, test } from 'vitest';
import { allottees } from '../../testing/allottees.ts';
import { allocateProRataMinLotsFifo } from './pro-rata-min-lots-fifo.ts';

// By hand: 100 lots over 250, 150, 99 and 1 left (500 in all) are 50, 30, 19.8 and 0.2.

test('shares are rounded down to a multiple, and the first to come gets what is left over', () => {
  const members = allottees(250n, 150n, 99n, 1n);
  // Multiples of 2: 50, 30, 18, 0. Two lots are left over.
  expect(allocateProRataMinLotsFifo(100n, members, 2n)).toEqual([52n, 30n, 18n, 0n]);
  // Multiples of 8: 48, 24, 16, 0. Twelve are left over.
  expect(allocateProRataMinLotsFifo(100n, members, 8n)).toEqual([60n, 24n, 16n, 0n]);
});

test('shares below the least are nothing, and all goes first come, first served', () => {
  expect(allocateProRataMinLotsFifo(9n, allottees(3n, 3n, 3n, 3n), 5n)).toEqual([3n, 3n, 3n, 0n]);
});

test('what the first has no room for goes to the next', () => {
  // 12 lots over 2, 7, 7 are 1.5, 5.25, 5.25: by twos 0, 4, 4, and four are left over.
  expect(allocateProRataMinLotsFifo(12n, allottees(2n, 7n, 7n), 2n)).toEqual([2n, 6n, 4n]);
});

test('with a least of one lot only the rounding is left over', () => {
  // 10 lots over 6, 6, 2 are 4.29, 4.29, 1.43: rounded down 4, 4, 1.
  expect(allocateProRataMinLotsFifo(10n, allottees(6n, 6n, 2n), 1n)).toEqual([5n, 4n, 1n]);
});
