import {
  isKeyedByTrace,
  type LifecycleDefinition,
  type LifecyclesQuery,
  type LifecyclesResponse,
  lifecycleSchema,
  lifecyclesQuerySchema,
  lifecyclesResponseSchema,
  parseTime,
  ThroughlineError,
} from '@throughline/model';
import type { BeginSpan, TraceStore } from '@throughline/store';
import type { FastifyInstance } from 'fastify';
import { LIFECYCLE_DEFINITIONS } from '../lifecycle/definitions.ts';
import { readLifecycles } from '../lifecycle/reader.ts';
import { lifecycleRow } from '../lifecycle/row.ts';
import { encode, parameters } from './answers.ts';

const KEYS_NAMED_MAX = 5;

/** `GET /api/lifecycles` and `GET /api/lifecycles/{name}/{key...}`. */
export function lifecycleRoutes(app: FastifyInstance, store: TraceStore): void {
  app.get('/api/lifecycles', async (request, reply) => {
    const query = parameters(lifecyclesQuerySchema, request.query);
    const response = await listLifecycles(store, query);
    return reply.type('application/json').send(encode(lifecyclesResponseSchema, response));
  });

  app.get<{ Params: { name: string } }>('/api/lifecycles/:name/*', async (request, reply) => {
    const definition = definitionOf(request.params.name);
    const begin = await findBegin(store, definition, keyOf(request.url));
    const [lifecycle] = await readLifecycles(store, definition, [begin]);
    if (!lifecycle) throw notFound(definition, begin.key);
    return reply.type('application/json').send(encode(lifecycleSchema, lifecycle));
  });
}

function definitionOf(name: string): LifecycleDefinition {
  const definition = LIFECYCLE_DEFINITIONS.find((candidate) => candidate.name === name);
  if (definition) return definition;
  const known = LIFECYCLE_DEFINITIONS.map((candidate) => candidate.name).join(', ');
  throw new ThroughlineError('TL_LIFECYCLE_UNKNOWN', `no lifecycle is named ${name}`, {
    hint: `There are: ${known}.`,
  });
}

/** The parts of the key, from the URL as it came: a part may hold a slash, so each is decoded alone. */
function keyOf(url: string): string[] {
  const parts = url.split('?', 1).join('').split('/').slice(4);
  try {
    return parts.map((part) => decodeURIComponent(part));
  } catch (cause) {
    throw new ThroughlineError('TL_BAD_REQUEST', 'the key is not URL-encoded', { cause });
  }
}

async function findBegin(
  store: TraceStore,
  definition: LifecycleDefinition,
  values: readonly string[],
): Promise<BeginSpan> {
  const byTrace = isKeyedByTrace(definition);
  const parts = byTrace ? ['a trace id'] : definition.keyAttributes;
  if (values.length === 0 || values.length > parts.length || values.includes('')) {
    const form = parts.join('/');
    throw new ThroughlineError('TL_BAD_REQUEST', `a key of ${definition.name} is ${form}`);
  }
  const asked = byTrace ? values.map((traceId) => traceId.toLowerCase()) : values;
  const begins = await store.findBegins(definition, asked);
  const keys = new Map(begins.map((begin) => [JSON.stringify(begin.key), begin]));
  if (keys.size > 1) {
    const named = [...keys.values()].slice(0, KEYS_NAMED_MAX).map((begin) => begin.key.join('/'));
    throw new ThroughlineError(
      'TL_LIFECYCLE_AMBIGUOUS',
      `${values.join('/')} fits ${keys.size} keys`,
      {
        hint: `Give the whole key, such as ${named.join(' or ')}.`,
      },
    );
  }
  const newest = begins.reduce<BeginSpan | undefined>(
    (best, begin) => (best && best.beginNs >= begin.beginNs ? best : begin),
    undefined,
  );
  if (!newest) throw notFound(definition, values);
  return newest;
}

function notFound(definition: LifecycleDefinition, key: readonly string[]): ThroughlineError {
  const message = `no ${definition.name} ${key.join('/')}`;
  return new ThroughlineError('TL_LIFECYCLE_NOT_FOUND', message, {
    hint: 'It may not have arrived yet, or be older than the retention.',
  });
}

async function listLifecycles(
  store: TraceStore,
  query: LifecyclesQuery,
): Promise<LifecyclesResponse> {
  const definition = definitionOf(query.name);
  const page = await store.listBegins(definition, {
    words: query.q.split(/\s+/).filter((word) => word !== ''),
    status: query.status,
    startNs: query.start === undefined ? undefined : parseTime(query.start),
    endNs: query.end === undefined ? undefined : parseTime(query.end),
    sort: query.sort,
    limit: query.limit,
    cursor: query.cursor,
  });
  const lifecycles = await readLifecycles(store, definition, page.rows);
  const { total, totalBound, cursor } = page;
  return {
    rows: lifecycles.map(lifecycleRow),
    total,
    ...(totalBound !== undefined && { totalBound }),
    ...(cursor !== undefined && { cursor }),
  };
}
