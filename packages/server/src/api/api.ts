import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { httpServer } from '../http-server.ts';
import { type TlsFiles, withoutClientCa } from '../tls.ts';
import { answerBrokenHttp, answerError, answerErrors } from './answers.ts';
import { backupRoutes } from './backup.ts';
import { coverageRoutes } from './coverage.ts';
import { guard, securityHeaders } from './guard.ts';
import { lifecycleRoutes } from './lifecycles.ts';
import { QueryLimit } from './query-limit.ts';
import { type StatusOptions, statusRoutes } from './status.ts';
import { traceRoutes } from './traces.ts';
import { uiRoutes } from './ui.ts';

const BODY_BYTES_MAX = 64 * 1024;
/** Below the 20 s after which the web application gives up, so that it can say why. */
const ANSWER_TIMEOUT_MS = 18_000;

export interface ApiOptions extends StatusOptions {
  /** When set, whoever reads must have it. */
  token: string | undefined;
  /** Names under which this server is reached, besides localhost and addresses. */
  publicHosts: readonly string[];
  /** Present when the port speaks TLS. Readers show a token, never a certificate. */
  tls: TlsFiles | undefined;
  /** The folder of the built web application. */
  uiDir: string;
  logger: FastifyBaseLogger;
}

/** The HTTP API and the web application: everything on the ui port. One file per resource. */
export function createApi(options: ApiOptions): FastifyInstance {
  const { token, publicHosts, logger, store, uiDir } = options;
  const isSecure = options.tls !== undefined;
  const app = httpServer(
    { logger, tls: options.tls && withoutClientCa(options.tls) },
    {
      // What has no route because it is no URL passes no hook.
      frameworkErrors: (error, request, reply) =>
        answerError(error, request, reply.headers(securityHeaders(isSecure))),
      clientErrorHandler: answerBrokenHttp,
      bodyLimit: BODY_BYTES_MAX,
      handlerTimeout: ANSWER_TIMEOUT_MS,
      routerOptions: { maxParamLength: 1024 },
    },
  );
  answerErrors(app);
  guard(app, { token, publicHosts, isSecure });
  statusRoutes(app, options);
  backupRoutes(app, store);
  app.register(async (queries) => {
    new QueryLimit().bound(queries);
    lifecycleRoutes(queries, store.reads);
    coverageRoutes(queries, store.reads);
    traceRoutes(queries, store.reads);
  });
  uiRoutes(app, uiDir);
  return app;
}
