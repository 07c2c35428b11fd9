import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type EngineOrder, MatchingEngine, type TimeInForce } from './matching-engine.ts';
import type { Side } from './order-book.ts';

type Command =
  | { kind: 'submit'; side: Side; lots: bigint; priceTicks?: bigint; timeInForce: TimeInForce }
  | { kind: 'cancel'; target: number };

/** Few prices and small lots, so that orders meet, queue up and are swept. */
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('submit' as const),
      side: fc.constantFrom('BUY' as const, 'SELL' as const),
      lots: fc.bigInt(1n, 20n),
      priceTicks: fc.bigInt(95n, 105n),
      timeInForce: fc.constantFrom('GTC' as const, 'GTC' as const, 'IOC' as const, 'FOK' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('submit' as const),
      side: fc.constantFrom('BUY' as const, 'SELL' as const),
      lots: fc.bigInt(1n, 40n),
      timeInForce: fc.constantFrom('IOC' as const, 'FOK' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), target: fc.nat(99) }) },
);
const commands = fc.array(command, { maxLength: 80 });

function createEngine(): MatchingEngine {
  let tradeId = 1;
  return new MatchingEngine(() => tradeId++);
}

function orderOf(orderId: number, command: Extract<Command, { kind: 'submit' }>): EngineOrder {
  const { side, lots, priceTicks, timeInForce } = command;
  return { orderId, side, lots, timeInForce, ...(priceTicks === undefined ? {} : { priceTicks }) };
}

interface ModelOrder {
  orderId: number;
  side: Side;
  priceTicks: bigint;
  lots: bigint;
}
type ModelTrade = [makerId: number, takerId: number, priceTicks: bigint, lots: bigint];

/** Price-time priority said plainly: scan all resting orders for the best, the first of equals. */
class NaiveExchange {
  resting: ModelOrder[] = [];

  submit(order: EngineOrder): ModelTrade[] {
    const open = this.candidates(order).reduce((sum, resting) => sum + resting.lots, 0n);
    if (order.timeInForce === 'FOK' && open < order.lots) return [];
    const trades: ModelTrade[] = [];
    let leaves = order.lots;
    for (let best = this.best(order); best && leaves > 0n; best = this.best(order)) {
      let lots = leaves;
      if (best.lots < lots) lots = best.lots;
      trades.push([best.orderId, order.orderId, best.priceTicks, lots]);
      best.lots -= lots;
      leaves -= lots;
      this.resting = this.resting.filter((resting) => resting.lots > 0n);
    }
    if (leaves > 0n && order.timeInForce === 'GTC' && order.priceTicks !== undefined) {
      const { orderId, side, priceTicks } = order;
      this.resting.push({ orderId, side, priceTicks, lots: leaves });
    }
    return trades;
  }

  cancel(orderId: number): boolean {
    const before = this.resting.length;
    this.resting = this.resting.filter((order) => order.orderId !== orderId);
    return this.resting.length < before;
  }

  private candidates({ side, priceTicks: limit }: EngineOrder): ModelOrder[] {
    return this.resting.filter((resting) => {
      if (resting.side === side) return false;
      if (limit === undefined) return true;
      return side === 'BUY' ? resting.priceTicks <= limit : resting.priceTicks >= limit;
    });
  }

  private best(order: EngineOrder): ModelOrder | undefined {
    const sign = order.side === 'BUY' ? 1n : -1n;
    return this.candidates(order).reduce<ModelOrder | undefined>(
      (best, next) => (best && (best.priceTicks - next.priceTicks) * sign <= 0n ? best : next),
      undefined,
    );
  }
}

test('trades, cancels and the resulting book are those of a naive price-time model', () => {
  fc.assert(
    fc.property(commands, (list) => {
      const engine = createEngine();
      const model = new NaiveExchange();
      list.forEach((next, orderId) => {
        if (next.kind === 'cancel') {
          const [event] = engine.cancel(next.target);
          expect(event?.type === 'canceled').toBe(model.cancel(next.target));
          return;
        }
        const order = orderOf(orderId, next);
        const trades = engine
          .submit(order)
          .filter((event) => event.type === 'trade')
          .map((event) => [event.maker.orderId, orderId, event.priceTicks, event.lots]);
        expect(trades).toEqual(model.submit(order));
      });
      for (const order of model.resting) {
        expect(engine.resting(order.orderId)?.leavesLots).toBe(order.lots);
      }
      expect(engine.restingCount).toBe(model.resting.length);
      for (const side of ['BUY', 'SELL'] as const) {
        const lots = [...engine.side(side).levels()].reduce((sum, level) => sum + level.lots, 0n);
        const own = model.resting.filter((order) => order.side === side);
        expect(lots).toBe(own.reduce((sum, order) => sum + order.lots, 0n));
      }
    }),
    { numRuns: 500 },
  );
});

test('quantity is conserved: every lot is traded, resting, canceled or expired', () => {
  fc.assert(
    fc.property(commands, fc.bigInt(1n, 5n), (list, tradeLotsMax) => {
      const engine = createEngine();
      const ordered = new Map<number, bigint>();
      const accounted = new Map<number, bigint>();
      const account = (orderId: number, lots: bigint) =>
        accounted.set(orderId, (accounted.get(orderId) ?? 0n) + lots);
      list.forEach((next, orderId) => {
        if (next.kind === 'submit') ordered.set(orderId, next.lots);
        const events =
          next.kind === 'cancel'
            ? engine.cancel(next.target)
            : engine.submit(orderOf(orderId, next), tradeLotsMax);
        for (const event of events) {
          if (event.type === 'trade') {
            expect(event.lots > 0n && event.lots <= tradeLotsMax).toBe(true);
            account(event.maker.orderId, event.lots);
            account(event.taker.orderId, event.lots);
          } else if (event.type === 'canceled' || event.type === 'expired') {
            account(event.orderId, event.leavesLots);
          }
        }
        const { bids, asks } = engine;
        if (bids.bestTicks !== undefined && asks.bestTicks !== undefined) {
          expect(bids.bestTicks < asks.bestTicks).toBe(true);
        }
      });
      for (const [orderId, lots] of ordered) {
        account(orderId, engine.resting(orderId)?.leavesLots ?? 0n);
        expect(accounted.get(orderId)).toBe(lots);
      }
    }),
    { numRuns: 500 },
  );
});

test('FOK trades all or nothing, IOC and market orders leave nothing on the book', () => {
  fc.assert(
    fc.property(commands, (list) => {
      const engine = createEngine();
      list.forEach((next, orderId) => {
        if (next.kind === 'cancel') return;
        const events = engine.submit(orderOf(orderId, next));
        if (next.timeInForce === 'GTC') return;
        expect(engine.resting(orderId)).toBeUndefined();
        const traded = events.reduce(
          (sum, event) => (event.type === 'trade' ? sum + event.lots : sum),
          0n,
        );
        const expired = events.find((event) => event.type === 'expired')?.leavesLots ?? 0n;
        expect(traded + expired).toBe(next.lots);
        if (next.timeInForce === 'FOK') expect(traded === 0n || traded === next.lots).toBe(true);
      });
    }),
  );
});

test('executable says beforehand what an order trades, and for how much', () => {
  fc.assert(
    fc.property(commands, (list) => {
      const engine = createEngine();
      list.forEach((next, orderId) => {
        if (next.kind === 'cancel') return;
        const order = orderOf(orderId, next);
        const foreseen = engine.executable(order);
        let lots = 0n;
        let tickLots = 0n;
        for (const event of engine.submit(order)) {
          if (event.type !== 'trade') continue;
          lots += event.lots;
          tickLots += event.lots * event.priceTicks;
        }
        if (order.timeInForce !== 'FOK') expect({ lots, tickLots }).toEqual(foreseen);
      });
    }),
  );
});

test('defective orders are rejected and change nothing', () => {
  const engine = createEngine();
  const good: EngineOrder = {
    orderId: 1,
    side: 'BUY',
    lots: 5n,
    priceTicks: 100n,
    timeInForce: 'GTC',
  };
  engine.submit(good);
  const reasonOf = (change: Partial<EngineOrder>) =>
    engine.submit({ ...good, orderId: 2, ...change });
  expect(reasonOf({ orderId: 1 })).toMatchObject([{ reason: 'duplicate_order_id' }]);
  expect(reasonOf({ lots: 0n })).toMatchObject([{ reason: 'lots_not_positive' }]);
  expect(engine.submit({ ...good, orderId: 2 }, 0n)).toMatchObject([{ type: 'rejected' }]);
  expect(reasonOf({ priceTicks: 0n })).toMatchObject([{ reason: 'price_not_positive' }]);
  const market: EngineOrder = { orderId: 3, side: 'SELL', lots: 1n, timeInForce: 'GTC' };
  expect(engine.submit(market)).toMatchObject([{ reason: 'market_order_cannot_rest' }]);
  expect(engine.cancel(9)).toMatchObject([{ reason: 'unknown_order' }]);
  expect(engine.restingCount).toBe(1);
});

test('an order canceled in the middle of a queue leaves the others in their order', () => {
  const engine = createEngine();
  for (const orderId of [1, 2, 3]) {
    engine.submit({ orderId, side: 'SELL', lots: 1n, priceTicks: 100n, timeInForce: 'GTC' });
  }
  engine.cancel(2);
  const events = engine.submit({ orderId: 4, side: 'BUY', lots: 2n, timeInForce: 'IOC' });
  const makers = events.flatMap((event) => (event.type === 'trade' ? [event.maker.orderId] : []));
  expect(makers).toEqual([1, 3]);
});
