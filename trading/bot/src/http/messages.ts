import { z } from 'zod';
import type { OrderRecord } from '../storage/order-store.ts';

/** What clients send. What they leave out of `parameters` has the strategy's default. */

const symbol = z.string().regex(/^[A-Z0-9]{2,20}$/);
const INTERVAL_MS_MIN = 100;
const INTERVAL_MS_MAX = 86_400_000;
const LIST_MAX = 500;

export const runBody = z.strictObject({
  strategy: z.string(),
  symbol,
  parameters: z.record(z.string(), z.unknown()).default({}),
});

export const startBody = z.strictObject({
  symbol,
  intervalMs: z.int().min(INTERVAL_MS_MIN).max(INTERVAL_MS_MAX).default(1_000),
  parameters: z.record(z.string(), z.unknown()).default({}),
});

export const ordersQuery = z.strictObject({
  symbol: symbol.optional(),
  status: z
    .enum([
      'pending_new',
      'unknown',
      'new',
      'partially_filled',
      'filled',
      'canceled',
      'rejected',
      'expired',
    ])
    .optional(),
  limit: z.coerce.number().int().min(1).max(LIST_MAX).default(100),
});

/** An order as clients see it. Its trace is found by `traceId`. */
export function orderBody({ carrier: _, ...order }: OrderRecord) {
  return order;
}
