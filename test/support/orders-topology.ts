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
  /** None: a root. */
  readonly parents?: readonly string[];
  /** Whether it is there only when an order ends before it is filled. */
  readonly isOptional?: boolean;
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
    links: { replaces: 'client_order_received' },
    attributes: [
      ...CLIENT_IDS,
      ...['trading.symbol', 'symbol', 'order.side', 'order.type', 'order.quantity'],
      'order.time_in_force',
    ],
  },
  order_manager_processing: {
    service: 'order-manager',
    kind: 'consumer',
    parents: [
      'client_order_received',
      'client_order_cancel_received',
      'client_order_replace_received',
      'client_order_expiry',
    ],
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
    parents: ['order_batching'],
    attributes: ['batch.id', 'symbol', 'messaging.system'],
    without: CLIENT_IDS,
  },
  exchange_order_send: {
    service: 'algorithm',
    kind: 'producer',
    parents: ['algorithm_processing'],
    links: { triggered_by: 'exchange_fill_received' },
    attributes: ['exchange.order_id', 'exchange.type', 'batch.id', 'order.quantity'],
    without: CLIENT_IDS,
  },
  external_exchange_ws_send: {
    service: 'exchange-client',
    kind: 'client',
    parents: ['exchange_order_send', 'exchange_order_cancel'],
    attributes: ['exchange.order_id', 'batch.id'],
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
    parents: ['exchange_order_send'],
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
    // Below the request where no execution was needed.
    parents: ['fill_matching', 'order_manager_processing', 'order_amend_processing'],
    attributes: [...CLIENT_IDS, 'order.status', 'order.cum_quantity', 'order.leaves_quantity'],
  },
  client_order_cancel_received: {
    service: 'wss-server',
    kind: 'server',
    links: { amends: 'client_order_received' },
    attributes: [...CLIENT_IDS, 'client.request_id'],
    isOptional: true,
  },
  client_order_replace_received: {
    service: 'wss-server',
    kind: 'server',
    links: { amends: 'client_order_received' },
    attributes: [...CLIENT_IDS, 'client.request_id'],
    isOptional: true,
  },
  client_order_expiry: {
    service: 'wss-server',
    kind: 'internal',
    links: { amends: 'client_order_received' },
    attributes: CLIENT_IDS,
    isOptional: true,
  },
  client_order_refused: {
    service: 'wss-server',
    kind: 'server',
    attributes: ['order.reason', 'order.reason_code'],
    isOptional: true,
  },
  order_amend_processing: {
    service: 'algorithm',
    kind: 'consumer',
    parents: ['order_manager_processing'],
    attributes: [...CLIENT_IDS, 'messaging.system'],
    isOptional: true,
  },
  exchange_order_cancel: {
    service: 'algorithm',
    kind: 'producer',
    // Below the batch when its orders stayed open too long.
    parents: ['order_amend_processing', 'algorithm_processing'],
    links: { amends: 'exchange_order_send' },
    attributes: ['exchange.order_id', 'batch.id'],
    isOptional: true,
  },
};

export const TERMINAL = ['filled', 'canceled', 'replaced', 'rejected', 'expired'];

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
  const names = new Set(spans.map(({ name }) => name));
  for (const name of names) expect(Object.keys(ROWS)).toContain(name);
  for (const [name, row] of Object.entries(ROWS))
    if (!row.isOptional) expect(names).toContain(name);
  for (const span of spans) {
    const row = ROWS[span.name] as Row;
    expect(span).toMatchObject({ kind: row.kind, isError: false });
    // An order that never leaves order-manager is told its end there.
    const isEarlyEnd = span.name === 'client_order_update' && !('batch.id' in span.attributes);
    if (!isEarlyEnd) expect(span.service).toBe(row.service);
    expect(span.endNs >= span.startNs).toBe(true);
    const parent = byId.get(`${span.traceId}:${span.parentSpanId}`);
    if (row.parents) expect(row.parents, `parent of ${span.name}`).toContain(parent?.name);
    else expect(span.parentSpanId, `parent of ${span.name}`).toBeUndefined();
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
    // Of an order that we canceled: to its send, and to that of the cancel.
    const answered = linksOf(received, 'response_to').length;
    const isCanceled = received.attributes['exchange.order_status'] === 'CANCELED';
    expect(answered === 1 || (isCanceled && answered === 2)).toBe(true);
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
