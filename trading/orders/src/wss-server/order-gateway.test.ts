import { startTracing } from '@throughline/sdk';
import { expect, test, vi } from 'vitest';
import { filled, newOrderState, type OrderState, type OrderStatus } from '../domain/order-state.ts';
import type { OrderManagerInput } from '../events.ts';
import { BTCUSDT } from '../testing/instruments.ts';
import type { ClientSession } from './client-session.ts';
import { OrderGateway, type OrderGatewayOptions } from './order-gateway.ts';
import { DEFAULT_LIMITS } from './wss-server.ts';

type Sent = Extract<OrderManagerInput, { type: 'order_received' }>['order'];

/** A gateway with a client that keeps what it is told. */
class Bench {
  readonly sent: OrderManagerInput[] = [];
  readonly gateway: OrderGateway;

  constructor(
    limits: Partial<typeof DEFAULT_LIMITS> = {},
    journal?: OrderGatewayOptions['journal'],
  ) {
    this.gateway = new OrderGateway(startTracing({ enabled: false, serviceName: 'wss-server' }), {
      instruments: new Map([['BTCUSDT', BTCUSDT]]),
      limits: { ...DEFAULT_LIMITS, ...limits },
      journal,
      send: (event) => this.sent.push(event),
    });
  }

  /** The types of what order-manager was sent since the last call. */
  taken(): string[] {
    return this.sent.splice(0).map(({ type }) => type);
  }

  update(order: Sent, state: OrderState): void {
    const allotment = { order, lots: 0n, state };
    this.gateway.update({ type: 'order_updated', allotment, fill: undefined, reason: undefined });
  }

  /** Ends an order with so many lots filled. */
  end(order: Sent, status: OrderStatus, cumLots = 0n): void {
    this.update(order, { ...newOrderState(order.lots), cumLots, status });
  }

  lastOrder(): Sent {
    const received = this.sent.findLast((event) => event.type === 'order_received');
    if (!received) throw new TypeError('no order was sent');
    return received.order;
  }
}

class Client {
  // biome-ignore lint/suspicious/noExplicitAny: what the tests look into is what they test
  readonly told: any[] = [];
  readonly users = new Set<string>();
  wantsTraceIds = false;
  readonly #gateway: OrderGateway;

  constructor({ gateway }: Bench) {
    this.#gateway = gateway;
  }

  get session(): ClientSession {
    return this as unknown as ClientSession;
  }

  send(message: object): true {
    this.told.push(message);
    return true;
  }

  say(message: object): void {
    this.#gateway.receive(this.session, JSON.stringify({ user_id: 'u1', ...message }));
  }

  order(client_order_id: string, fields: object = {}): void {
    const terms = { symbol: 'BTCUSDT', side: 'buy', order_type: 'limit', price: '60000' };
    this.say({ type: 'order.new', client_order_id, ...terms, quantity: '0.01', ...fields });
  }

  amend(type: 'cancel' | 'replace', client_order_id: string, orig: string, fields = {}): void {
    this.say({ type: `order.${type}`, client_order_id, orig_client_order_id: orig, ...fields });
  }

  last() {
    return this.told.at(-1);
  }
}

function start(limits: Partial<typeof DEFAULT_LIMITS> = {}) {
  const bench = new Bench(limits);
  return { bench, client: new Client(bench) };
}

test('a cancel is pending until the order has ended by it', () => {
  const { bench, client } = start();
  client.order('o1');
  client.amend('cancel', 'c1', 'o1');
  expect(client.last()).toMatchObject({
    type: 'order.pending',
    request: 'cancel',
    client_order_id: 'c1',
    orig_client_order_id: 'o1',
  });
  expect(bench.sent.at(-1)).toMatchObject({
    type: 'end_requested',
    clientOrderId: 'o1',
    request: { end: 'canceled', reason: { code: 'client_canceled' } },
  });
  bench.end(bench.lastOrder(), 'canceled');
  expect(client.last()).toMatchObject({ type: 'order.update', status: 'canceled' });
  expect(client.told.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
});

test('a cancel that a fill overtakes is rejected as too late', () => {
  const { bench, client } = start();
  client.order('o1');
  client.amend('cancel', 'c1', 'o1');
  const order = bench.lastOrder();
  bench.update(order, filled(newOrderState(order.lots), order.lots, 6_000_000n));
  expect(client.told.slice(-2)).toMatchObject([
    { type: 'order.update', status: 'filled' },
    { type: 'order.cancel_rejected', reason_code: 'too_late', status: 'filled' },
  ]);
});

test('a cancel is rejected with a reason when there is nothing to cancel', () => {
  const { bench, client } = start();
  client.amend('cancel', 'c1', 'nothing');
  expect(client.last()).toMatchObject({ reason_code: 'unknown_order', status: 'rejected' });
  client.order('o1');
  client.amend('cancel', 'o1', 'o1');
  expect(client.last()).toMatchObject({ reason_code: 'duplicate_request', status: 'new' });
  client.amend('cancel', 'c2', 'o1');
  client.amend('cancel', 'c3', 'o1');
  expect(client.last()).toMatchObject({ reason_code: 'already_pending' });
  bench.end(bench.lastOrder(), 'canceled');
  client.amend('cancel', 'c4', 'o1');
  expect(client.last()).toMatchObject({ reason_code: 'too_late', status: 'canceled' });
  expect(bench.gateway.stats().amendsRejected).toBe(4);
});

test('a request that comes twice has its answer again, and does nothing', () => {
  const { bench, client } = start();
  client.order('o1');
  client.amend('cancel', 'c1', 'o1');
  const pending = client.last();
  client.amend('cancel', 'c1', 'o1');
  expect(client.last()).toEqual(pending);
  bench.end(bench.lastOrder(), 'canceled');
  const ended = client.last();
  bench.taken();
  client.amend('cancel', 'c1', 'o1');
  expect(client.last()).toEqual(ended);
  expect(bench.taken()).toEqual([]);
  client.order('c1');
  expect(client.last()).toMatchObject({ type: 'error', reason_code: 'duplicate_order' });
});

test('a replaced order is followed by one of its own, which counts what was filled before', () => {
  const { bench, client } = start();
  client.order('o1');
  client.amend('replace', 'o2', 'o1', { quantity: '0.03', price: '61000' });
  expect(bench.sent.at(-1)).toMatchObject({ request: { end: 'replaced', wantedLots: 3_000n } });
  bench.end(bench.lastOrder(), 'replaced', 400n);
  expect(bench.lastOrder()).toMatchObject({
    clientOrderId: 'o2',
    lots: 2_600n,
    priceTicks: 6_100_000n,
  });
  expect(client.last()).toMatchObject({
    type: 'order.accepted',
    client_order_id: 'o2',
    orig_client_order_id: 'o1',
    quantity: '0.026',
    total_quantity: '0.03',
    total_cum_quantity: '0.004',
  });
  client.amend('replace', 'o3', 'o2', { quantity: '0.02' });
  expect(bench.sent.at(-1)).toMatchObject({ request: { wantedLots: 1_600n } });
  bench.end(bench.lastOrder(), 'replaced', 100n);
  expect(client.last()).toMatchObject({ quantity: '0.015', total_cum_quantity: '0.005' });
});

test('a replace is refused when its quantity is filled already, or is none', () => {
  const { bench, client } = start();
  client.order('o1');
  const order = bench.lastOrder();
  bench.update(order, filled(newOrderState(order.lots), 500n, 6_000_000n));
  client.amend('replace', 'o2', 'o1', { quantity: '0.005' });
  expect(client.last()).toMatchObject({
    type: 'order.cancel_rejected',
    response_to: 'replace',
    status: 'partially_filled',
    reason_code: 'quantity_not_above_filled',
  });
  client.amend('replace', 'o3', 'o1', { quantity: '0.0000001' });
  expect(client.last()).toMatchObject({ type: 'error', reason_code: 'invalid' });
  client.amend('replace', 'o4', 'o1', { quantity: '0.006' });
  bench.end(order, 'canceled', 600n);
  expect(client.told.slice(-2)).toMatchObject([
    { type: 'order.update', status: 'canceled' },
    { type: 'order.cancel_rejected', reason_code: 'too_late', status: 'canceled' },
  ]);
});

test('an order expires at its time, unless it is about to end anyway', () => {
  vi.useFakeTimers({ now: Date.parse('2026-03-05T13:00:00Z') });
  const { bench, client } = start();
  const gtd = { time_in_force: 'gtd', expire_time: '2026-03-05T13:00:10Z' };
  client.order('o1', gtd);
  expect(client.last()).toMatchObject({ expire_time: '2026-03-05T13:00:10.000Z' });
  const first = bench.lastOrder();
  client.order('o2', gtd);
  client.amend('cancel', 'c2', 'o2');
  bench.taken();
  vi.advanceTimersByTime(9_999);
  expect(bench.taken()).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(bench.sent).toMatchObject([
    { type: 'end_requested', clientOrderId: 'o1', request: { end: 'expired' } },
  ]);
  bench.end(first, 'expired');
  expect(client.last()).toMatchObject({ type: 'order.update', status: 'expired' });
  client.order('o3', { time_in_force: 'day' });
  expect(client.last()).toMatchObject({ expire_time: '2026-03-06T00:00:00.000Z' });
  bench.gateway.drain();
  vi.useRealTimers();
});

test('a client that resumes is told what it missed, once and in order', () => {
  const { bench, client } = start();
  client.order('o1');
  bench.gateway.leave(client.session);
  client.users.clear();
  const order = bench.lastOrder();
  bench.update(order, filled(newOrderState(order.lots), 500n, 6_000_000n));
  expect(client.told).toHaveLength(1);
  const again = new Client(bench);
  again.say({ type: 'resume', from_sequence: 2 });
  bench.end(order, 'canceled', 500n);
  expect(again.told).toMatchObject([
    { type: 'order.update', status: 'partially_filled', sequence: 2 },
    { type: 'resumed', user_id: 'u1', next_sequence: 3 },
    { type: 'order.update', status: 'canceled', sequence: 3 },
  ]);
});

test('what is not kept any more is told as a gap', () => {
  const { client, bench } = start({ userMessagesMax: 2 });
  for (const id of ['o1', 'o2', 'o3', 'o4']) client.order(id);
  const again = new Client(bench);
  again.say({ type: 'resume', from_sequence: 1 });
  expect(again.told).toMatchObject([
    { type: 'resume_gap', reason_code: 'not_kept', from_sequence: 1, first_sequence: 3 },
    { sequence: 3 },
    { sequence: 4 },
    { type: 'resumed' },
  ]);
  expect(bench.gateway.stats()).toMatchObject({ resumes: 1, resumeGaps: 1 });
});

test('a client of another process is told so, whatever number it asks for', () => {
  const { client } = start();
  client.say({ type: 'hello' });
  const { session_id } = client.last();
  client.say({ type: 'resume', from_sequence: 1, session_id });
  expect(client.last()).toEqual({ type: 'resumed', user_id: 'u1', next_sequence: 1, session_id });

  client.order('o1');
  for (const asked of [{ from_sequence: 1, session_id: 'another' }, { from_sequence: 9 }]) {
    const before = client.told.length;
    client.say({ type: 'resume', ...asked });
    expect(client.told.slice(before)).toMatchObject([
      { type: 'resume_gap', reason_code: 'unknown_session', first_sequence: 1 },
      { type: 'order.accepted', client_order_id: 'o1', sequence: 1 },
      { type: 'resumed', next_sequence: 2, session_id },
    ]);
  }
});

test('orders of an earlier process are known, and end for their clients', () => {
  const noted: string[] = [];
  const order = {
    ...{ userId: 'u1', clientOrderId: 'o1', symbol: 'BTCUSDT', lots: 1_000n },
    ...({ side: 'buy', type: 'limit', timeInForce: 'gtc', priceTicks: 6_000_000n } as const),
  };
  const state = filled(newOrderState(1_000n), 400n, 6_000_000n);
  const bench = new Bench(
    {},
    {
      left: [{ order, carrier: {}, chainCumLots: 0n, origClientOrderId: undefined, state }],
      accepted: ({ order: { clientOrderId } }) => noted.push(`${clientOrderId} accepted`),
      updated: ({ clientOrderId }, { status }) => noted.push(`${clientOrderId} ${status}`),
    },
  );
  const client = new Client(bench);
  expect(bench.gateway.stats()).toMatchObject({ ordersOpen: 1 });
  client.order('o1');
  expect(client.last()).toMatchObject({ type: 'error', reason_code: 'duplicate_order' });
  client.order('o2');
  bench.end(order, 'canceled', 400n);
  expect(client.last()).toMatchObject({
    ...{ type: 'order.update', client_order_id: 'o1', status: 'canceled' },
    ...{ cum_quantity: '0.004', leaves_quantity: '0' },
  });
  expect(noted).toEqual(['o2 accepted', 'o1 canceled']);
});

test('every connection that acts for a user is told what becomes of its orders', () => {
  const { bench, client } = start();
  const other = new Client(bench);
  client.order('o1');
  other.order('o2');
  client.order('o3');
  expect(client.told.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  expect(other.told.map(({ sequence }) => sequence)).toEqual([2, 3]);
});

test('a user who sends too much is refused, and so is everybody at the end', () => {
  const { bench, client } = start({ userRequestsPerSecondMax: 1 });
  vi.useFakeTimers({ now: 1_000 });
  client.order('o1');
  client.order('o2');
  expect(client.last()).toMatchObject({ code: 'TL_OVERLOADED', reason_code: 'rate_limited' });
  bench.gateway.drain();
  client.amend('cancel', 'c1', 'o1');
  expect(client.last()).toMatchObject({ code: 'TL_OVERLOADED', reason_code: 'shutting_down' });
  vi.useRealTimers();
});
