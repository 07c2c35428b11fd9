import { EventEmitter, once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { ThroughlineError } from '@throughline/model';
import type { Readiness } from './readiness.ts';

const HOST = '127.0.0.1';
/** A scraper, a supervisor, a person. */
const CONNECTIONS_MAX = 16;

export interface HealthServer {
  /** Such as `http://127.0.0.1:9101`. */
  readonly url: string;
  close(): void;
}

export interface HealthServerOptions {
  /** 0: any free one. */
  readonly port: number;
  readonly readiness: Readiness;
  /** In Prometheus' text format. */
  readonly metrics: () => Promise<string>;
}

/**
 * Serves /healthz (200 while the process lives), /readyz (200 when every part is up, else 503 with
 * the parts that are not) and /metrics, on the loopback interface only.
 *
 * @throws ThroughlineError `TL_PORT_IN_USE`
 */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const server = createServer((request, response) => {
    answer(request.url?.split('?')[0], response, options).catch(() => response.destroy());
  });
  hideFromInstrumentations(server);
  server.maxConnections = CONNECTIONS_MAX;
  server.listen(options.port, HOST);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const message = `the health port ${options.port} cannot be listened on`;
    throw new ThroughlineError('TL_PORT_IN_USE', message, { hint: 'Set --health-port.', cause });
  }
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : options.port;
  return {
    url: `http://${HOST}:${port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(
  path: string | undefined,
  response: ServerResponse,
  { readiness, metrics }: HealthServerOptions,
): Promise<void> {
  if (path === '/healthz') {
    sendJson(response, 200, { status: 'ok' });
  } else if (path === '/readyz') {
    const missing = readiness.missing();
    if (missing.length === 0) sendJson(response, 200, { status: 'ready' });
    else sendJson(response, 503, { status: 'not ready', missing });
  } else if (path === '/metrics') {
    const text = await metrics();
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
    response.end(text);
  } else {
    sendJson(response, 404, { status: 'not found' });
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** That of HTTP servers patches what they inherit. A look at the health is none of the service's work. */
function hideFromInstrumentations(server: Server): void {
  server.emit = EventEmitter.prototype.emit;
}
