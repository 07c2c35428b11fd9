import { parseDecimal } from '@throughline/model';
import { startTracing } from '@throughline/sdk';
import { expect, test } from 'vitest';
import { DEFAULT_ALLOCATION } from '../domain/allocation/allocation.ts';
import type { ClientOrder } from '../domain/client-order.ts';
import type { ExchangeOrder, Execution } from '../domain/exchange-order.ts';
import type { AlgorithmInput, AlgorithmOutput } from '../events.ts';
import { BTCUSDT } from '../testing/instruments.ts';
import { Algorithm } from './algorithm.ts';

class Bench {
  nowMs = 0;
  readonly sent: AlgorithmOutput[] = [];
  readonly algorithm = new Algorithm(startTracing({ enabled: false, serviceName: 'algorithm' }), {
    instruments: new Map([['BTCUSDT', BTCUSDT]]),
    openMsMax: 1_000,
    sliceNotional: parseDecimal('20000'),
    venues: [{ name: 'venue-1', weight: 1n, symbols: new Set(['BTCUSDT']) }],
    allocation: DEFAULT_ALLOCATION,
    orderIdPrefix: '',
    send: (event) => this.sent.push(event),
    now: () => this.nowMs,
  });

  receive(event: AlgorithmInput): void {
    this.algorithm.receive({ event, traceContextCarrier: {} });
  }

  batch(...orders: Partial<ClientOrder>[]): ExchangeOrder[] {
    const members = orders.map((order, index) => ({
      order: {
        userId: 'u',
        clientOrderId: `o${index}`,
        symbol: 'BTCUSDT',
        side: 'buy' as const,
        type: 'limit' as const,
        timeInForce: 'gtc' as const,
        lots: 1_000n,
        priceTicks: 6_000_000n,
        ...order,
      },
      arrivalNs: BigInt(index),
      carrier: {},
    }));
    this.receive({ type: 'batch', batchId: 'b-1', symbol: 'BTCUSDT', side: 'buy', members });
    return this.take().flatMap((event) => (event.type === 'place' ? [event.order] : []));
  }

  execute(exchangeOrderId: string, outcome: Execution['outcome']): void {
    const from = { venue: 'north', symbol: 'BTCUSDT', exchangeStatus: 'X' };
    const execution = { exchangeOrderId, ...from, outcome };
    this.receive({ type: 'execution', execution });
  }

  fill(exchangeOrderId: string, lots: bigint): void {
    const fillId = `f-${exchangeOrderId}`;
    const fill = {
      type: 'fill',
      fillId,
      lots,
      priceTicks: 6_000_000n,
      liquidity: 'taker',
    } as const;
    this.execute(exchangeOrderId, fill);
  }

  end(exchangeOrderId: string, end: 'canceled' | 'rejected' | 'expired'): void {
    this.execute(exchangeOrderId, { type: 'end', end, reason: `it was ${end}` });
  }

  /** The client wants the order to end. */
  cancel(clientOrderId: string): void {
    const reason = { code: 'client_canceled', text: 'by the client' } as const;
    const request = { end: 'canceled', reason } as const;
    const ids = { userId: 'u', clientOrderId, symbol: 'BTCUSDT' };
    this.receive({ type: 'end_requested', ...ids, request });
  }

  take(): AlgorithmOutput[] {
    return this.sent.splice(0);
  }

  /** What the clients are told: order, status, cumulative lots, reason. */
  updates(): string[] {
    return this.take().flatMap((event) => {
      if (event.type !== 'order_updated') return [];
      const { order, state } = event.allotment;
      return [
        `${order.clientOrderId} ${state.status} ${state.cumLots} ${event.reason?.text ?? ''}`.trim(),
      ];
    });
  }
}

test('a batch becomes several exchange orders for each limit price, with valid ids', () => {
  const orders = new Bench().batch({}, { priceTicks: 6_100_000n }, {});
  expect(
    orders.map(({ exchangeOrderId, lots, priceTicks }) => [exchangeOrderId, lots, priceTicks]),
  ).toEqual([
    ['b-1-1', 1_000n, 6_000_000n],
    ['b-1-2', 1_000n, 6_000_000n],
    ['b-1-3', 500n, 6_100_000n],
    ['b-1-4', 500n, 6_100_000n],
  ]);
});

test('a fill is told to each client order that has a part in it', () => {
  const bench = new Bench();
  bench.batch({ lots: 1_500n }, { lots: 500n });
  bench.fill('b-1-1', 1_000n);
  expect(bench.updates()).toEqual(['o0 partially_filled 750', 'o1 partially_filled 250']);
  bench.fill('b-1-2', 1_000n);
  expect(bench.updates()).toEqual(['o0 filled 1500', 'o1 filled 500']);
});

test('exchange orders that stay open too long are canceled, and the rest ends with them', () => {
  const bench = new Bench();
  bench.batch({});
  bench.fill('b-1-1', 500n);
  bench.take();
  bench.nowMs = 400;
  expect(bench.algorithm.runDue()).toBe(600);
  bench.nowMs = 1_000;
  expect(bench.algorithm.runDue()).toBe(Number.POSITIVE_INFINITY);
  expect(bench.take()).toEqual([{ type: 'cancel', exchangeOrderId: 'b-1-2' }]);
  bench.end('b-1-2', 'canceled');
  expect(bench.updates()).toEqual(['o0 canceled 500 it was canceled']);
});

test('an order of which everything is rejected is rejected, with the reason', () => {
  const bench = new Bench();
  bench.batch({});
  bench.end('b-1-1', 'rejected');
  expect(bench.updates()).toEqual([]);
  bench.end('b-1-2', 'rejected');
  expect(bench.updates()).toEqual(['o0 rejected 0 it was rejected']);
});

test('an execution of an order that is not open changes nothing', () => {
  const bench = new Bench();
  bench.batch({});
  bench.fill('b-9-9', 1n);
  expect(bench.take()).toEqual([]);
});

test('a fill that cannot be is refused, and the order goes on', () => {
  const bench = new Bench();
  bench.batch({});
  expect(() => bench.fill('b-1-1', 501n)).toThrow(/501 lots/);
  bench.fill('b-1-1', 500n);
  expect(bench.updates()).toEqual(['o0 partially_filled 500']);
});

test('when no batch will follow, what is open is canceled, and the end of the last is told', () => {
  const bench = new Bench();
  bench.batch({});
  bench.receive({ type: 'batches_ended' });
  expect(bench.take()).toEqual([
    { type: 'cancel', exchangeOrderId: 'b-1-1' },
    { type: 'cancel', exchangeOrderId: 'b-1-2' },
  ]);
  bench.end('b-1-1', 'canceled');
  expect(bench.take()).toEqual([]);
  bench.end('b-1-2', 'canceled');
  expect(bench.take().map(({ type }) => type)).toEqual(['order_updated', 'drained']);
  const idle = new Bench();
  idle.receive({ type: 'batches_ended' });
  expect(idle.take()).toEqual([{ type: 'drained' }]);
});

test('a cancel takes back an exchange order, and places again what the others still want', () => {
  const bench = new Bench();
  bench.batch({ lots: 600n }, { lots: 400n });
  bench.cancel('o1');
  expect(bench.take()).toEqual([{ type: 'cancel', exchangeOrderId: 'b-1-2' }]);
  bench.end('b-1-2', 'canceled');
  const after = bench.take();
  expect(after).toMatchObject([
    { type: 'order_updated', allotment: { order: { clientOrderId: 'o1' } } },
    { type: 'place', order: { exchangeOrderId: 'b-1-3', lots: 100n, priceTicks: 6_000_000n } },
  ]);
  bench.fill('b-1-1', 500n);
  bench.fill('b-1-3', 100n);
  expect(bench.updates()).toEqual(['o0 partially_filled 500', 'o0 filled 600']);
});

test('what was placed again is canceled with the rest when it stays open too long', () => {
  const bench = new Bench();
  bench.batch({ lots: 600n }, { lots: 400n });
  bench.cancel('o1');
  bench.end('b-1-2', 'canceled');
  bench.take();
  bench.nowMs = 1_000;
  bench.algorithm.runDue();
  expect(bench.take()).toEqual([
    { type: 'cancel', exchangeOrderId: 'b-1-1' },
    { type: 'cancel', exchangeOrderId: 'b-1-3' },
  ]);
});

test('a cancel of an order that has ended does nothing', () => {
  const bench = new Bench();
  bench.batch({ lots: 400n });
  bench.fill('b-1-1', 200n);
  bench.fill('b-1-2', 200n);
  bench.take();
  bench.cancel('o0');
  expect(bench.take()).toEqual([]);
});

test('a fill-or-kill order is one exchange order, and never placed again', () => {
  const bench = new Bench();
  const orders = bench.batch({ timeInForce: 'fok', lots: 4_000n });
  expect(orders).toMatchObject([{ timeInForce: 'fok', lots: 4_000n }]);
  bench.cancel('o0');
  expect(bench.take()).toEqual([]);
  bench.end('b-1-1', 'expired');
  expect(bench.updates()).toEqual(['o0 canceled 0 by the client']);
});

test('day and gtd orders rest with gtc orders', () => {
  const orders = new Bench().batch({ timeInForce: 'day' }, { timeInForce: 'gtd' }, {});
  expect(orders.map(({ timeInForce }) => timeInForce)).toEqual(orders.map(() => 'gtc'));
  expect(new Set(orders.map(({ lots }) => lots)).size).toBe(1);
});
