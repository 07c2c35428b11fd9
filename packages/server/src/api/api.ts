import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { answerError, answerErrors } from './answers.ts';
import { type GuardOptions, guard } from './guard.ts';
import { lifecycleRoutes } from './lifecycles.ts';
import { type StatusOptions, statusRoutes } from './status.ts';
import { traceRoutes } from './traces.ts';
import { uiRoutes } from './ui.ts';

const REQUEST_TIMEOUT_MS = 30_000;
const BODY_BYTES_MAX = 64 * 1024;

export interface ApiOptions extends StatusOptions, GuardOptions {
  /** The folder of the built web application. */
  uiDir: string;
  logger: FastifyBaseLogger;
}

/** The HTTP API and the web application: everything on the ui port. One file per resource. */
export function createApi(options: ApiOptions): FastifyInstance {
  const app: FastifyInstance = Fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    frameworkErrors: answerError,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    routerOptions: { maxParamLength: 1024 },
  });
  answerErrors(app);
  guard(app, options);
  statusRoutes(app, options);
  lifecycleRoutes(app, options.store.reads);
  traceRoutes(app, options.store.reads);
  uiRoutes(app, options.uiDir);
  return app;
}
