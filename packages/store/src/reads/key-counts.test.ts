import type { LifecycleDefinition } from '@throughline/model';
import { expect, test } from 'vitest';
import type { QueryParameters } from '../database.ts';
import type { ListOptions } from '../trace-store.ts';
import { countLifecycles } from './key-counts.ts';

const ORDER: LifecycleDefinition = {
  name: 'order',
  keyAttributes: ['user.id', 'client.order_id'],
  beginSpans: ['client_order_received'],
  endSpans: ['client_order_update'],
  statusAttribute: 'order.status',
  terminalStatuses: ['filled'],
  stageLabels: {},
};
const EVERY: ListOptions = {
  ...{ words: [], status: undefined, startNs: 0n, endNs: undefined },
  ...{ sort: 'begin', limit: 50, cursor: undefined },
};

/** Answers what is asked with these counts, and remembers from when on it was. */
function counting({ many, total }: { many: boolean; total: string }) {
  const asked: QueryParameters[] = [];
  const database = {
    rows: async <Row>(_query: string, parameters: QueryParameters): Promise<Row[]> => {
      if ('newer' in parameters) return (many ? [{ start_ns: '700' }] : []) as Row[];
      asked.push(parameters);
      return [{ total }] as Row[];
    },
  };
  return { asked, database };
}

test('lifecycles are counted exactly, with and without a filter, while they are not too many', async () => {
  const { asked, database } = counting({ many: false, total: '7' });
  const listing = { database, definition: ORDER, options: EVERY };
  expect(await countLifecycles(listing)).toEqual({ total: 7 });
  const filled = { ...EVERY, status: 'filled' };
  expect(await countLifecycles({ ...listing, options: filled })).toEqual({ total: 7 });
  expect(asked.map(({ start_ns }) => start_ns)).toEqual([0n, 0n]);
});

test('of too many all begin spans are counted, or what fits the filter among the newest', async () => {
  const { asked, database } = counting({ many: true, total: '60000' });
  const listing = { database, definition: ORDER, options: EVERY };
  expect(await countLifecycles(listing)).toEqual({ total: 60_000, totalBound: 'upper' });
  const words = { ...EVERY, words: ['btc'] };
  const found = await countLifecycles({ ...listing, options: words });
  expect(found).toEqual({ total: 60_000, totalBound: 'lower' });
  expect(asked.map(({ start_ns }) => start_ns)).toEqual([0n, 700n]);
});
