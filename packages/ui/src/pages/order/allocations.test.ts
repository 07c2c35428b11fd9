import { expect, test } from 'vitest';
import { refOf } from '../../testing/spans.ts';
import { allocatedSum } from './allocations.tsx';

function allocation(quantity: string) {
  return { fillId: 'f', quantity, fillQuantity: '1', price: '1', match: refOf(1, 1), timeNs: 0n };
}

test('allocations are summed exactly', () => {
  expect(allocatedSum(['0.1', '0.2', '1'].map(allocation))).toBe('1.3');
  expect(allocatedSum([])).toBe('0');
});

test('what is no decimal has no sum', () => {
  expect(allocatedSum(['0.1', 'lots'].map(allocation))).toBeUndefined();
});
