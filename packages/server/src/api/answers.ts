import type { Socket } from 'node:net';
import { type ErrorResponse, ThroughlineError } from '@throughline/model';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { defectOf } from '../http-server.ts';

/** The value as JSON text, with times as decimal strings: what the schema says goes over the wire. */
export function encode<Schema extends z.ZodType>(schema: Schema, value: z.output<Schema>): string {
  return JSON.stringify(schema.encode(value));
}

/**
 * Reads parameters by their schema.
 *
 * @throws ThroughlineError `TL_BAD_REQUEST` that names the parameter
 */
export function parameters<Schema extends z.ZodType>(
  schema: Schema,
  given: unknown,
): z.output<Schema> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ThroughlineError('TL_BAD_REQUEST', `${issue?.path.join('.')}: ${issue?.message}`);
}

/** Sends a failure as `{ error: { code, message, hint } }`; what was unexpected is told to the log only. */
export function answerError(
  cause: FastifyError | ThroughlineError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const error = toThroughlineError(cause);
  if (error.status >= 500) request.log.error({ err: cause }, error.message);
  if (error.status === 429 || error.status === 503) reply.header('retry-after', '1');
  return reply.code(error.status).type('application/json').send(errorBody(error));
}

/** Makes {@link answerError} the answer to every failure, and to every path that is not there. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0];
    return answerError(
      new ThroughlineError('TL_NOT_FOUND', `no such resource: ${path}`),
      request,
      reply,
    );
  });
}

/** Answers what is not HTTP, or too slow to become a request. */
export function answerBrokenHttp(cause: NodeJS.ErrnoException, socket: Socket): void {
  if (cause.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy(cause);
    return;
  }
  const error = new ThroughlineError('TL_BAD_REQUEST', `broken HTTP: ${cause.message}`);
  const body = JSON.stringify(errorBody(error));
  socket.end(
    `HTTP/1.1 ${error.status} Bad Request\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function toThroughlineError(cause: FastifyError | ThroughlineError): ThroughlineError {
  if (cause instanceof ThroughlineError) return cause;
  if (cause.code === 'FST_ERR_HANDLER_TIMEOUT') {
    const hint = 'Narrow the time range.';
    return new ThroughlineError('TL_QUERY_TIMEOUT', 'the answer took too long', { hint, cause });
  }
  const status = cause.statusCode ?? 500;
  if (status < 500) return new ThroughlineError('TL_BAD_REQUEST', defectOf(cause), { cause });
  return new ThroughlineError('TL_INTERNAL', 'internal error, see the log of the server', {
    cause,
  });
}

function errorBody({ code, message, hint }: ThroughlineError): ErrorResponse {
  return { error: hint === undefined ? { code, message } : { code, message, hint } };
}
