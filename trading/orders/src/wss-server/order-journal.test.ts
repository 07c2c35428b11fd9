import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ClientOrder } from '../domain/client-order.ts';
import { ended, filled, newOrderState } from '../domain/order-state.ts';
import { OrderJournal } from './order-journal.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'order-journal-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const failures: unknown[] = [];

function open(endedLinesMax?: number): OrderJournal {
  const onFailure = (error: unknown) => failures.push(error);
  const limit = endedLinesMax === undefined ? {} : { endedLinesMax };
  return new OrderJournal(join(folder, 'orders.jsonl'), { ...limit, onFailure });
}

function taken(clientOrderId: string, fields: Partial<ClientOrder> = {}) {
  const order: ClientOrder = {
    ...{ userId: 'u1', clientOrderId, symbol: 'BTCUSDT', side: 'buy', type: 'limit' },
    ...{ timeInForce: 'gtc', lots: 2n ** 70n, priceTicks: 6_000_000n, expireMs: undefined },
    ...fields,
  };
  const carrier = { traceparent: `00-${clientOrderId}` };
  return { order, carrier, chainCumLots: 5n, origClientOrderId: 'before' };
}

test('the next process knows what was open, as it was left, and nothing else', () => {
  const journal = open();
  expect(journal.left).toEqual([]);
  const [first, second, third] = [taken('o1'), taken('o2', { priceTicks: undefined }), taken('o3')];
  for (const one of [first, second, third]) journal.accepted(one);
  const state = newOrderState(first.order.lots);
  const partly = filled(state, 7n, 3n);
  journal.updated(first.order, partly);
  journal.updated(third.order, ended(state, 'canceled'));
  journal.updated({ userId: 'u1', clientOrderId: 'unknown' }, state);
  // It is killed here: nothing is closed.
  expect(open().left).toEqual([
    { ...first, state: partly },
    { ...second, state },
  ]);
});

test('a line that a killed process began only is left out', () => {
  open().accepted(taken('o1'));
  appendFileSync(join(folder, 'orders.jsonl'), '{"type":"accepted","order":{"userId":"u1"');
  const again = open();
  expect(again.left.map(({ order }) => order.clientOrderId)).toEqual(['o1']);
  again.accepted(taken('o2'));
  expect(open().left.map(({ order }) => order.clientOrderId)).toEqual(['o1', 'o2']);
});

test('orders that have ended do not make the file grow', () => {
  const journal = open(10);
  journal.accepted(taken('stays'));
  for (let count = 0; count < 200; count += 1) {
    const one = taken(`o${count}`);
    journal.accepted(one);
    journal.updated(one.order, ended(newOrderState(one.order.lots), 'expired'));
  }
  const lines = readFileSync(join(folder, 'orders.jsonl'), 'utf8').split('\n');
  expect(lines.length).toBeLessThan(20);
  expect(open().left.map(({ order }) => order.clientOrderId)).toEqual(['stays']);
});

test('a file that cannot be written any more is told of once, and stops nobody', () => {
  const journal = open(0);
  rmSync(folder, { recursive: true });
  for (const id of ['o1', 'o2']) {
    const one = taken(id);
    journal.accepted(one);
    journal.updated(one.order, ended(newOrderState(one.order.lots), 'expired'));
  }
  journal.close();
  expect(failures.splice(0)).toEqual([expect.objectContaining({ code: 'ENOENT' })]);
});

test('a file that cannot be used is refused at the start', () => {
  rmSync(folder, { recursive: true });
  expect(() => open()).toThrow(expect.objectContaining({ code: 'TL_CONFIG_INVALID' }));
});
