import { z } from 'zod';
import { traceIdSchema } from '../ids.ts';
import { nanosecondsSchema } from '../time.ts';

/** `GET /api/coverage`. `start`, `end`: see parseTime; the last 15 minutes by default, a day at most. */
export const coverageQuerySchema = z.object({
  start: z.string().max(40).optional(),
  end: z.string().max(40).optional(),
});
export type CoverageQuery = z.output<typeof coverageQuerySchema>;

const countSchema = z.number().int().min(0);

/**
 * What became of the contexts of consumed messages (tracing-model, section 6). Each message is `usable`,
 * `missing` (it had none), `malformed`, `missed` (it was looked for by a business id and not found) or
 * `orphaned` (its sender's span never came): these sum to `consumed`. `linksDropped`: links that did not
 * fit on the spans of consumers.
 */
const countsShape = {
  consumed: countSchema,
  usable: countSchema,
  missing: countSchema,
  malformed: countSchema,
  missed: countSchema,
  orphaned: countSchema,
  linksDropped: countSchema,
  /** `usable` of `consumed`, from 0 to 1; 1 when nothing was consumed. */
  coverage: z.number().min(0).max(1),
};

/** `producer` is absent where several send to the destination and the messages do not say who did. */
const hopSchema = z.object({
  producer: z.string().optional(),
  /** `messaging.system`. */
  transport: z.string(),
  /** Its template where it has one; empty for temporary ones. */
  destination: z.string(),
  consumer: z.string(),
  ...countsShape,
  /** The trace of one of the messages: of one whose context was not usable, if there is one. */
  exampleTraceId: traceIdSchema,
});
export type Hop = z.output<typeof hopSchema>;

/**
 * Hops are sorted by coverage, the worst first. `truncated`: there are more, or more messages than are
 * counted; the newest are. Messages that were not sampled leave no spans and are not counted.
 */
export const coverageResponseSchema = z.object({
  start: nanosecondsSchema,
  end: nanosecondsSchema,
  total: z.object(countsShape),
  hops: z.array(hopSchema),
  truncated: z.boolean(),
});
export type CoverageResponse = z.output<typeof coverageResponseSchema>;

/** A coverage in percent: `100 %` only when it is whole. */
export function formatCoverage({ coverage, consumed }: Pick<Hop, 'coverage' | 'consumed'>): string {
  if (consumed === 0) return '–';
  return coverage === 1 ? '100 %' : `${(Math.floor(coverage * 1_000) / 10).toFixed(1)} %`;
}
