import { expect, test } from 'vitest';
import { chooseCancels } from './cancel-choice.ts';

test.each([
  ['one is enough: the smallest that is', [5n, 9n, 7n, 2n], 6n, ['x2']],
  [
    'two are needed: the largest, then the smallest that suffices',
    [5n, 9n, 7n, 2n],
    13n,
    ['x1', 'x0'],
  ],
  ['exactly all', [1n, 2n], 3n, ['x1', 'x0']],
  ['more than there is', [1n, 2n], 4n, ['x1', 'x0']],
  ['equal ones go by id', [3n, 3n, 3n], 3n, ['x2']],
  ['nothing is needed', [1n], 0n, []],
])('%s', (_name, leaves, needed, expected) => {
  const open = leaves.map((leavesLots, index) => ({ exchangeOrderId: `x${index}`, leavesLots }));
  const chosen = chooseCancels(open, needed).map(({ exchangeOrderId }) => exchangeOrderId);
  expect(chosen).toEqual(expected);
});
