import { z } from 'zod';
import { nanosecondsSchema } from '../time.ts';

/** The tables whose age can be chosen. */
export const AGED_TABLES = ['spans', 'trace_links', 'correlation', 'lifecycle_spans'] as const;
export type AgedTable = (typeof AGED_TABLES)[number];

/** One bucket that was pruned, as a whole or in some tables. */
export const pruningSchema = z.object({
  at: nanosecondsSchema,
  /** Too old, more than tables may take, or a file system that is nearly full. */
  reason: z.enum(['age', 'size', 'disk']),
  tables: z.array(z.string()),
  /** When its rows were received: from <= time < until. */
  from: nanosecondsSchema,
  until: nanosecondsSchema,
  /** Over these tables, with what was copied to later buckets first. */
  rows: z.number().int(),
  bytes: z.number().int(),
  /** Lifecycles that go on in later buckets, and how many of their spans were copied there. */
  lifecyclesCarried: z.number().int(),
  spansCarried: z.number().int(),
  /** Lifecycles that were cut all the same: open for too long, or too many. */
  lifecyclesGivenUp: z.number().int(),
});
export type Pruning = z.output<typeof pruningSchema>;

/** Part of `GET /api/status`: what is stored, and what was pruned. At most a minute old. */
export const retentionSchema = z.object({
  tables: z.array(
    z.object({
      name: z.string(),
      rows: z.number().int(),
      bytes: z.number().int(),
      /** Absent while the table is empty. */
      oldestReceivedAt: nanosecondsSchema.optional(),
    }),
  ),
  /** Tables, journal and quarantine, against what they may take together; absent where nothing says. */
  diskBytes: z.number().int(),
  diskBytesMax: z.number().int().optional(),
  /** The last 50, newest first. */
  prunings: z.array(pruningSchema),
  /** Since the data directory was created. */
  lifecyclesGivenUp: z.number().int(),
});
