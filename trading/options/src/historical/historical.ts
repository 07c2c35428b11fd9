import type { Server } from 'node:http';
import { ThroughlineError } from '@throughline/model';
import type { FastifyError, FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { OptionQuotes } from '../database/option-quotes.ts';
import type { Chain } from '../feed/chain.ts';
import type { ServiceParts } from '../transport/transport.ts';
import { Backfills } from './backfills.ts';

export interface HistoricalOptions {
  readonly port: number;
  readonly recordings: readonly Chain[];
}

/** The service while it listens. */
export interface Historical {
  /** Such as `http://127.0.0.1:8090`. */
  readonly url: string;
  /** Ends the backfill that runs, and the requests under way. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const BODY_BYTES_MAX = 16 * 1024;
const PAGE_MAX = 1_000;
const page = z.coerce.number().int().min(1).max(PAGE_MAX).default(100);

const quotesQuery = z.object({
  contract: z.string().min(1).max(64),
  /** Where the page before ended. */
  after: z.iso.datetime().optional(),
  limit: page,
});

const chainQuery = z.object({
  underlying: z.string().min(1).max(16),
  after: z.string().max(64).default(''),
  limit: page,
});

const backfillBody = z.object({
  recording: z.string().min(1).max(128),
  limit: z.number().int().min(1).default(Number.MAX_SAFE_INTEGER),
});

/**
 * The service `historical`: what is stored, over HTTP, and backfills.
 *
 * - `GET /quotes?contract=&after=&limit=`: a contract's quotes by time
 * - `GET /chain?underlying=&after=&limit=`: the latest quote of each contract
 * - `GET /recordings`, `POST /backfill {recording, limit}`, `GET /backfill/:id`: its progress
 *
 * Pages name what comes next in `next`, to be given as `after`.
 *
 * @throws ThroughlineError `TL_PORT_IN_USE`
 */
export async function startHistorical(
  parts: ServiceParts,
  quotes: OptionQuotes,
  options: HistoricalOptions,
): Promise<Historical> {
  // Only now, when tracing has started: a library that is loaded before is not instrumented.
  const { default: Fastify } = await import('fastify');
  const app: FastifyInstance<Server> = Fastify({ bodyLimit: BODY_BYTES_MAX });
  const backfills = new Backfills(parts, options.recordings);

  app.get('/quotes', async (request) => {
    const { contract, after = '-infinity', limit } = read(quotesQuery, request.query);
    return quotes.byContract(contract, after, limit);
  });
  app.get('/chain', async (request) => {
    const { underlying, after, limit } = read(chainQuery, request.query);
    return quotes.chain(underlying, after, limit);
  });
  app.get('/recordings', async () => ({ recordings: backfills.recordings }));
  app.post('/backfill', async (request, reply) => {
    const { recording, limit } = read(backfillBody, request.body);
    const backfill = backfills.start(recording, limit);
    return reply.code(202).header('location', `/backfill/${backfill.id}`).send(backfill);
  });
  app.get<{ Params: { id: string } }>('/backfill/:id', async ({ params }) =>
    backfills.get(params.id),
  );
  app.setErrorHandler<FastifyError | ThroughlineError>((error, _, reply) => {
    if (error instanceof ThroughlineError) {
      const { code, message, hint } = error;
      return reply.code(error.status).send({ error: { code, message, hint } });
    }
    const { statusCode = 500 } = error;
    if (statusCode < 500) {
      const code = 'TL_BAD_REQUEST';
      return reply.code(statusCode).send({ error: { code, message: error.message } });
    }
    parts.logger.error({ err: error }, 'a request failed');
    return reply.code(500).send({ error: { code: 'TL_INTERNAL', message: 'internal error' } });
  });

  try {
    const url = await app.listen({ host: HOST, port: options.port });
    return {
      url,
      async close() {
        await backfills.stop();
        await app.close();
      },
    };
  } catch (cause) {
    const message = `the port ${options.port} cannot be listened on`;
    throw new ThroughlineError('TL_PORT_IN_USE', message, { hint: 'Set --port.', cause });
  }
}

/** @throws ThroughlineError `TL_BAD_REQUEST` naming the parameter */
function read<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') || 'body';
  throw new ThroughlineError('TL_BAD_REQUEST', `${field}: ${issue?.message}`);
}
