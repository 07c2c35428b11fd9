import { parseDecimal } from '@throughline/model';
import { startTracing } from '@throughline/sdk';
import { expect, test } from 'vitest';
import { DEFAULT_ALLOCATION } from '../domain/allocation/allocation.ts';
import type { ExchangeOrder } from '../domain/exchange-order.ts';
import type { AlgorithmInput, AlgorithmOutput } from '../events.ts';
import { BTCUSDT } from '../testing/instruments.ts';
import { Algorithm } from './algorithm.ts';

/** An algorithm with the venues `north` and, twice as heavy, `south`. */
class Bench {
  readonly sent: AlgorithmOutput[] = [];
  #batches = 0;
  readonly #algorithm: Algorithm;

  constructor(southTrades: readonly string[] = ['BTCUSDT']) {
    this.#algorithm = new Algorithm(startTracing({ enabled: false, serviceName: 'algorithm' }), {
      instruments: new Map([['BTCUSDT', BTCUSDT]]),
      openMsMax: 1_000,
      sliceNotional: parseDecimal('1000000'),
      venues: [
        { name: 'north', weight: 1n, symbols: new Set(['BTCUSDT']) },
        { name: 'south', weight: 2n, symbols: new Set(southTrades) },
      ],
      allocation: { ...DEFAULT_ALLOCATION, method: 'fifo' },
      orderIdPrefix: 'tl-',
      send: (event) => this.sent.push(event),
    });
  }

  receive(event: AlgorithmInput): void {
    this.#algorithm.receive({ event, traceContextCarrier: {} });
  }

  /** Two client orders of so many lots each, at one price. @returns what is placed */
  batch(lots: bigint): ExchangeOrder[] {
    this.#batches += 1;
    const batchId = `b-${this.#batches}`;
    const members = ['a', 'b'].map((name, index) => ({
      order: {
        ...{ userId: 'u', clientOrderId: `${name}-${batchId}`, symbol: 'BTCUSDT', lots },
        ...({ side: 'buy', type: 'limit', timeInForce: 'gtc', priceTicks: 6_000_000n } as const),
      },
      arrivalNs: BigInt(index),
      carrier: {},
    }));
    this.receive({ type: 'batch', batchId, symbol: 'BTCUSDT', side: 'buy', members });
    return this.sent.splice(0).flatMap((event) => (event.type === 'place' ? [event.order] : []));
  }
}

function byVenue(orders: readonly ExchangeOrder[]): Record<string, bigint> {
  const lots: Record<string, bigint> = {};
  for (const order of orders) lots[order.venue] = (lots[order.venue] ?? 0n) + order.lots;
  return lots;
}

test('lots go to the venues that are up, by weight; ids are unique over them and have the prefix', () => {
  const bench = new Bench();
  const orders = bench.batch(3_000n);
  expect(byVenue(orders)).toEqual({ north: 2_000n, south: 4_000n });
  const ids = orders.map(({ exchangeOrderId }) => exchangeOrderId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => id.startsWith('tl-b-1-'))).toBe(true);

  bench.receive({ type: 'venue_changed', venue: 'south', isUp: false });
  expect(byVenue(bench.batch(3_000n))).toEqual({ north: 6_000n });
  bench.receive({ type: 'venue_changed', venue: 'south', isUp: true });
  expect(byVenue(bench.batch(3_000n))).toEqual({ north: 2_000n, south: 4_000n });
});

test('a venue that was missing at the start takes part once it has joined and is up', () => {
  const bench = new Bench([]);
  expect(byVenue(bench.batch(3_000n))).toEqual({ north: 6_000n });
  const venue = { name: 'south', weight: 2n, symbols: new Set(['BTCUSDT']) };
  bench.receive({ type: 'venue_joined', venue, instruments: new Map() });
  expect(byVenue(bench.batch(3_000n))).toEqual({ north: 6_000n });
  bench.receive({ type: 'venue_changed', venue: 'south', isUp: true });
  expect(byVenue(bench.batch(3_000n))).toEqual({ north: 2_000n, south: 4_000n });
});

test('fills of different venues are allocated to the same orders, by the rule that was chosen', () => {
  const bench = new Bench();
  const [first, ...others] = bench.batch(3_000n);
  const fill = ({ exchangeOrderId, venue, lots }: ExchangeOrder) => {
    const from = { exchangeOrderId, venue, symbol: 'BTCUSDT', exchangeStatus: 'FILLED' };
    const money = { lots, priceTicks: 6_000_000n, liquidity: 'taker' } as const;
    const outcome = { type: 'fill', fillId: `${venue}-${exchangeOrderId}`, ...money } as const;
    bench.receive({ type: 'execution', execution: { ...from, outcome } });
    return bench.sent.splice(0).flatMap((event) => {
      if (event.type !== 'order_updated') return [];
      const { order, state } = event.allotment;
      return [`${order.clientOrderId} ${state.status} ${state.cumLots}`];
    });
  };
  expect(first?.venue).toBe('north');
  expect(first && fill(first)).toEqual(['a-b-1 partially_filled 1000']);
  const updates = others.flatMap(fill);
  expect(updates).toContain('a-b-1 filled 3000');
  expect(updates.at(-1)).toBe('b-b-1 filled 3000');
});
