import type { LifecycleDefinition } from '@throughline/model';
import { expect, test } from 'vitest';
import { beginParameters, endParameters, indexedBy, loadParameters } from './indexed.ts';

const ORDER: LifecycleDefinition = {
  name: 'order',
  keyAttributes: ['user.id', 'client.order_id'],
  beginSpans: ['received'],
  endSpans: ['update'],
  statusAttribute: 'order.status',
  terminalStatuses: ['filled'],
  stageLabels: {},
};
const BOT: LifecycleDefinition = {
  ...ORDER,
  ...{ name: 'bot', keyAttributes: ['order.order_id'], beginSpans: ['signal.*', 'manual'] },
};
const QUOTE: LifecycleDefinition = {
  ...{ name: 'quote', keyAttributes: [], beginSpans: ['fetch'], endSpans: ['write'] },
  ...{ terminalStatuses: ['completed'], stageLabels: {} },
};

test('of begins whose key is their trace nothing is kept', () => {
  const indexed = indexedBy([ORDER, BOT, QUOTE]);
  expect(indexed.beginNames).toEqual(['received', 'manual']);
  expect(indexed.beginPrefixes).toEqual(['signal.']);
  expect(indexed.idKeys).toContain('order.order_id');
  expect(indexed.idKeys).not.toContain('');
});

test('an end without a status attribute is kept with a status of its own, which queries ask for', () => {
  const indexed = indexedBy([ORDER, QUOTE]);
  expect(indexed).toMatchObject({ endNames: ['update'], completedNames: ['write'] });
  const { completed_attribute, completed_status } = loadParameters(indexed);
  expect(endParameters(QUOTE)).toEqual({
    end_names: ['write'],
    status_attribute: completed_attribute,
    terminal_statuses: [completed_status],
  });
  expect(endParameters(ORDER).status_attribute).toBe('order.status');
});

test('begin spans are names and one prefix at most', () => {
  expect(beginParameters(ORDER)).toEqual({ begin_names: ['received'], begin_prefix: '' });
  expect(beginParameters(BOT)).toEqual({ begin_names: ['manual'], begin_prefix: 'signal.' });
  const two = { ...BOT, beginSpans: ['a*', 'b*'] };
  expect(() => beginParameters(two)).toThrow('bot has 2 begin spans that end in *');
});
