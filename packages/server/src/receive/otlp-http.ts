import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { ThroughlineError } from '@throughline/model';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { accessCheck } from '../access.ts';
import { BytesInFlight, readBody } from './body.ts';
import type { IngestCounters } from './counters.ts';
import { otlpJsonToProtobuf } from './otlp-json.ts';
import { checkOtlpWire } from './otlp-wire.ts';
import { encodeRpcStatus, MEDIA_TYPE, type MediaType, rpcStatusOf } from './rpc-status.ts';

const TRACES_PATH = '/v1/traces';
const MIB = 2 ** 20;
/** The limit that the OTLP specification recommends. */
const BODY_BYTES_MAX = 64 * MIB;
const BYTES_IN_FLIGHT_MAX = 256 * MIB;
const REQUEST_TIMEOUT_MS = 30_000;
/** How long closing waits for requests under way; those cut off were not acknowledged. */
const CLOSE_TIMEOUT_MS = 5_000;
/**
 * Short, because exporters drop a batch when the wait exceeds their own deadline (10 s by default).
 */
const RETRY_AFTER_S = '1';

/**
 * An `ExportTraceServiceResponse` of full success. As bytes, because fastify adds a charset to the
 * media type of a string, and the answer's must be the request's.
 */
const EMPTY_RESPONSE: Readonly<Record<MediaType, Buffer>> = {
  [MEDIA_TYPE.protobuf]: Buffer.alloc(0),
  [MEDIA_TYPE.json]: Buffer.from('{}'),
};

export interface OtlpHttpOptions {
  /**
   * Keeps one wire-checked `ExportTraceServiceRequest`; the sender gets its answer when this
   * resolves. Throws `TL_OVERLOADED` or `TL_JOURNAL_FAILED` to have the sender come again.
   */
  append(record: Uint8Array, spanCount: number): Promise<void>;
  counters: IngestCounters;
  /** When given, every request must carry it as `Authorization: Bearer <token>`. */
  token?: string;
  /** Of one body after decompression. Default: 64 MiB. */
  bodyBytesMax?: number;
  /**
   * Of all bodies in memory at once; beyond it, senders are told to come again. Default: 256 MiB.
   */
  bytesInFlightMax?: number;
  /** Gets what the sender cannot see: the causes of internal errors. */
  logger: FastifyBaseLogger;
}

/**
 * The OTLP/HTTP receiver for traces: a fastify instance, for the caller to listen on and to close.
 * It is an instance of its own and no plugin because every answer on its port, also to an unknown
 * path or to broken HTTP, must be a `google.rpc.Status` in the request's encoding. A request is
 * accepted whole or refused whole; a partial success is never answered.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
export function otlpHttp(options: OtlpHttpOptions): FastifyInstance {
  const refusals = new Refusals(options.counters);
  const app: FastifyInstance = Fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Fastify's own 503 is no Status. Closing waits for requests under way, which are still kept.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => refusals.send(error, request, reply),
    clientErrorHandler: (error, socket) => refusals.end(error, socket),
  });
  // The handler reads the body itself: it limits what all requests hold together.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.setErrorHandler((error: FastifyError, request, reply) =>
    refusals.send(error, request, reply),
  );
  app.setNotFoundHandler((request, reply) => {
    const message = `${request.method} ${request.url.slice(0, 100)} is not served on this port`;
    const hint = `Send traces with POST ${TRACES_PATH}; metrics and logs are not stored.`;
    return refusals.send(new ThroughlineError('TL_NOT_FOUND', message, { hint }), request, reply);
  });
  app.addHook('onRequest', async (request) => refusals.watch(request.raw));
  const check = accessCheck(options.token);
  app.addHook('onRequest', async (request) => check(request.headers));
  app.post(TRACES_PATH, tracesHandler(options, refusals));
  closePromptly(app);
  return app;
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

function tracesHandler(options: OtlpHttpOptions, refusals: Refusals) {
  const bodyBytesMax = options.bodyBytesMax ?? BODY_BYTES_MAX;
  const inFlight = new BytesInFlight(options.bytesInFlightMax ?? BYTES_IN_FLIGHT_MAX);
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const mediaType = mediaTypeOf(request);
    if (mediaType === undefined) {
      throw new ThroughlineError(
        'TL_OTLP_UNSUPPORTED_TYPE',
        `Content-Type ${JSON.stringify(request.headers['content-type']?.slice(0, 80) ?? '')}`,
        { hint: `Send ${MEDIA_TYPE.protobuf} or ${MEDIA_TYPE.json}.` },
      );
    }
    const body = await readBody(request.raw, bodyBytesMax, inFlight);
    try {
      const isJson = mediaType === MEDIA_TYPE.json;
      const record = isJson ? otlpJsonToProtobuf(body.bytes) : body.bytes;
      const { spanCount } = checkOtlpWire(record);
      try {
        if (spanCount > 0) await options.append(record, spanCount);
      } catch (error) {
        return refusals.send(error, request, reply, spanCount);
      }
      options.counters.accept(spanCount);
      reply.type(mediaType);
      return reply.send(EMPTY_RESPONSE[mediaType]);
    } finally {
      body.release();
    }
  };
}

/** The two media types, exactly; parameters such as `charset` do not matter. */
function mediaTypeOf(request: FastifyRequest): MediaType | undefined {
  const essence = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  return essence === MEDIA_TYPE.protobuf || essence === MEDIA_TYPE.json ? essence : undefined;
}

/** Answers and counts everything that is not accepted. */
class Refusals {
  readonly #counters: IngestCounters;
  /** Connections with a request that has not ended: its handler counts it, whatever happens. */
  readonly #busy = new WeakSet<Socket>();

  constructor(counters: IngestCounters) {
    this.#counters = counters;
  }

  watch(message: IncomingMessage): void {
    const { socket } = message;
    this.#busy.add(socket);
    message.once('close', () => this.#busy.delete(socket));
  }

  send(error: unknown, request: FastifyRequest, reply: FastifyReply, spanCount = 0): FastifyReply {
    const refusal = refusalOf(error);
    if (refusal.code === 'TL_INTERNAL') request.log.error({ err: error }, 'OTLP request failed');
    this.#counters.reject(refusal.code, spanCount);
    if (refusal.status === 429 || refusal.status === 503) {
      reply.header('retry-after', RETRY_AFTER_S);
    }
    if (refusal.status === 401) reply.header('www-authenticate', 'Bearer');
    const mediaType = mediaTypeOf(request) ?? MEDIA_TYPE.json;
    reply.code(refusal.status).type(mediaType);
    return reply.send(encodeRpcStatus(rpcStatusOf(refusal), mediaType));
  }

  /**
   * For what is not HTTP, or too slow: there is no request whose encoding to use, so the answer is
   * JSON.
   */
  end(error: NodeJS.ErrnoException, socket: Socket): void {
    if (error.code === 'ECONNRESET' || !socket.writable || this.#busy.has(socket)) {
      socket.destroy(error);
      return;
    }
    const refusal = new ThroughlineError('TL_BAD_REQUEST', `broken HTTP: ${error.message}`);
    this.#counters.reject(refusal.code, 0);
    const body = JSON.stringify(rpcStatusOf(refusal));
    socket.end(
      `HTTP/1.1 ${refusal.status} Bad Request\r\nContent-Type: ${MEDIA_TYPE.json}\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  }
}

/**
 * Fastify's own errors carry a status; any other error is ours to answer for, and hides its
 * message.
 */
function refusalOf(error: unknown): ThroughlineError {
  if (error instanceof ThroughlineError) return error;
  const { statusCode = 500, message = '' } = error as Partial<FastifyError>;
  const cause = { cause: error };
  if (statusCode >= 500) return new ThroughlineError('TL_INTERNAL', 'see the server log', cause);
  const code = statusCode === 415 ? 'TL_OTLP_UNSUPPORTED_TYPE' : 'TL_BAD_REQUEST';
  return new ThroughlineError(code, message, cause);
}
