import { expect, test } from 'vitest';
import { allottees } from '../../testing/allottees.ts';
import { allocateFifo } from './fifo.ts';

test('the first is served in full before the second gets a lot', () => {
  expect(allocateFifo(5n, allottees(6n, 6n, 2n))).toEqual([5n, 0n, 0n]);
  expect(allocateFifo(10n, allottees(6n, 6n, 2n))).toEqual([6n, 4n, 0n]);
  expect(allocateFifo(14n, allottees(6n, 6n, 2n))).toEqual([6n, 6n, 2n]);
});

test('arrival counts, not the place in the list; those of the same moment go by id', () => {
  const members = [
    { id: 'c', leavesLots: 3n, arrivalNs: 2n },
    { id: 'b', leavesLots: 3n, arrivalNs: 1n },
    { id: 'a', leavesLots: 3n, arrivalNs: 1n },
  ];
  expect(allocateFifo(4n, members)).toEqual([0n, 1n, 3n]);
});

test('one who has nothing left is passed over', () => {
  expect(allocateFifo(2n, allottees(0n, 3n))).toEqual([0n, 2n]);
});
