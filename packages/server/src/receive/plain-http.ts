import { ThroughlineError } from '@throughline/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Admission, TRANSLATED_BYTES_MAX } from './admission.ts';
import { readBody } from './body.ts';
import type { FormatName } from './formats.ts';
import { httpReceiver, receiverApp } from './http-receiver.ts';
import { HttpRefusals, senderOf } from './http-refusals.ts';
import { keep, spanCountOf } from './keep.ts';
import type { Receiver, ReceiverOptions } from './receiver.ts';

/** A protocol of one POST that brings spans and is answered with 202 or a line of text. */
export interface PlainHttpProtocol {
  /** Names the port in errors, as in the flag `--<what>-port`. */
  what: string;
  path: string;
  mediaTypes: readonly string[];
  /** What to do when a path or a media type is not served, by what was sent. */
  hint(request: FastifyRequest): string;
  format: FormatName;
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
  const { bodyBytesMax = TRANSLATED_BYTES_MAX, counters, inFlight } = options;
  const admission = new Admission();
  const refusals = new HttpRefusals(counters);
  const app = receiverApp(options, refusals, protocol.hint);
  app.addHook('onClose', () => admission.close());
  app.post(protocol.path, async (request: FastifyRequest, reply: FastifyReply) => {
    checkMediaType(protocol, request);
    const body = await readBody(request.raw, bodyBytesMax, inFlight);
    try {
      const admitted = await admission.admit(body.bytes, protocol.format);
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
