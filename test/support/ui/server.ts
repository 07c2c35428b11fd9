import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import {
  ATTR,
  type CoverageResponse,
  coverageResponseSchema,
  type ErrorCode,
  errorResponseSchema,
  type Lifecycle,
  lifecycleSchema,
  lifecyclesResponseSchema,
  type StatusResponse,
  statusResponseSchema,
  ThroughlineError,
  traceResponseSchema,
} from '@throughline/model';
import { securityHeaders } from '../../../packages/server/src/api/guard.ts';
import { rowOf, tracesOf } from './lifecycle.ts';

/** Those of the real server: nothing from elsewhere, nothing inline, no eval. */
const HEADERS = Object.entries(securityHeaders(false));

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
};

/** What the server answers with; tests change it while it runs. */
export interface Fixture {
  lifecycles: readonly Lifecycle[];
  status: StatusResponse;
  coverage: CoverageResponse;
  /** Every request to the API is answered with this error. */
  failure?: { code: ErrorCode; message: string } | undefined;
}

function listOf(fixture: Fixture, params: URLSearchParams): unknown {
  const words = (params.get('q') ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const status = params.get('status');
  const rows = fixture.lifecycles.map(rowOf).filter((row) => {
    const { attributes, flags } = row;
    if (row.name !== params.get('name')) return false;
    const state = flags.includes('open') ? 'open' : row.status;
    if (status !== null && status !== state) return false;
    const text = [row.key, row.status, attributes[ATTR.tradingSymbol], attributes[ATTR.orderSide]];
    const searched = text.join(' ').toLowerCase();
    return words.every((word) => searched.includes(word));
  });
  rows.sort((left, right) =>
    params.get('sort') === 'duration'
      ? Number(right.durationNs - left.durationNs)
      : Number(right.begin - left.begin),
  );
  const from = Number(params.get('cursor') ?? 0);
  const to = from + Number(params.get('limit') ?? 50);
  return lifecyclesResponseSchema.encode({
    rows: rows.slice(from, to),
    total: rows.length,
    ...(to < rows.length ? { cursor: String(to) } : {}),
  });
}

function answerOf(fixture: Fixture, url: URL): unknown {
  if (fixture.failure) throw new ThroughlineError(fixture.failure.code, fixture.failure.message);
  if (url.pathname === '/api/status') return statusResponseSchema.encode(fixture.status);
  if (url.pathname === '/api/coverage') return coverageResponseSchema.encode(fixture.coverage);
  if (url.pathname === '/api/lifecycles') return listOf(fixture, url.searchParams);
  const [, name, rest] = /^\/api\/lifecycles\/([^/]+)\/(.+)$/.exec(url.pathname) ?? [];
  if (name !== undefined && rest !== undefined) {
    const key = rest.split('/').map(decodeURIComponent).join('/');
    const found = fixture.lifecycles.find((one) => one.name === name && one.key === key);
    if (found) return lifecycleSchema.encode(found);
    throw new ThroughlineError('TL_LIFECYCLE_NOT_FOUND', `There is no ${name} ${key}.`);
  }
  const trace = /^\/api\/traces\/([0-9a-f]{32})$/.exec(url.pathname)?.[1];
  const found = trace && tracesOf(fixture.lifecycles).get(trace);
  if (found) return traceResponseSchema.encode(found);
  throw new ThroughlineError('TL_TRACE_NOT_FOUND', `There is no trace ${trace}.`);
}

function answerApi(fixture: Fixture, url: URL, response: ServerResponse): void {
  response.setHeader('content-type', 'application/json');
  try {
    response.end(JSON.stringify(answerOf(fixture, url)));
  } catch (error) {
    if (!(error instanceof ThroughlineError)) throw error;
    const body = errorResponseSchema.parse({
      error: { code: error.code, message: error.message },
    });
    response.writeHead(error.status).end(JSON.stringify(body));
  }
}

/** The built files, and the page itself for every other address: deep links survive a reload. */
function answerFile(dist: string, url: URL, response: ServerResponse): void {
  const asset = /^\/assets\/[\w.-]+$/.test(url.pathname);
  const path = asset ? url.pathname : '/index.html';
  response.setHeader('content-type', MEDIA_TYPES[extname(path)] ?? 'application/octet-stream');
  response.end(readFileSync(join(dist, path)));
}

/** Serves the built ui and an API made of fixtures on a free loopback port. */
export async function serveFixture(dist: string, fixture: Fixture) {
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    for (const [name, value] of HEADERS) response.setHeader(name, value);
    if (url.pathname.startsWith('/api/')) answerApi(fixture, url, response);
    else answerFile(dist, url, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
