import { expect, test } from 'vitest';
import type { Answer } from './api-connection.ts';
import { cancelOrphans } from './orphans.ts';

const UNKNOWN_ORDER: Answer = { type: 'refusal', code: -2011, message: 'Unknown order sent.' };

test('only orders with our prefix are canceled; one that ended meanwhile is told as such', async () => {
  const canceled: unknown[] = [];
  const request = async (method: string, params: object): Promise<Answer> => {
    if (method === 'openOrders.status') {
      const rows = ['tl-b-1', 'other-1', 'tl-b-2'].map((clientOrderId, index) => ({
        ...{ symbol: 'SOLUSDT', orderId: index + 1, clientOrderId },
        ...{ origQty: '1.000', executedQty: '0.250' },
      }));
      return { type: 'result', result: rows };
    }
    canceled.push({ method, ...params });
    return 'orderId' in params && params.orderId === 3
      ? UNKNOWN_ORDER
      : { type: 'result', result: {} };
  };
  const found = { symbol: 'SOLUSDT', quantity: '1.000', executedQuantity: '0.250' };
  expect(await cancelOrphans({ request }, 'tl-')).toEqual([
    { exchangeOrderId: 'tl-b-1', ...found, isCanceled: true },
    { exchangeOrderId: 'tl-b-2', ...found, isCanceled: false },
  ]);
  expect(canceled).toEqual([
    { method: 'order.cancel', symbol: 'SOLUSDT', orderId: 1 },
    { method: 'order.cancel', symbol: 'SOLUSDT', orderId: 3 },
  ]);
});
