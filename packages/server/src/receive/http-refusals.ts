import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { ThroughlineError } from '@throughline/model';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { defectOf } from '../http-server.ts';
import { type ReceiverCounters, senderText } from './counters.ts';
import { codedErrorText } from './error-text.ts';
import { RETRY_DELAY_S } from './rpc-status.ts';

/** The body of a refusal and its Content-Type; bytes, where fastify is to add no charset. */
export interface RefusalAnswer {
  mediaType: string;
  body: string | Uint8Array;
}

/** Answers, and counts, everything that an HTTP receiver does not accept. */
export class HttpRefusals {
  readonly #counters: ReceiverCounters;
  readonly #answer: (error: ThroughlineError, request?: FastifyRequest) => RefusalAnswer;
  /** Connections with a request that has not ended: its handler counts it, whatever happens. */
  readonly #busy = new WeakSet<Socket>();

  /** @param answer gets no request for what is not HTTP; by default one line of text */
  constructor(
    counters: ReceiverCounters,
    answer: (error: ThroughlineError, request?: FastifyRequest) => RefusalAnswer = textAnswer,
  ) {
    this.#counters = counters;
    this.#answer = answer;
  }

  watch(message: IncomingMessage): void {
    const { socket } = message;
    this.#busy.add(socket);
    message.once('close', () => this.#busy.delete(socket));
  }

  send(error: unknown, request: FastifyRequest, reply: FastifyReply, spanCount = 0): FastifyReply {
    const refusal = refusalOf(error);
    if (refusal.code === 'TL_INTERNAL') request.log.error({ err: error }, 'a request failed');
    this.#counters.reject(refusal, { sender: senderOf(request), spanCount });
    if (refusal.status === 429 || refusal.status === 503) {
      reply.header('retry-after', `${RETRY_DELAY_S}`);
    }
    if (refusal.status === 401) reply.header('www-authenticate', 'Bearer');
    const { mediaType, body } = this.#answer(refusal, request);
    return reply.code(refusal.status).type(mediaType).send(body);
  }

  /** For what is not HTTP, or too slow. */
  end(error: NodeJS.ErrnoException, socket: Socket): void {
    if (error.code === 'ECONNRESET' || !socket.writable || this.#busy.has(socket)) {
      socket.destroy(error);
      return;
    }
    const refusal = new ThroughlineError('TL_BAD_REQUEST', `broken HTTP: ${error.message}`);
    const sender = senderText(socket.remoteAddress, undefined);
    this.#counters.reject(refusal, { sender, spanCount: 0 });
    const { mediaType, body } = this.#answer(refusal);
    socket.write(
      `HTTP/1.1 ${refusal.status} Bad Request\r\nContent-Type: ${mediaType}\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`,
    );
    socket.end(body);
  }
}

/** Who sent the request, as the refusals name it. */
export function senderOf({ ip, headers }: FastifyRequest): string {
  return senderText(ip, headers['user-agent']);
}

/** One line that starts with the code, so that it can be looked up. */
function textAnswer(error: ThroughlineError): RefusalAnswer {
  return { mediaType: 'text/plain; charset=utf-8', body: `${codedErrorText(error)}\n` };
}

/**
 * Fastify's own errors carry a status; any other error is ours to answer for, and hides its
 * message.
 */
function refusalOf(error: unknown): ThroughlineError {
  if (error instanceof ThroughlineError) return error;
  const { statusCode = 500 } = error as Partial<FastifyError>;
  const cause = { cause: error };
  if (statusCode >= 500) return new ThroughlineError('TL_INTERNAL', 'see the server log', cause);
  const code = statusCode === 415 ? 'TL_OTLP_UNSUPPORTED_TYPE' : 'TL_BAD_REQUEST';
  return new ThroughlineError(code, defectOf(error as Partial<FastifyError>), cause);
}
