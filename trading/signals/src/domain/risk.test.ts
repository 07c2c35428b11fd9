import { expect, test } from 'vitest';
import { parseAmount } from './amount.ts';
import type { Order } from './order.ts';
import { Risk, type RiskOptions } from './risk.ts';

function units(text: string): bigint {
  return parseAmount(text) ?? 0n;
}

const LIMITS: RiskOptions = {
  confidenceMin: 60,
  signalAgeMsMax: 1_000,
  notionalUnitsMax: units('1000'),
  positionUnitsMax: units('1500'),
  ordersPerMinuteMax: 3,
};

function order(side: Order['side'], quantity: string, price = '100'): Order {
  const clientOrderId = 'sig-1';
  return {
    clientOrderId,
    symbol: 'BTCUSDT',
    side,
    quantityUnits: units(quantity),
    priceUnits: units(price),
  };
}

function signal(fields: object = {}) {
  return {
    signal_id: 's1',
    strategy: 'ema_cross',
    symbol: 'BTCUSDT',
    direction: 'buy' as const,
    confidence: 80,
    entry_price: '100',
    time_ms: 10_000,
    ...fields,
  };
}

test('a signal has to be sure and fresh', () => {
  const risk = new Risk(LIMITS);
  risk.checkSignal(signal({ confidence: 60 }), 11_000);
  expect(() => risk.checkSignal(signal({ confidence: 59 }), 10_000)).toThrow(
    expect.objectContaining({ type: 'risk_confidence', code: 'TL_ORDER_REFUSED' }),
  );
  expect(() => risk.checkSignal(signal(), 11_001)).toThrow(
    expect.objectContaining({ type: 'signal_stale' }),
  );
});

test('an order may be worth the limit, and not a cent more', () => {
  const risk = new Risk(LIMITS);
  risk.checkOrder(order('buy', '10'), 0);
  expect(() => risk.checkOrder(order('buy', '10.0001'), 0)).toThrow(
    expect.objectContaining({ type: 'risk_notional' }),
  );
});

test('a position is bounded on both sides, and can always be made smaller', () => {
  const risk = new Risk(LIMITS);
  risk.filled('BTCUSDT', 'buy', units('10'));
  expect(() => risk.checkOrder(order('buy', '5.1'), 0)).toThrow(
    expect.objectContaining({ type: 'risk_position' }),
  );
  risk.checkOrder(order('buy', '5'), 0);
  risk.filled('BTCUSDT', 'buy', units('90'));
  risk.checkOrder(order('sell', '10'), 0);
  risk.filled('BTCUSDT', 'sell', units('110'));
  expect(risk.positionOf('BTCUSDT')).toBe(units('-10'));
  expect(() => risk.checkOrder(order('sell', '6'), 0)).toThrow(
    expect.objectContaining({ type: 'risk_position' }),
  );
});

test('so many orders a minute, and again when the first is a minute old', () => {
  const risk = new Risk(LIMITS);
  for (const nowMs of [0, 10, 20]) risk.checkOrder(order('buy', '1'), nowMs);
  expect(() => risk.checkOrder(order('buy', '1'), 59_999)).toThrow(
    expect.objectContaining({ type: 'risk_rate' }),
  );
  risk.checkOrder(order('buy', '1'), 60_000);
});
