import { expect, test } from 'vitest';
import type { Execution } from '../domain/exchange-order.ts';
import { SOLUSDT } from '../testing/instruments.ts';
import type { Answer } from './api-connection.ts';
import { OpenOrder } from './open-order.ts';
import { reconcile } from './reconciliation.ts';

/** An order of 100 lots that was sent when `lastTradeId` was the last trade known. */
function sentOrder(exchangeOrderId: string, lastTradeId?: number, venueOrderId?: number) {
  const open = new OpenOrder(
    {
      ...{ exchangeOrderId, batchId: 'b-1', venue: 'north', symbol: 'SOLUSDT', side: 'buy' },
      ...{ type: 'limit', timeInForce: 'gtc', lots: 100n, priceTicks: 15_000n },
    },
    SOLUSDT,
  );
  open.sent(lastTradeId);
  open.venueOrderId = venueOrderId;
  return open;
}

interface VenueTrade {
  readonly id: number;
  readonly orderId: number;
  readonly qty: string;
}

/** A venue with open orders and the account's trades, which it hands out in pages of a thousand. */
function venue(openRows: readonly object[], trades: readonly VenueTrade[]) {
  const asked: unknown[] = [];
  const request = async (method: string, params: object): Promise<Answer> => {
    if (method === 'openOrders.status') return { type: 'result', result: openRows };
    asked.push(params);
    const { fromId } = params as { fromId: number };
    const page = trades.filter(({ id }) => id >= fromId).slice(0, 1_000);
    const rows = page.map((trade) => ({ ...trade, price: '150.00', isMaker: true }));
    return { type: 'result', result: rows };
  };
  return { asked, request };
}

function openRow(clientOrderId: string, orderId: number, executedQty: string) {
  return { symbol: 'SOLUSDT', orderId, clientOrderId, origQty: '0.100', executedQty };
}

async function reconciled(connection: ReturnType<typeof venue>, orders: readonly OpenOrder[]) {
  const { fills, unclear } = await reconcile(connection, orders);
  const found = fills.map(
    ({ open, execution }) => `${open.order.exchangeOrderId} ${idOf(execution)}`,
  );
  for (const { open, execution } of fills) open.apply(execution);
  return { found, unclear: unclear().map(({ order }) => order.exchangeOrderId) };
}

function idOf({ outcome }: Execution): string {
  return outcome.type === 'fill' ? outcome.fillId : outcome.end;
}

test('trades since the oldest order was sent are asked for, once for all orders of a symbol', async () => {
  const north = venue(
    [openRow('x-1', 1, '0.040'), openRow('x-2', 2, '0')],
    [
      { id: 10, orderId: 1, qty: '0.010' },
      { id: 12, orderId: 1, qty: '0.040' },
      { id: 13, orderId: 77, qty: '0.500' },
    ],
  );
  const orders = [sentOrder('x-1', 11), sentOrder('x-2', 20)];
  expect(await reconciled(north, orders)).toEqual({
    found: ['x-1 north-SOLUSDT-12-buy'],
    unclear: [],
  });
  expect(north.asked).toEqual([{ symbol: 'SOLUSDT', fromId: 12, limit: 1_000 }]);
});

test('an order that filled while nobody listened is clear; one that ended otherwise is not', async () => {
  const north = venue([], [{ id: 6, orderId: 1, qty: '0.100' }]);
  const orders = [sentOrder('x-1', 5, 1), sentOrder('x-2', 5, 2)];
  expect(await reconciled(north, orders)).toEqual({
    found: ['x-1 north-SOLUSDT-6-buy'],
    unclear: ['x-2'],
  });
});

test('an order sent before any trade was known, and filled meanwhile, is unclear', async () => {
  const north = venue([openRow('x-1', 1, '0.010'), openRow('x-2', 2, '0')], []);
  const orders = [sentOrder('x-1'), sentOrder('x-2')];
  expect(await reconciled(north, orders)).toEqual({ found: [], unclear: ['x-1'] });
  expect(north.asked).toEqual([]);
});

test('an order that the exchange never named is unclear', async () => {
  const { unclear } = await reconciled(venue([], []), [sentOrder('x-1', 5)]);
  expect(unclear).toEqual(['x-1']);
});

test('page by page, none is left out where two trades have one number', async () => {
  const trades = Array.from({ length: 1_500 }, (_, index) => ({
    id: 100 + Math.floor(index / 2),
    orderId: index % 2 === 0 ? 77 : 1,
    qty: '0.001',
  }));
  const north = venue([openRow('x-1', 1, '0.100')], trades);
  const { fills } = await reconcile(north, [sentOrder('x-1', 99)]);
  expect(new Set(fills.map(({ execution }) => idOf(execution))).size).toBe(750);
  expect(north.asked.length).toBeGreaterThan(1);
});

test('an answer that cannot be used is an error, not a guess', async () => {
  const unavailable = expect.objectContaining({ code: 'TL_EXCHANGE_UNAVAILABLE' });
  const refuse = async (): Promise<Answer> => ({ type: 'refusal', code: -1, message: 'no' });
  await expect(reconcile({ request: refuse }, [sentOrder('x-1')])).rejects.toThrow(unavailable);
  const odd = async (): Promise<Answer> => ({ type: 'result', result: 'what' });
  await expect(reconcile({ request: odd }, [sentOrder('x-1')])).rejects.toThrow(unavailable);
});
