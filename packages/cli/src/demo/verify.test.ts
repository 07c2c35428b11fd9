import type { Lifecycle } from '@throughline/model';
import { expect, test } from 'vitest';
import { defect } from './verify.ts';

const ORDER = { user_id: 'u1', client_order_id: 'o1', status: 'filled', cum_quantity: '0.5' };
const REF = `${'a'.repeat(32)}:${'b'.repeat(16)}` as const;

function lifecycle(change: Partial<Lifecycle> = {}): Lifecycle {
  return {
    name: 'order',
    key: 'u1/o1',
    begin: 100n,
    end: 160n,
    durationNs: 60n,
    status: 'filled',
    complete: true,
    truncated: false,
    warnings: [],
    attributes: {},
    spans: [],
    edges: [],
    segments: [
      { fromNs: 100n, toNs: 120n, kind: 'work', label: 'gateway', slackNs: 0n },
      { fromNs: 120n, toNs: 160n, kind: 'queue', label: 'queue', slackNs: 0n },
    ],
    stages: [
      { label: 'gateway', kind: 'work', ns: 20n },
      { label: 'queue', kind: 'queue', ns: 40n },
    ],
    siblings: [],
    quantities: {
      ordered: '0.5',
      filled: '0.50',
      leaves: '0',
      conserved: true,
      allocations: [
        {
          fillId: 'f1',
          quantity: '0.2',
          fillQuantity: '0.3',
          price: '1',
          match: REF,
          timeNs: 150n,
        },
        {
          fillId: 'f2',
          quantity: '0.3',
          fillQuantity: '0.3',
          price: '1',
          match: REF,
          timeNs: 155n,
        },
      ],
    },
    ...change,
  };
}

test('a whole and exact lifecycle has no defect', () => {
  expect(defect(ORDER, lifecycle())).toBeUndefined();
});

test.each<[string, Partial<Lifecycle>, string]>([
  ['another status', { status: 'canceled' }, 'client was told filled'],
  ['a missing part', { complete: false }, 'not complete'],
  ['a wrong total', { durationNs: 61n }, 'begin to end'],
  ['a hole', { segments: lifecycle().segments.slice(1) }, 'hole'],
  ['a short end', { segments: lifecycle().segments.slice(0, 1) }, 'segments that end'],
  ['lossy stages', { stages: lifecycle().stages.slice(1) }, 'stages that sum'],
])('%s is a defect', (_title, change, message) => {
  expect(defect(ORDER, lifecycle(change))).toContain(message);
});

test('quantities must be conserved, and be what the client got', () => {
  const { quantities } = lifecycle();
  if (!quantities) throw new Error('the example has quantities');
  const broken = { quantities: { ...quantities, conserved: false } };
  expect(defect(ORDER, lifecycle(broken))).toContain('conserve');
  expect(defect({ ...ORDER, cum_quantity: '0.4' }, lifecycle())).toContain('client got 0.4');
  const fewer = { quantities: { ...quantities, allocations: quantities.allocations.slice(1) } };
  expect(defect(ORDER, lifecycle(fewer))).toContain('allocations');
});
