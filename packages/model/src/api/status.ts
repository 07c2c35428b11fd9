import { z } from 'zod';
import { nanosecondsSchema } from '../time.ts';
import { retentionSchema } from './retention.ts';

const received = {
  requests: z.number().int(),
  /** Spans acknowledged: they are in the journal, on disk. */
  spansAccepted: z.number().int(),
  /**
   * Reason (an error code) -> requests and spans refused; spans is 0 where they cannot be counted.
   * Spans that were left out of a request that was accepted count without a request.
   */
  rejected: z.record(z.string(), z.object({ requests: z.number().int(), spans: z.number().int() })),
  /** When something was accepted last. */
  lastReceivedAt: nanosecondsSchema.optional(),
};

/** `GET /api/status`: what the server has done since it started, and whether it can work. */
export const statusResponseSchema = z.object({
  version: z.string(),
  /** Now, by the server's clock, by which all times of this answer are. */
  at: nanosecondsSchema,
  startedAt: nanosecondsSchema,
  /** Addresses, as a client on the server's machine reaches them. */
  endpoints: z.object({
    ui: z.string(),
    otlpHttp: z.string(),
    otlpGrpc: z.string().optional(),
    jaegerHttp: z.string().optional(),
    jaegerCompact: z.string().optional(),
    jaegerBinary: z.string().optional(),
    zipkin: z.string().optional(),
  }),
  /** What an operator should know about how the server runs, such as a receiver that did not start. */
  warnings: z.array(z.string()),
  ingest: z.object({
    /** The sums over all protocols. */
    ...received,
    /** The same of each protocol that is received: `otlp-http`, `otlp-grpc`, `zipkin` and so on. */
    protocols: z.record(z.string(), z.object(received)),
    /** The last 50, newest first; equal ones of one sender are one. */
    refusals: z.array(
      z.object({
        /** Of the latest one. */
        at: nanosecondsSchema,
        protocol: z.string(),
        /** Address and user agent. */
        sender: z.string(),
        code: z.string(),
        /** What is wrong, and what to do about it. */
        message: z.string(),
        /** Over all of them. */
        spans: z.number().int(),
        count: z.number().int(),
      }),
    ),
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
    /** Records that the disk damaged or the engine cannot decode, kept aside in the data directory. */
    recordsQuarantined: z.number().int(),
    /** The last 20 files of them, newest first: what they hold and why they are there. */
    quarantine: z.array(
      z.object({
        id: z.string(),
        at: nanosecondsSchema,
        records: z.number().int(),
        bytes: z.number().int(),
        reason: z.string(),
      }),
    ),
    /** What is wrong with the stored data, such as parts that the engine set aside; empty when all is well. */
    warnings: z.array(z.string()),
  }),
  retention: retentionSchema,
  engine: z.object({
    state: z.enum(['starting', 'ready', 'restarting', 'stopped']),
    /** How often the embedded engine was started again, or a cluster was out of reach. */
    restarts: z.number().int(),
    version: z.string(),
    pid: z.number().int().optional(),
  }),
  memory: z.object({ serverBytes: z.number().int(), engineBytes: z.number().int() }),
});
export type StatusResponse = z.output<typeof statusResponseSchema>;
