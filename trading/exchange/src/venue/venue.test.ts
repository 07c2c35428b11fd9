import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type FaultOptions, Faults } from '../faults/faults.ts';
import { INSTRUMENTS } from '../instruments.ts';
import { Random } from '../random.ts';
import type { AccountOptions } from './account.ts';
import type { CommissionOptions } from './commission.ts';
import { type PlaceOrder, Venue } from './venue.ts';

const ONE = 100_000_000n;
const ALICE: AccountOptions = {
  apiKey: 'alice',
  secret: 'a',
  balances: { USDT: '1000000', BTC: '10' },
};
const BOB: AccountOptions = { apiKey: 'bob', secret: 'b', balances: { USDT: '50000', BTC: '2' } };

function createVenue(
  faults: Partial<FaultOptions> = {},
  commission: Partial<CommissionOptions> = {},
) {
  let nowMs = 1_000;
  const venue = new Venue({
    instruments: INSTRUMENTS,
    accounts: [ALICE, BOB],
    faults: new Faults(new Random(1), faults),
    commission,
    now: () => nowMs++,
    firstId: 1,
  });
  const [alice, bob] = [...venue.accounts.values()];
  if (!alice || !bob) throw new RangeError('two accounts were asked for');
  return { venue, alice, bob };
}

function limit(side: 'BUY' | 'SELL', price: number, hundredths: number): PlaceOrder {
  return {
    symbol: 'BTCUSDT',
    side,
    timeInForce: 'GTC',
    priceUnits: BigInt(price) * ONE,
    quantityUnits: (BigInt(hundredths) * ONE) / 100n,
  };
}

const request = fc
  .record({
    side: fc.constantFrom('BUY' as const, 'SELL' as const),
    price: fc.integer({ min: 49_995, max: 50_005 }),
    hundredths: fc.integer({ min: 1, max: 120 }),
    timeInForce: fc.constantFrom('GTC' as const, 'IOC' as const, 'FOK' as const),
    isMarket: fc.boolean(),
  })
  .map(({ side, price, hundredths, timeInForce, isMarket }): PlaceOrder => {
    const { priceUnits, ...market } = limit(side, price, hundredths);
    if (isMarket || priceUnits === undefined) return { ...market, timeInForce: 'IOC' };
    return { ...market, priceUnits, timeInForce };
  });
const orders = fc.array(fc.record({ isAlice: fc.boolean(), request, isCanceled: fc.boolean() }), {
  maxLength: 60,
});

test('balances are exact and never negative, whatever is ordered', () => {
  fc.assert(
    fc.property(orders, fc.integer({ min: 1, max: 7 }), (list, tradesPerOrderMin) => {
      const { venue, alice, bob } = createVenue({ tradesPerOrderMin });
      for (const next of list) {
        const account = next.isAlice ? alice : bob;
        try {
          const { orderId, status } = venue.place(account, next.request);
          if (next.isCanceled && status === 'NEW') venue.cancel(account, 'BTCUSDT', { orderId });
        } catch (error) {
          expect(error).toMatchObject({ venueCode: -2010 });
        }
        for (const one of [alice, bob]) {
          for (const asset of ['USDT', 'BTC']) {
            const { freeUnits, lockedUnits } = one.balances.of(asset);
            expect(freeUnits >= 0n && lockedUnits >= 0n).toBe(true);
          }
        }
      }
      const total = (asset: string) =>
        [alice, bob].reduce((sum, { balances }) => {
          const { freeUnits, lockedUnits } = balances.of(asset);
          return sum + freeUnits + lockedUnits;
        }, 0n);
      expect(total('USDT')).toBe(1_050_000n * ONE);
      expect(total('BTC')).toBe(12n * ONE);
      for (const one of [alice, bob]) {
        const locked = one.openOrders().reduce(
          (sum, order) => ({
            USDT: sum.USDT + (order.side === 'BUY' ? order.lockedUnits : 0n),
            BTC: sum.BTC + (order.side === 'SELL' ? order.lockedUnits : 0n),
          }),
          { USDT: 0n, BTC: 0n },
        );
        expect(one.balances.of('USDT').lockedUnits).toBe(locked.USDT);
        expect(one.balances.of('BTC').lockedUnits).toBe(locked.BTC);
      }
    }),
    { numRuns: 200 },
  );
});

test('an order is reported from acceptance to its end, with running sums', () => {
  const { venue, alice, bob } = createVenue();
  const reports: unknown[] = [];
  venue.onReport(({ executionType, order, fill }) => {
    const { account, status, cumLots } = order;
    if (account === alice) reports.push([executionType, status, cumLots, fill?.lots]);
  });
  venue.place(bob, limit('SELL', 50_000, 10));
  venue.place(bob, limit('SELL', 50_001, 10));
  const order = venue.place(alice, limit('BUY', 50_001, 30));
  venue.cancel(alice, 'BTCUSDT', { orderId: order.orderId });
  expect(reports).toEqual([
    ['NEW', 'NEW', 0n, undefined],
    ['TRADE', 'PARTIALLY_FILLED', 10_000n, 10_000n],
    ['TRADE', 'PARTIALLY_FILLED', 20_000n, 10_000n],
    ['CANCELED', 'CANCELED', 20_000n, undefined],
  ]);
  expect(order.fills.map(({ isMaker }) => isMaker)).toEqual([false, false]);
});

test('a buyer pays the resting price and gets the rest of its limit back', () => {
  const { venue, alice, bob } = createVenue();
  venue.place(bob, limit('SELL', 50_000, 100));
  venue.place(alice, limit('BUY', 60_000, 100));
  expect(alice.balances.of('USDT')).toEqual({ freeUnits: 950_000n * ONE, lockedUnits: 0n });
  expect(alice.balances.of('BTC').freeUnits).toBe(11n * ONE);
});

test('what an open buyer saved so far is free again: only the open part stays locked', () => {
  const { venue, alice, bob } = createVenue();
  venue.place(bob, limit('SELL', 50_000, 100));
  venue.place(alice, limit('BUY', 60_000, 150));
  const lockedUnits = 30_000n * ONE;
  expect(alice.balances.of('USDT')).toEqual({ freeUnits: 920_000n * ONE, lockedUnits });
});

test('a market order on an empty side expires without a trade', () => {
  const { venue, alice } = createVenue();
  const { priceUnits: _, ...request } = limit('BUY', 1, 1);
  expect(venue.place(alice, { ...request, timeInForce: 'IOC' }).status).toBe('EXPIRED');
});

test('an order beyond the funds is refused, and reported so', () => {
  const { venue, bob } = createVenue();
  const reports: unknown[] = [];
  venue.onReport((report) => reports.push([report.executionType, report.rejectReason]));
  const place = () => venue.place(bob, limit('BUY', 50_001, 100));
  expect(place).toThrow('insufficient balance');
  expect(reports).toEqual([['REJECTED', 'INSUFFICIENT_BALANCES']]);
  expect(bob.balances.of('USDT').freeUnits).toBe(50_000n * ONE);
});

test('a client order id cannot be used twice while its order is open', () => {
  const { venue, alice } = createVenue();
  const request = { ...limit('BUY', 40_000, 1), clientOrderId: 'mine' };
  venue.place(alice, request);
  expect(() => venue.place(alice, request)).toThrow('Duplicate order sent.');
  venue.cancel(alice, 'BTCUSDT', { clientOrderId: 'mine' });
  expect(venue.place(alice, request).status).toBe('NEW');
});

test('orders that break a filter are refused by its name', () => {
  const { venue, alice } = createVenue();
  const good = limit('BUY', 50_000, 1);
  const place = (change: Partial<PlaceOrder>) => () => venue.place(alice, { ...good, ...change });
  expect(place({ priceUnits: 1n })).toThrow('PRICE_FILTER');
  expect(place({ priceUnits: 0n })).toThrow('PRICE_FILTER');
  expect(place({ quantityUnits: 1n })).toThrow('LOT_SIZE');
  expect(place({ quantityUnits: 10_000n * ONE })).toThrow('LOT_SIZE');
  expect(place({ quantityUnits: 1_000n })).toThrow('NOTIONAL');
  expect(place({ symbol: 'DOGEUSDT' })).toThrow('Invalid symbol.');
});

test('another account cannot see or cancel an order', () => {
  const { venue, alice, bob } = createVenue();
  const { orderId } = venue.place(alice, limit('BUY', 50_000, 1));
  expect(() => venue.cancel(bob, 'BTCUSDT', { orderId })).toThrow('Unknown order sent.');
  expect(() => venue.order(bob, 'BTCUSDT', { orderId })).toThrow('Order does not exist.');
  expect(() => venue.order(alice, 'ETHUSDT', { orderId })).toThrow('Order does not exist.');
});

test('the reject fault refuses good orders; cut orders fill in several trades', () => {
  const refusing = createVenue({ rejectProbability: 1 });
  const place = () => refusing.venue.place(refusing.alice, limit('BUY', 50_000, 1));
  expect(place).toThrow('NEW_ORDER_REJECTED');

  const { venue, alice, bob } = createVenue({ tradesPerOrderMin: 4 });
  venue.place(bob, limit('SELL', 50_000, 10));
  expect(venue.place(alice, limit('BUY', 50_000, 10)).fills.map(({ lots }) => lots)).toEqual([
    2_500n,
    2_500n,
    2_500n,
    2_500n,
  ]);
});

test('commissions come from what an order receives, and each fill says how much', () => {
  const { venue, alice, bob } = createVenue({}, { makerBps: 10, takerBps: 20 });
  venue.place(alice, limit('SELL', 50_000, 100));
  venue.place(bob, limit('BUY', 50_000, 50));
  // Half a coin at 50,000: the maker receives 25,000 less 0.1 %, the taker 0.5 less 0.2 %.
  expect(alice.balances.of('USDT').freeUnits).toBe(1_024_975n * ONE);
  expect(bob.balances.of('BTC').freeUnits).toBe((2_499n * ONE) / 1_000n);
  expect(alice.fills().map(({ commissionUnits }) => commissionUnits)).toEqual([25n * ONE]);
  expect(bob.fills().map(({ commissionUnits }) => commissionUnits)).toEqual([ONE / 1_000n]);
});
