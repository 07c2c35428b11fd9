import { expect, test } from 'vitest';
import { LoadBook } from './load-book.ts';

function book(...ids: string[]): LoadBook {
  const one = new LoadBook();
  for (const client_order_id of ids) one.add({ user_id: 'u', client_order_id });
  return one;
}

function update(one: LoadBook, client_order_id: string, status: string, cum: string, total = cum) {
  const quantities = { cum_quantity: cum, total_cum_quantity: total };
  one.update({ type: 'order.update', user_id: 'u', client_order_id, status, ...quantities });
}

test('a replaced order is followed by another, whose totals count both', () => {
  const one = book('o1');
  one.amend('o1', { type: 'replace', requestId: 'o2' });
  update(one, 'o1', 'replaced', '0.1');
  expect(one.isSettled).toBe(false);
  update(one, 'o2', 'filled', '0.2', '0.3');
  expect(one.isSettled).toBe(true);
  expect(one.byStatus).toEqual({ replaced: 1, filled: 1 });
  expect(one.defects).toEqual([]);
});

test('a request that was too late is waited for until that is told', () => {
  const one = book('o1');
  one.amend('o1', { type: 'cancel', requestId: 'c1' });
  update(one, 'o1', 'filled', '1');
  expect(one.isSettled).toBe(false);
  one.refuse('c1');
  expect(one.isSettled).toBe(true);
});

test('holes in the numbering, wrong totals and second ends are defects', () => {
  const one = book('o1');
  one.number('u', 5);
  one.number('u', 7);
  update(one, 'o1', 'filled', '1', '2');
  update(one, 'o1', 'canceled', '1');
  expect(one.defects).toEqual([
    'u was told 7 after 5',
    'o1: 2 in all, but 1 was told',
    'o1 is filled, then canceled',
  ]);
});
