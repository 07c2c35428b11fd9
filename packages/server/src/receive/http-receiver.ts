import { ThroughlineError } from '@throughline/model';
import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify';
import { httpServer } from '../http-server.ts';
import { listen } from '../listen.ts';
import type { HttpRefusals } from './http-refusals.ts';
import type { Receiver, ReceiverOptions } from './receiver.ts';

/** How long closing waits for requests under way; those cut off were not acknowledged. */
const CLOSE_TIMEOUT_MS = 5_000;

/**
 * The fastify instance of an HTTP receiver, still without its route. Whatever is not accepted on its
 * port goes through `refusals`. Bodies are left to the route's handler, which reads them by
 * `readBody`: that limits what all requests hold together.
 *
 * @param hint what to do about a path or a method that is not served
 */
export function receiverApp(
  options: ReceiverOptions,
  refusals: HttpRefusals,
  hint: (request: FastifyRequest) => string,
): FastifyInstance {
  const app = httpServer(options, {
    // Closing waits for requests under way, which are still kept.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => refusals.send(error, request, reply),
    clientErrorHandler: (error, socket) => refusals.end(error, socket),
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.setErrorHandler((error: FastifyError, request, reply) =>
    refusals.send(error, request, reply),
  );
  app.setNotFoundHandler((request, reply) => {
    // Without the query: someone may have put a token there.
    const path = request.url.split('?', 1).join('').slice(0, 100);
    const message = `${request.method} ${path} is not served on this port`;
    const error = new ThroughlineError('TL_NOT_FOUND', message, { hint: hint(request) });
    return refusals.send(error, request, reply);
  });
  app.addHook('onRequest', async (request) => refusals.watch(request.raw));
  app.addHook('onRequest', async (request) => options.access(request.headers, request.ip));
  closePromptly(app);
  return app;
}

/**
 * The receiver that a {@link receiverApp} with its route is.
 *
 * @param what names the port in errors, as in the flag `--<what>-port`
 */
export function httpReceiver(app: FastifyInstance, what: string): Receiver {
  return {
    listen: (host, port) => listen(app, what, { host, port }),
    close: () => app.close(),
  };
}

/** Left to itself, Node waits for idle connections and for bodies as long as their senders like. */
function closePromptly(app: FastifyInstance): void {
  let deadline: NodeJS.Timeout | undefined;
  app.addHook('preClose', async () => {
    deadline = setTimeout(() => app.server.closeAllConnections(), CLOSE_TIMEOUT_MS);
  });
  app.addHook('onSend', async (_request, reply) => {
    if (deadline !== undefined) reply.header('connection', 'close');
  });
  app.addHook('onClose', async () => clearTimeout(deadline));
}
