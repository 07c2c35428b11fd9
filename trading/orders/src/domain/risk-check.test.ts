import { parseDecimal } from '@throughline/model';
import { expect, test } from 'vitest';
import { BTCUSDT } from '../testing/instruments.ts';
import type { ClientOrder } from './client-order.ts';
import { RiskCheck } from './risk-check.ts';

const instruments = new Map([['BTCUSDT', BTCUSDT]]);

function check() {
  return new RiskCheck({ notionalMax: parseDecimal('1000'), userOrdersMax: 2 }, instruments);
}

function order(clientOrderId: string, fields: Partial<ClientOrder> = {}): ClientOrder {
  return {
    userId: 'u1',
    clientOrderId,
    symbol: 'BTCUSDT',
    side: 'buy',
    type: 'limit',
    timeInForce: 'gtc',
    lots: 1_000n,
    priceTicks: 6_000_000n,
    ...fields,
  };
}

test('an order may be worth the limit and no more', () => {
  const risk = check();
  expect(risk.admit(order('o1', { lots: 1_666n }))).toBeUndefined();
  const refused = risk.admit(order('o2', { lots: 1_667n }));
  expect(refused).toEqual({
    code: 'risk_notional',
    text: 'the order is worth 1000.2, 1000 is allowed',
  });
});

test('a market order is worth what the last known price says', () => {
  const risk = check();
  const market = { type: 'market', timeInForce: 'ioc', priceTicks: undefined } as const;
  expect(risk.admit(order('o1', { ...market, lots: 10_000n }))).toBeUndefined();
  risk.ended(order('o1'), 'BTCUSDT', 6_000_000n);
  expect(risk.admit(order('o2', { ...market, lots: 10_000n }))?.code).toBe('risk_notional');
});

test('open orders of a user are bounded, until they end', () => {
  const risk = check();
  risk.admit(order('o1'));
  risk.admit(order('o2'));
  expect(risk.admit(order('o3'))?.code).toBe('risk_open_orders');
  expect(risk.admit(order('o1', { userId: 'u2' }))).toBeUndefined();
  // One that was refused was never open.
  risk.ended(order('o3'), 'BTCUSDT', undefined);
  expect(risk.admit(order('o4'))?.code).toBe('risk_open_orders');
  risk.ended(order('o1'), 'BTCUSDT', undefined);
  expect(risk.admit(order('o5'))).toBeUndefined();
});
