import { expect, test } from 'vitest';
import { INSTRUMENTS } from '../instruments.ts';
import { Account, type ClientOrder, DEMO_ACCOUNT } from './account.ts';

function orderOf(account: Account, orderId: number): ClientOrder {
  const [instrument] = INSTRUMENTS;
  if (!instrument) throw new RangeError('there is an instrument');
  return {
    orderId,
    clientOrderId: `client-${orderId}`,
    account,
    instrument,
    side: 'BUY',
    priceTicks: 1n,
    timeInForce: 'GTC',
    lots: 1n,
    createdMs: 0,
    updatedMs: 0,
    status: 'NEW',
    cumLots: 0n,
    cumQuoteUnits: 0n,
    lockedUnits: 0n,
    cancelId: undefined,
    fills: [],
  };
}

test('an account forgets its oldest closed orders and counts them; open ones stay', () => {
  const account = new Account(DEMO_ACCOUNT);
  account.addOrder(orderOf(account, 0));
  for (let orderId = 1; orderId <= 10_005; orderId++) {
    const order = orderOf(account, orderId);
    account.addOrder(order);
    account.closeOrder(order);
  }
  expect(account.ordersForgotten).toBe(5);
  expect(account.orderByClientId('client-5')).toBeUndefined();
  expect(account.order(6)?.orderId).toBe(6);
  expect(account.openOrders().map(({ orderId }) => orderId)).toEqual([0]);
  expect(account.orders()).toHaveLength(10_001);
});

test('an account keeps its newest fills and counts the others', () => {
  const account = new Account(DEMO_ACCOUNT);
  const order = orderOf(account, 1);
  for (let tradeId = 1; tradeId <= 20_000; tradeId++) {
    const amounts = { priceTicks: 1n, lots: 1n, quoteUnits: 1n, commissionUnits: 0n };
    account.addFill({ order, tradeId, ...amounts, isMaker: false, timeMs: 0 });
  }
  expect(account.fills().length + account.fillsForgotten).toBe(20_000);
  expect(account.fills().at(-1)?.tradeId).toBe(20_000);
});

test('a balance that is no amount is refused', () => {
  const create = () => new Account({ ...DEMO_ACCOUNT, balances: { BTC: '-1' } });
  expect(create).toThrow(expect.objectContaining({ code: 'TL_CONFIG_INVALID' }));
});
