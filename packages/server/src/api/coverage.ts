import {
  type CoverageQuery,
  type CoverageResponse,
  coverageQuerySchema,
  coverageResponseSchema,
  formatAge,
  NS_PER_S,
  nowNs,
  parseTime,
  ThroughlineError,
} from '@throughline/model';
import type { TraceStore } from '@throughline/store';
import type { FastifyInstance } from 'fastify';
import { hopsOf, totalOf } from '../coverage/hops.ts';
import { encode, parameters } from './answers.ts';

const RANGE_NS = 15n * 60n * NS_PER_S;
const RANGE_MAX_NS = 86_400n * NS_PER_S;
const HOPS_MAX = 1_000;

/** Until then the span of a send may still come: senders export in batches, and try again. */
const GRACE_NS = 60n * NS_PER_S;

/** `GET /api/coverage`. */
export function coverageRoutes(app: FastifyInstance, store: TraceStore): void {
  app.get('/api/coverage', async (request, reply) => {
    const query = parameters(coverageQuerySchema, request.query);
    const response = await readCoverage(store, query);
    return reply.type('application/json').send(encode(coverageResponseSchema, response));
  });
}

async function readCoverage(store: TraceStore, query: CoverageQuery): Promise<CoverageResponse> {
  const { startNs, endNs } = rangeOf(query);
  const orphansBeforeNs = nowNs() - GRACE_NS;
  const page = await store.coverage({ startNs, endNs, orphansBeforeNs, limit: HOPS_MAX });
  const hops = hopsOf(page.hops);
  return { start: startNs, end: endNs, total: totalOf(hops), hops, truncated: page.truncated };
}

/** @throws ThroughlineError `TL_BAD_REQUEST` */
function rangeOf(query: CoverageQuery): { startNs: bigint; endNs: bigint } {
  const endNs = query.end === undefined ? nowNs() : parseTime(query.end);
  const startNs = query.start === undefined ? endNs - RANGE_NS : parseTime(query.start);
  if (startNs < endNs && endNs - startNs <= RANGE_MAX_NS) return { startNs, endNs };
  throw new ThroughlineError('TL_BAD_REQUEST', 'start must be before end, by a day at most', {
    hint: `From start to end are ${formatAge(endNs - startNs)}.`,
  });
}
