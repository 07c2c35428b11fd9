import type { Lifecycle } from '@throughline/model';
import { type BatchPlan, buildBatch, type OrderPlan } from './batch.ts';
import { lifecycleOf, rejectedLifecycle } from './lifecycle.ts';

const BEGIN_NS = 1_764_000_000_000_000_000n;
const MS = 1_000_000n;
const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT'];

export const KEYS = {
  usual: 'u3/ord-0003',
  open: 'u12/ord-0012',
  rejected: 'u77/ord-0077',
  gap: 'u21/ord-0021',
  broken: 'u22/ord-0022',
  large: 'desk-9/block-1',
  /** Characters that addresses, HTML and the router each treat in their own way. */
  strange: 'a b%2F/<b>ö?#&=+"\'</b>/x',
} as const;

function plans(from: number, count: number): OrderPlan[] {
  return Array.from({ length: count }, (_, index) => {
    const number = from + index;
    return {
      user: `u${number}`,
      order: `ord-${String(number).padStart(4, '0')}`,
      quantity: 40 + ((number * 37) % 160),
    };
  });
}

/** A batch with usual numbers; `number` makes it different from others. */
export function usualBatch(number: number, members: readonly OrderPlan[]): BatchPlan {
  return {
    seed: 100 + number,
    beginNs: BEGIN_NS + BigInt(number) * 900n * MS,
    symbol: SYMBOLS[number % SYMBOLS.length] ?? 'BTCUSDT',
    side: number % 2 === 0 ? 'BUY' : 'SELL',
    members,
    exchangeOrders: 2 + (number % 2),
    fillsPerExchangeOrder: 2,
    venueMs: 8 + ((number * 13) % 60),
  };
}

function lifecyclesOf(plan: BatchPlan): Lifecycle[] {
  const batch = buildBatch(plan);
  return plan.members.map((_, member) => lifecycleOf(batch, member));
}

/** Newly arrived orders: eight more that the list did not have. */
export function laterOrders(): Lifecycle[] {
  return lifecyclesOf(usualBatch(500, plans(5_001, 8)));
}

/** Some 340 orders: mostly usual ones, and one of everything that can go wrong. */
export function scenario(): Lifecycle[] {
  const usual = Array.from({ length: 40 }, (_, number) =>
    lifecyclesOf(usualBatch(number + 10, plans(1_001 + number * 8, 8))),
  );
  const flawed: OrderPlan[] = plans(21, 2).map((plan, index) => ({
    ...plan,
    flaw: index === 0 ? 'gap' : 'not_conserved',
  }));
  const strange = { user: 'a b%2F', order: '<b>ö?#&=+"\'</b>/x', quantity: 90 };
  return [
    ...usual.flat(),
    ...lifecyclesOf(usualBatch(60, plans(1, 8))),
    ...lifecyclesOf({ ...usualBatch(61, plans(11, 4)), fillsPerExchangeOrder: 0 }),
    ...lifecyclesOf(usualBatch(62, [...flawed, ...plans(23, 3)])),
    ...lifecyclesOf({ ...usualBatch(63, [strange, ...plans(31, 2)]), venueMs: 240 }),
    ...lifecyclesOf({
      ...usualBatch(64, [{ user: 'desk-9', order: 'block-1', quantity: 90_000 }, ...plans(41, 5)]),
      exchangeOrders: 6,
      fillsPerExchangeOrder: 30,
      venueMs: 60,
    }),
    rejectedLifecycle(BEGIN_NS + 60_000n * MS, {
      user: 'u77',
      order: 'ord-0077',
      quantity: 15,
    }),
  ];
}
