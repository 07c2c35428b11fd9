import {
  parseSpanRef,
  ThroughlineError,
  type TraceResponse,
  traceIdSchema,
  traceQuerySchema,
  traceResponseSchema,
} from '@throughline/model';
import type { InboundLinkRow, TraceStore } from '@throughline/store';
import type { FastifyInstance } from 'fastify';
import { LIFECYCLE_DEFINITIONS, ORDER_LIFECYCLE } from '../lifecycle/definitions.ts';
import { keysBegunBy } from '../lifecycle/graph.ts';
import { skewOfTrace } from '../lifecycle/skew-correction.ts';
import { encode, parameters } from './answers.ts';
import { toJaegerTrace } from './jaeger-trace.ts';
import { type OtlpTraces, toOtlpTraces } from './otlp-trace.ts';

const SPANS_MAX = 10_000;
const LINKS_MAX = 10_000;

/** `GET /api/traces/{id}`, in Jaeger's form, ours (`?format=throughline`) or OTLP's (`?format=otlp`). */
export function traceRoutes(app: FastifyInstance, store: TraceStore): void {
  app.get<{ Params: { id: string } }>('/api/traces/:id', async (request, reply) => {
    const { format } = parameters(traceQuerySchema, request.query);
    const id = inFull(request.params.id);
    if (format !== 'jaeger') {
      const traceId = parameters(traceIdSchema, id);
      if (format === 'otlp') return reply.send(await readOtlp(store, traceId));
      const trace = await readTrace(store, traceId);
      return reply.type('application/json').send(encode(traceResponseSchema, trace));
    }
    const traceId = traceIdSchema.safeParse(id).data;
    const { spans } = await store.spansOfTraces(traceId === undefined ? [] : [traceId], SPANS_MAX);
    if (traceId === undefined || spans.length === 0) {
      return reply.code(404).send({ data: [], errors: [{ code: 404, msg: 'trace not found' }] });
    }
    return reply.send({
      data: [toJaegerTrace(traceId, spans)],
      errors: null,
      limit: 0,
      offset: 0,
      total: 1,
    });
  });
}

/** Jaeger's clients leave out leading zeros, in what they print and log too. */
function inFull(traceId: string): string {
  return traceId.toLowerCase().padStart(32, '0');
}

async function readTrace(store: TraceStore, traceId: string): Promise<TraceResponse> {
  const [page, inbound] = await Promise.all([
    store.spansOfTraces([traceId], SPANS_MAX),
    store.linksToTraces([traceId], LINKS_MAX),
  ]);
  if (page.spans.length === 0) throw notFound(traceId);
  const skew = skewOfTrace(page.spans);
  const lifecycles = LIFECYCLE_DEFINITIONS.flatMap((definition) =>
    keysBegunBy(definition, page.spans).map((key) => ({ name: definition.name, key })),
  );
  return {
    traceId,
    spans: page.spans,
    inboundLinks: inbound.links.map(toInboundLink),
    lifecycles,
    orders: lifecycles.filter(({ name }) => name === ORDER_LIFECYCLE.name).map(({ key }) => key),
    truncated: page.truncated || inbound.truncated,
    ...(skew.length > 0 && { skew }),
  };
}

/** @throws ThroughlineError `TL_TRACE_TOO_LARGE`, for half a trace is not what was sent */
async function readOtlp(store: TraceStore, traceId: string): Promise<OtlpTraces> {
  const { spans, truncated } = await store.spansOfTraces([traceId], SPANS_MAX);
  if (spans.length === 0) throw notFound(traceId);
  if (!truncated) return toOtlpTraces(spans);
  const message = `the trace has more than ${SPANS_MAX} spans, which one answer may carry`;
  throw new ThroughlineError('TL_TRACE_TOO_LARGE', message, {
    hint: 'Read a part of it with ?format=throughline.',
  });
}

function notFound(traceId: string): ThroughlineError {
  return new ThroughlineError('TL_TRACE_NOT_FOUND', `no trace ${traceId}`, {
    hint: 'It may not have arrived yet, or be older than the retention.',
  });
}

function toInboundLink(row: InboundLinkRow): TraceResponse['inboundLinks'][number] {
  const { name, service, type } = row;
  const targetSpanId = parseSpanRef(row.target).spanId;
  const link = { targetSpanId, ...parseSpanRef(row.source), name, service };
  return type === undefined ? link : { ...link, type };
}
