import { z } from 'zod';
import { lifecycleRowSchema } from '../lifecycle.ts';

const LIFECYCLE_SORTS = ['begin', 'duration'] as const;

const LIFECYCLES_LIMIT_MAX = 500;

/**
 * `GET /api/lifecycles`. `q` is free text: every word must occur in the key, the symbol, the side or the
 * status of the row (case ignored). `status` is exact: a terminal status, or `open` for any that is not.
 * Newest or longest first. `start`, `end`: see parseTime.
 */
export const lifecyclesQuerySchema = z.object({
  name: z.string().max(64).default('order'),
  q: z.string().max(256).default(''),
  status: z.string().max(64).optional(),
  start: z.string().max(40).optional(),
  end: z.string().max(40).optional(),
  limit: z.coerce.number().int().min(1).max(LIFECYCLES_LIMIT_MAX).default(50),
  cursor: z.string().max(256).optional(),
  sort: z.enum(LIFECYCLE_SORTS).default('begin'),
});
export type LifecyclesQuery = z.output<typeof lifecyclesQuerySchema>;

/**
 * `cursor` is there when more rows follow. `total`: rows that match in the whole range; with a `totalBound`
 * it is not exact, and at least so many match (`lower`), or at most (`upper`).
 */
export const lifecyclesResponseSchema = z.object({
  rows: z.array(lifecycleRowSchema),
  total: z.number().int(),
  totalBound: z.enum(['lower', 'upper']).optional(),
  cursor: z.string().optional(),
});
export type LifecyclesResponse = z.output<typeof lifecyclesResponseSchema>;
