import {
  type CoverageResponse,
  coverageResponseSchema,
  errorResponseSchema,
  type Lifecycle,
  type LifecyclesResponse,
  lifecycleSchema,
  lifecyclesResponseSchema,
  type StatusResponse,
  statusResponseSchema,
  ThroughlineError,
  type TraceResponse,
  traceResponseSchema,
} from '@throughline/model';

const REQUEST_TIMEOUT_MS = 20_000;

/** What every schema of the model can do. */
interface Parser<T> {
  safeParse(
    value: unknown,
  ): { success: true; data: T } | { success: false; error: { message: string } };
}

async function answerError(response: Response): Promise<ThroughlineError> {
  const body: unknown = await response.json().catch(() => undefined);
  const parsed = errorResponseSchema.safeParse(body);
  if (!parsed.success) {
    return new ThroughlineError('TL_INTERNAL', `The server answered with HTTP ${response.status}.`);
  }
  const { code, message, hint } = parsed.data.error;
  return new ThroughlineError(code, message, hint === undefined ? {} : { hint });
}

/**
 * Asks the server and checks the answer against the contract, so that everything behind this file
 * works with typed values: nanoseconds as bigint, no missing fields.
 *
 * @throws ThroughlineError the server's own code; `TL_INTERNAL` when it cannot be reached or
 *   answers something that the contract does not allow
 */
async function get<T>(path: string, parser: Parser<T>, signal: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new ThroughlineError('TL_INTERNAL', 'The Throughline server does not answer.', {
      hint: 'Check that it is running; this page asks again by itself.',
      cause,
    });
  }
  if (!response.ok) throw await answerError(response);
  const body: unknown = await response.json().catch(() => undefined);
  const parsed = parser.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new ThroughlineError('TL_INTERNAL', `The answer to ${path} is not what was agreed.`, {
    hint: 'The page may be older than the server: reload it.',
    cause: parsed.error,
  });
}

/**
 * Rows of a list of lifecycles. `q`: words that must all occur in the key, symbol, side or status.
 * `status`: exactly this one.
 */
export interface LifecyclesRequest {
  readonly name: string;
  readonly q: string;
  readonly status: string | undefined;
  readonly sort: 'begin' | 'duration';
  readonly limit: number;
  readonly cursor: string | undefined;
}

export function getLifecycles(
  request: LifecyclesRequest,
  signal: AbortSignal,
): Promise<LifecyclesResponse> {
  const params = new URLSearchParams({
    name: request.name,
    q: request.q,
    sort: request.sort,
    limit: String(request.limit),
  });
  if (request.status !== undefined) params.set('status', request.status);
  if (request.cursor !== undefined) params.set('cursor', request.cursor);
  return get(`/api/lifecycles?${params}`, lifecyclesResponseSchema, signal);
}

/** `key`: its parts, such as user and order. */
export function getLifecycle(
  name: string,
  key: readonly string[],
  signal: AbortSignal,
): Promise<Lifecycle> {
  const path = [name, ...key].map(encodeURIComponent).join('/');
  return get(`/api/lifecycles/${path}`, lifecycleSchema, signal);
}

export function getTrace(traceId: string, signal: AbortSignal): Promise<TraceResponse> {
  const path = `/api/traces/${encodeURIComponent(traceId)}?format=throughline`;
  return get(path, traceResponseSchema, signal);
}

/** Of the last stretch of time, as long as the server takes for recent. */
export function getCoverage(signal: AbortSignal): Promise<CoverageResponse> {
  return get('/api/coverage', coverageResponseSchema, signal);
}

export function getStatus(signal: AbortSignal): Promise<StatusResponse> {
  return get('/api/status', statusResponseSchema, signal);
}
