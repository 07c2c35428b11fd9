import type { Server } from 'node:http';
import type { Server as HttpsServer, ServerOptions } from 'node:https';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyServerOptions,
  LogController,
} from 'fastify';
import { httpsOptions, secureContextOptions, type TlsFiles } from './tls.ts';

/** Of one port; beyond it connections are closed as they come. */
const CONNECTIONS_MAX = 1_024;
/** The URL with all parameters is part of the header. */
const HEADER_BYTES_MAX = 16 * 1024;
/** From the first byte of a connection to the end of a header; and to the end of a body. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** How often Node looks for connections that break the two above. */
const TIMEOUT_CHECK_MS = 2_000;
/** Without a byte in either direction while a request is under way. */
const SILENCE_TIMEOUT_MS = 60_000;
/** Between two requests. */
const KEEP_ALIVE_TIMEOUT_MS = 72_000;
/** Has long-lived clients connect anew now and then, so that they spread over several servers. */
const REQUESTS_PER_CONNECTION_MAX = 10_000;

export interface HttpServerOptions {
  logger: FastifyBaseLogger;
  /** Present when the port speaks TLS; with a `ca`, clients must show a certificate. */
  tls: TlsFiles | undefined;
}

/**
 * The fastify instance behind every HTTP port of ours: what one client may take of it is bounded
 * here, in one place.
 *
 * @param own what this port needs besides
 */
export function httpServer(
  { logger, tls }: HttpServerOptions,
  own: FastifyServerOptions<Server>,
): FastifyInstance {
  const limits: ServerOptions = {
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: HEADERS_TIMEOUT_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  };
  const options: FastifyServerOptions<Server> = {
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: SILENCE_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    maxRequestsPerSocket: REQUESTS_PER_CONNECTION_MAX,
    ...own,
    loggerInstance: logger,
    // A URL can hold a token.
    logController: new LogController({ disableRequestLogging: true }),
  };
  if (tls === undefined) {
    const app: FastifyInstance = Fastify({ ...options, http: limits });
    app.server.maxConnections = CONNECTIONS_MAX;
    return app;
  }
  // Whether the server below speaks TLS makes no difference to routes and hooks.
  const app = Fastify({ ...options, https: { ...limits, ...httpsOptions(tls) } } as object);
  const server = app.server as HttpsServer;
  server.maxConnections = CONNECTIONS_MAX;
  tls.onRenewal?.((renewed) => server.setSecureContext(secureContextOptions(renewed)));
  return app;
}

/** What is wrong with a request that fastify refuses. Its own words quote the URL, which can hold a token. */
export function defectOf({ code, message = '' }: Partial<FastifyError>): string {
  if (code === 'FST_ERR_BAD_URL') return 'the path is not URL-encoded';
  if (code === 'FST_ERR_MAX_PARAM_LENGTH') return 'a part of the path is too long';
  return message;
}
