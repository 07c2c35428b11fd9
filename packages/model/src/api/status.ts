import { z } from 'zod';
import { nanosecondsSchema } from '../time.ts';

/** `GET /api/status`: what the server has done since it started, and whether it can work. */
export const statusResponseSchema = z.object({
  version: z.string(),
  startedAt: nanosecondsSchema,
  /** Addresses, as a client on the server's machine reaches them. */
  endpoints: z.object({ ui: z.string(), otlpHttp: z.string() }),
  ingest: z.object({
    requests: z.number().int(),
    /** Spans acknowledged: they are in the journal, on disk. */
    spansAccepted: z.number().int(),
    /** Reason (an error code) -> requests and spans refused; spans is 0 where they cannot be counted. */
    rejected: z.record(
      z.string(),
      z.object({ requests: z.number().int(), spans: z.number().int() }),
    ),
    lastReceivedAt: nanosecondsSchema.optional(),
  }),
  journal: z.object({
    segments: z.number().int(),
    bytes: z.number().int(),
    bytesMax: z.number().int(),
    /** Age of the oldest record that the engine has not stored yet. */
    lagMs: z.number(),
  }),
  store: z.object({
    spansLoaded: z.number().int(),
    segmentsLoaded: z.number().int(),
    /** Records that the engine cannot decode, kept aside in the data directory. */
    recordsQuarantined: z.number().int(),
    /** What is wrong with the stored data, such as parts that the engine set aside; empty when all is well. */
    warnings: z.array(z.string()),
  }),
  engine: z.object({
    state: z.enum(['starting', 'ready', 'restarting', 'stopped']),
    restarts: z.number().int(),
    version: z.string(),
    pid: z.number().int().optional(),
  }),
  memory: z.object({ serverBytes: z.number().int(), engineBytes: z.number().int() }),
});
export type StatusResponse = z.output<typeof statusResponseSchema>;
