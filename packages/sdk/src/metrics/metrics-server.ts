import { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nodeHttp } from '../export/node-http.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { metricsText } from './metrics-text.ts';
import { portFailures } from './port-failures.ts';

export interface MetricsEndpoint {
  readonly host: string;
  /** 0: any free one, which the log names. */
  readonly port: number;
}

/** A scraper needs one. */
const CONNECTIONS_MAX = 16;

/**
 * Serves {@link metricsText} at `GET /metrics`, for as long as the process has other things to do. A
 * port that cannot be listened on is counted and told in the log; the service goes on.
 *
 * @returns closes it
 */
export function startMetricsServer(
  tracing: Tracing,
  endpoint: MetricsEndpoint,
  log: (message: string) => void,
): () => void {
  const server = nodeHttp().createServer((request, response) => {
    const isMetrics = request.method === 'GET' && request.url?.split('?')[0] === '/metrics';
    if (!isMetrics) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
    response.end(metricsText(tracing));
  });
  hideFromInstrumentations(server);
  server.maxConnections = CONNECTIONS_MAX;
  server.on('connection', (socket) => socket.unref());
  server.on('error', (error) => {
    portFailures.count += 1;
    log(`tracing: no metrics at ${endpoint.host}:${endpoint.port}: ${error.message}`);
  });
  server.listen(endpoint, () => {
    const { port } = server.address() as AddressInfo;
    if (endpoint.port === 0) log(`tracing: metrics at http://${endpoint.host}:${port}/metrics`);
  });
  server.unref();
  return () => {
    server.close();
    server.closeAllConnections();
  };
}

/** That of HTTP servers patches what they inherit. A scrape is none of the service's requests. */
function hideFromInstrumentations(server: Server): void {
  server.emit = EventEmitter.prototype.emit;
}
