import { ThroughlineError } from '@throughline/model';
import { expect, test } from 'vitest';
import type { ExchangeOrder } from '../domain/exchange-order.ts';
import { SOLUSDT } from '../testing/instruments.ts';
import type { Answer } from './api-connection.ts';
import { OpenOrder } from './open-order.ts';
import { resolveOrder } from './resolution.ts';

const order: ExchangeOrder = {
  exchangeOrderId: 'b-1-1',
  batchId: 'b-1',
  venue: 'north',
  symbol: 'SOLUSDT',
  side: 'buy',
  type: 'limit',
  timeInForce: 'gtc',
  lots: 100n,
  priceTicks: 15_000n,
};
const trades = [
  { id: 1, orderId: 5, price: '150.00', qty: '0.030', isMaker: false },
  { id: 2, orderId: 5, price: '149.99', qty: '0.020', isMaker: true },
];

/** A connection that answers each method from a script; the last answer is repeated. */
function scripted(answers: Record<string, Answer[]>) {
  const asked: string[] = [];
  const request = async (method: string): Promise<Answer> => {
    asked.push(method);
    const left = answers[method] ?? [];
    const answer = left.length > 1 ? left.shift() : left[0];
    if (answer) return answer;
    throw new ThroughlineError('TL_EXCHANGE_UNAVAILABLE', 'lost');
  };
  return { asked, request };
}

function status(text: string, executedQty: string): Answer {
  return { type: 'result', result: { orderId: 5, status: text, executedQty } };
}

const unknown: Answer = { type: 'refusal', code: -2013, message: 'Order does not exist.' };

test('fills that were missed are asked for, and come before the end', async () => {
  const connection = scripted({
    'order.status': [status('CANCELED', '0.050')],
    myTrades: [{ type: 'result', result: trades }],
  });
  const found = await resolveOrder(connection, new OpenOrder(order, SOLUSDT));
  expect(found.map(({ execution }) => execution.outcome)).toEqual([
    ...[
      {
        type: 'fill',
        fillId: 'north-SOLUSDT-1-buy',
        lots: 30n,
        priceTicks: 15_000n,
        liquidity: 'taker',
      },
      {
        type: 'fill',
        fillId: 'north-SOLUSDT-2-buy',
        lots: 20n,
        priceTicks: 14_999n,
        liquidity: 'maker',
      },
    ],
    { type: 'end', end: 'canceled', reason: 'CANCELED' },
  ]);
});

test('an order that is open with nothing missed needs no more questions', async () => {
  const connection = scripted({ 'order.status': [status('NEW', '0.000')] });
  expect(await resolveOrder(connection, new OpenOrder(order, SOLUSDT))).toEqual([]);
  expect(connection.asked).toEqual(['order.status']);
});

test('an order that the exchange does not know after all counts as rejected', async () => {
  const connection = scripted({ 'order.status': [unknown] });
  const found = await resolveOrder(connection, new OpenOrder(order, SOLUSDT));
  expect(found.map(({ execution }) => execution.outcome)).toMatchObject([{ end: 'rejected' }]);
  expect(connection.asked).toHaveLength(3);
});

test('an order that arrives late is found by asking again', async () => {
  const connection = scripted({ 'order.status': [unknown, status('NEW', '0.000')] });
  expect(await resolveOrder(connection, new OpenOrder(order, SOLUSDT))).toEqual([]);
});

test('an answer that cannot be used is an error, not a guess', async () => {
  const open = new OpenOrder(order, SOLUSDT);
  const unavailable = expect.objectContaining({ code: 'TL_EXCHANGE_UNAVAILABLE' });
  const odd = scripted({ 'order.status': [{ type: 'result', result: { status: 7 } }] });
  await expect(resolveOrder(odd, open)).rejects.toThrow(unavailable);
  await expect(resolveOrder(scripted({}), open)).rejects.toThrow(unavailable);
});

test('each execution of an order is news once', () => {
  const open = new OpenOrder(order, SOLUSDT);
  const fill = (fillId: string, lots: bigint) => ({
    ...{
      exchangeOrderId: 'b-1-1',
      venue: 'north',
      symbol: 'SOLUSDT',
      exchangeStatus: 'PARTIALLY_FILLED',
    },
    outcome: { type: 'fill', fillId, lots, priceTicks: 1n, liquidity: 'taker' } as const,
  });
  expect(open.apply(fill('a', 60n))).toBe(true);
  expect(open.apply(fill('a', 60n))).toBe(false);
  expect(open.isEnded).toBe(false);
  expect(open.apply(fill('b', 40n))).toBe(true);
  expect(open.isEnded).toBe(true);
  expect(open.apply(fill('c', 1n))).toBe(false);
  expect(open.cumLots).toBe(100n);
});
