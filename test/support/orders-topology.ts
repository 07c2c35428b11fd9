import {
  addDecimals,
  compareDecimals,
  type Decimal,
  formatDecimal,
  parseDecimal,
} from '@throughline/model';
import { expect } from 'vitest';
import type { CollectedLink, CollectedSpan } from './orders-collector.ts';

/** A row of the table of spans in docs (tracing model, `orders`). */
interface Row {
  readonly service: string;
  readonly kind: string;
  /** undefined: a root. */
  readonly parent?: string;
  /** Link type -> name of the linked span. */
  readonly links?: Readonly<Record<string, string>>;
  readonly attributes: readonly string[];
  /** Business ids of others, which a fan-in drops. */
  readonly without?: readonly string[];
}

const CLIENT_IDS = ['user.id', 'client.order_id'];

const ROWS: Readonly<Record<string, Row>> = {
  client_order_received: {
    service: 'wss-server',
    kind: 'server',
    attributes: [
      ...CLIENT_IDS,
      ...['trading.symbol', 'symbol', 'order.side', 'order.type', 'order.quantity'],
      'order.time_in_force',
    ],
  },
  order_manager_processing: {
    service: 'order-manager',
    kind: 'consumer',
    parent: 'client_order_received',
    attributes: [...CLIENT_IDS, 'symbol', 'messaging.system'],
  },
  order_batching: {
    service: 'order-manager',
    kind: 'internal',
    links: { member_of: 'client_order_received' },
    attributes: ['batch.id', 'batch.size', 'batch.users', 'batch.orders', 'batch.trigger'],
    without: CLIENT_IDS,
  },
  algorithm_processing: {
    service: 'algorithm',
    kind: 'consumer',
    parent: 'order_batching',
    attributes: ['batch.id', 'symbol', 'messaging.system'],
    without: CLIENT_IDS,
  },
  exchange_order_send: {
    service: 'algorithm',
    kind: 'producer',
    parent: 'algorithm_processing',
    attributes: ['exchange.order_id', 'exchange.type', 'batch.id', 'order.quantity'],
    without: CLIENT_IDS,
  },
  external_exchange_ws_send: {
    service: 'exchange-client',
    kind: 'client',
    parent: 'exchange_order_send',
    attributes: ['exchange.order_id', 'batch.id'],
    without: CLIENT_IDS,
  },
  external_exchange_ws_recv: {
    service: 'exchange-client',
    kind: 'consumer',
    links: { response_to: 'external_exchange_ws_send' },
    attributes: ['exchange.order_id', 'fill.raw_data', 'exchange.order_status'],
    without: CLIENT_IDS,
  },
  exchange_fill_received: {
    service: 'algorithm',
    kind: 'consumer',
    parent: 'exchange_order_send',
    links: { received_by: 'external_exchange_ws_recv' },
    attributes: ['exchange.order_id', 'batch.id', 'fill.quantity', 'exchange.order_status'],
    without: CLIENT_IDS,
  },
  fill_matching: {
    service: 'algorithm',
    kind: 'internal',
    links: { filled_by: 'exchange_fill_received', allocated_to: 'client_order_received' },
    attributes: ['allocation.method', 'batch.id', 'exchange.order_id'],
    without: CLIENT_IDS,
  },
  client_order_update: {
    service: 'algorithm',
    kind: 'internal',
    parent: 'fill_matching',
    attributes: [
      ...CLIENT_IDS,
      ...['order.status', 'order.cum_quantity', 'order.leaves_quantity', 'batch.id'],
    ],
  },
};

export const TERMINAL = ['filled', 'canceled', 'rejected', 'expired'];

export interface FinalState {
  readonly user_id: string;
  readonly client_order_id: string;
  readonly status: string;
  readonly cum_quantity: string;
}

export function spansByName(spans: readonly CollectedSpan[], name: string): CollectedSpan[] {
  return spans.filter((span) => span.name === name);
}

export function linksOf(span: CollectedSpan, type: string): CollectedLink[] {
  return span.links.filter((link) => link.attributes['throughline.link.type'] === type);
}

/** Every span is as its row says, and is connected to what its row says. */
export function expectTopology(spans: readonly CollectedSpan[]): void {
  const byId = new Map(spans.map((span) => [`${span.traceId}:${span.spanId}`, span]));
  expect(new Set(spans.map(({ name }) => name))).toEqual(new Set(Object.keys(ROWS)));
  for (const span of spans) {
    const row = ROWS[span.name] as Row;
    expect(span).toMatchObject({ service: row.service, kind: row.kind, isError: false });
    expect(span.endNs >= span.startNs).toBe(true);
    const parent = byId.get(`${span.traceId}:${span.parentSpanId}`);
    expect(parent?.name, `parent of ${span.name}`).toBe(row.parent);
    if (row.parent === undefined) expect(span.parentSpanId).toBeUndefined();
    if (parent) expect(parent.startNs <= span.startNs).toBe(true);
    expect(span.attributes).not.toHaveProperty('throughline.correlation');
    for (const key of row.attributes) expect(Object.keys(span.attributes)).toContain(key);
    for (const key of row.without ?? []) expect(Object.keys(span.attributes)).not.toContain(key);
    for (const link of span.links) {
      const type = String(link.attributes['throughline.link.type']);
      if (type === 'client_context') continue;
      const target = byId.get(`${link.traceId}:${link.spanId}`);
      expect(target?.name, `${type} of ${span.name}`).toBe(row.links?.[type] ?? 'no such link');
      expect((target?.startNs ?? span.startNs + 1n) <= span.startNs).toBe(true);
    }
  }
}

/** Every link that a row asks for is there, as often as it must be. */
export function expectLinks(spans: readonly CollectedSpan[]): void {
  for (const batch of spansByName(spans, 'order_batching')) {
    expect(linksOf(batch, 'member_of')).toHaveLength(Number(batch.attributes['batch.size']));
    expect(batch.attributes['batch.users']).toHaveLength(batch.links.length);
    expect(batch.attributes['batch.orders']).toHaveLength(batch.links.length);
    expect(['size', 'time', 'close']).toContain(batch.attributes['batch.trigger']);
  }
  for (const received of spansByName(spans, 'external_exchange_ws_recv')) {
    expect(linksOf(received, 'response_to')).toHaveLength(1);
  }
  for (const received of spansByName(spans, 'exchange_fill_received')) {
    expect(linksOf(received, 'received_by')).toHaveLength(1);
    const isFill = received.attributes['fill.quantity'] !== '0';
    for (const key of ['fill.id', 'fill.price', 'fill.liquidity']) {
      expect(Object.hasOwn(received.attributes, key)).toBe(isFill);
    }
  }
  for (const match of spansByName(spans, 'fill_matching')) {
    expect(linksOf(match, 'filled_by')).toHaveLength(1);
    const allocations = linksOf(match, 'allocated_to');
    expect(allocations.length).toBeGreaterThan(0);
    const updates = spans.filter((span) => span.parentSpanId === match.spanId);
    expect(updates).toHaveLength(allocations.length);
    expect(match.attributes['allocation.method']).toBe('pro_rata');
  }
}

/**
 * Each fill's allocations sum to it, each order's to what it ends with; every order ends once, as
 * its client saw it.
 */
export function expectConservation(
  spans: readonly CollectedSpan[],
  finals: readonly FinalState[],
): void {
  const allocated = new Map<string, Decimal>();
  const matches = spansByName(spans, 'fill_matching');
  const matchByFill = new Map(matches.map((match) => [match.attributes['fill.id'], match]));
  const fills = spansByName(spans, 'exchange_fill_received').filter(
    (span) => span.attributes['fill.id'] !== undefined,
  );
  expect(new Set(fills.map((fill) => fill.attributes['fill.id'])).size).toBe(fills.length);
  for (const match of matches) {
    for (const link of linksOf(match, 'allocated_to')) {
      const order = `${link.traceId}:${link.spanId}`;
      const quantity = parseDecimal(String(link.attributes['fill.quantity']));
      allocated.set(order, addDecimals(allocated.get(order) ?? ZERO, quantity));
    }
  }
  for (const fill of fills) {
    const match = matchByFill.get(fill.attributes['fill.id']);
    const shares = match ? linksOf(match, 'allocated_to') : [];
    const sum = shares
      .map((link) => parseDecimal(String(link.attributes['fill.quantity'])))
      .reduce(addDecimals, ZERO);
    expect(formatDecimal(sum)).toBe(fill.attributes['fill.quantity']);
  }
  const updates = spansByName(spans, 'client_order_update');
  const ends = updates.filter((update) =>
    TERMINAL.includes(String(update.attributes['order.status'])),
  );
  const begins = spansByName(spans, 'client_order_received');
  expect(begins).toHaveLength(finals.length);
  for (const begin of begins) {
    const mine = ends.filter((end) => keyOf(end) === keyOf(begin));
    expect(mine, keyOf(begin)).toHaveLength(1);
    const { attributes } = mine[0] as CollectedSpan;
    const sum = allocated.get(`${begin.traceId}:${begin.spanId}`) ?? ZERO;
    expect(compareDecimals(sum, parseDecimal(String(attributes['order.cum_quantity'])))).toBe(0);
    expect(finals).toContainEqual({
      user_id: attributes['user.id'],
      client_order_id: attributes['client.order_id'],
      status: attributes['order.status'],
      cum_quantity: attributes['order.cum_quantity'],
    });
  }
}

const ZERO: Decimal = { units: 0n, scale: 0 };

function keyOf({ attributes }: CollectedSpan): string {
  return `${attributes['user.id']}/${attributes['client.order_id']}`;
}
