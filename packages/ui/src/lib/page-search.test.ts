import { expect, test } from 'vitest';
import { refOf } from '../testing/spans.ts';
import { parseOrderSearch, parseOrdersSearch, parseTraceSearch } from './page-search.ts';

test('what an address says is kept where it is understood', () => {
  expect(parseOrdersSearch({ q: 'u1', status: 'open', sort: 'duration' })).toEqual({
    q: 'u1',
    status: 'open',
    sort: 'duration',
  });
  expect(parseOrderSearch({ span: refOf(1, 2), view: 'graph' })).toEqual({
    span: refOf(1, 2),
    view: 'graph',
  });
  expect(parseTraceSearch({ span: '00000000000000ab' })).toEqual({ span: '00000000000000ab' });
});

test('a list has the statuses of its kind, and orders are the kind that is not named', () => {
  const ticks = { name: 'tick_to_trade', status: 'filled' };
  expect(parseOrdersSearch(ticks)).toEqual(ticks);
  expect(parseOrdersSearch({ name: 'tick_to_trade', status: 'replaced' })).toEqual({
    name: 'tick_to_trade',
  });
  expect(parseOrdersSearch({ name: 'order', status: 'filled' })).toEqual({ status: 'filled' });
  expect(parseOrdersSearch({ name: 'nothing' })).toEqual({});
});

test('what is not understood is ignored', () => {
  expect(parseOrdersSearch({ q: '', status: 'lost', sort: 'price' })).toEqual({});
  expect(parseOrderSearch({ span: 'x', view: 'table' })).toEqual({});
  expect(parseTraceSearch({ span: '0'.repeat(16) })).toEqual({});
});
