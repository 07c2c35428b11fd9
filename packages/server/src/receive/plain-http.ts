import { ThroughlineError } from '@throughline/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readBody } from './body.ts';
import { httpReceiver, receiverApp } from './http-receiver.ts';
import { HttpRefusals, senderOf } from './http-refusals.ts';
import { keep, spanCountOf } from './keep.ts';
import type { Admitted } from './otlp-wire.ts';
import type { Receiver, ReceiverOptions } from './receiver.ts';

/**
 * Of one body after decompression. Above what the clients of these protocols send at once (1 to 5
 * MiB); a body is decoded in one go, and nothing else runs meanwhile.
 */
const BODY_BYTES_MAX = 8 * 2 ** 20;

/** A protocol of one POST that brings spans and is answered with 202 or a line of text. */
export interface PlainHttpProtocol {
  /** Names the port in errors, as in the flag `--<what>-port`. */
  what: string;
  path: string;
  mediaTypes: readonly string[];
  /** What to do when a path or a media type is not served, by what was sent. */
  hint(request: FastifyRequest): string;
  /** @throws ThroughlineError when the body is not of this protocol */
  admit(body: Buffer): Admitted;
}

/** The HTTP receiver of a protocol. */
export function plainHttp(protocol: PlainHttpProtocol, options: ReceiverOptions): Receiver {
  return httpReceiver(plainHttpApp(protocol, options), protocol.what);
}

/** The receiver as a fastify instance. */
export function plainHttpApp(
  protocol: PlainHttpProtocol,
  options: ReceiverOptions,
): FastifyInstance {
  const { bodyBytesMax = BODY_BYTES_MAX, counters, inFlight } = options;
  const refusals = new HttpRefusals(counters);
  const app = receiverApp(options, refusals, protocol.hint);
  app.post(protocol.path, async (request: FastifyRequest, reply: FastifyReply) => {
    checkMediaType(protocol, request);
    const body = await readBody(request.raw, bodyBytesMax, inFlight);
    try {
      const admitted = protocol.admit(body.bytes);
      try {
        await keep(admitted, options, senderOf(request));
      } catch (error) {
        return refusals.send(error, request, reply, spanCountOf(admitted));
      }
      return reply.code(202).send();
    } finally {
      body.release();
    }
  });
  return app;
}

/** Parameters such as `charset` do not matter. */
function checkMediaType(protocol: PlainHttpProtocol, request: FastifyRequest): void {
  const sent = request.headers['content-type'] ?? '';
  const essence = sent.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (protocol.mediaTypes.includes(essence)) return;
  const message = `Content-Type ${JSON.stringify(sent.slice(0, 80))}`;
  const hint = protocol.hint(request);
  throw new ThroughlineError('TL_OTLP_UNSUPPORTED_TYPE', message, { hint });
}
