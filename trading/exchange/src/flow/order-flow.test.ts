import { expect, test } from 'vitest';
import { INSTRUMENTS } from '../instruments.ts';
import { Random } from '../random.ts';
import { Market } from '../venue/market.ts';
import { type FlowOptions, OrderFlow } from './order-flow.ts';

function createFlow(seed: number, symbol = 'BTCUSDT', options: Partial<FlowOptions> = {}) {
  const instrument = INSTRUMENTS.find((candidate) => candidate.symbol === symbol);
  if (!instrument) throw new RangeError(`no ${symbol}`);
  let id = 1;
  const nextId = () => id++;
  const market = new Market(instrument, nextId, () => 0);
  return { market, flow: new OrderFlow(market, nextId, new Random(seed), options) };
}

test('every book is two-sided after each step, and stays within its bounds', () => {
  for (const { symbol } of INSTRUMENTS) {
    const { market, flow } = createFlow(1, symbol);
    for (let step = 0; step < 2_000; step++) {
      flow.step();
      const { bidTicks, askTicks } = market.best();
      expect(bidTicks !== undefined && askTicks !== undefined && bidTicks < askTicks).toBe(true);
      expect(market.engine.restingCount).toBeLessThanOrEqual(48);
    }
  }
});

test('one seed gives the same trades, another seed others', () => {
  const run = (seed: number) => {
    const { market, flow } = createFlow(seed);
    for (let step = 0; step < 200; step++) flow.step();
    return market.recentTrades(1_000);
  };
  expect(run(1).length).toBeGreaterThan(10);
  expect(run(1)).toEqual(run(1));
  expect(run(1)).not.toEqual(run(2));
});

test('an order of a few quotes fills in several trades over several prices', () => {
  const { market, flow } = createFlow(4);
  flow.step();
  const events = market.submit({
    orderId: 1_000_000,
    side: 'BUY',
    lots: 50_000n,
    timeInForce: 'IOC',
  });
  const trades = events.filter((event) => event.type === 'trade');
  expect(new Set(trades.map(({ priceTicks }) => priceTicks)).size).toBeGreaterThan(2);
  expect(events.some(({ type }) => type === 'expired')).toBe(false);
});

test('a swept side is quoted again with the next step', () => {
  const { market, flow } = createFlow(4, 'ETHUSDT', { takerProbability: 0 });
  flow.step();
  market.submit({ orderId: 1_000_000, side: 'SELL', lots: 10n ** 9n, timeInForce: 'IOC' });
  expect(market.best().bidTicks).toBeUndefined();
  flow.step();
  expect(market.depth('BUY', 100).length).toBeGreaterThan(20);
});

test('rates and sizes out of bounds are refused', () => {
  expect(() => createFlow(1, 'BTCUSDT', { stepsPerSecond: 1e6 })).toThrow('stepsPerSecond');
  expect(() => createFlow(1, 'BTCUSDT', { quotesPerSide: 0 })).toThrow('quotesPerSide');
});
