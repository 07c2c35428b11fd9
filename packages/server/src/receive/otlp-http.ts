import { ThroughlineError } from '@throughline/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Admission, TRANSLATED_BYTES_MAX } from './admission.ts';
import { readBody } from './body.ts';
import { httpReceiver, receiverApp } from './http-receiver.ts';
import { HttpRefusals, type RefusalAnswer, senderOf } from './http-refusals.ts';
import { keep, spanCountOf } from './keep.ts';
import { encodeExportResponse } from './otlp-response.ts';
import type { Receiver, ReceiverOptions } from './receiver.ts';
import { encodeRpcStatus, MEDIA_TYPE, type MediaType, rpcStatusOf } from './rpc-status.ts';

const TRACES_PATH = '/v1/traces';
/** The limit that the OTLP specification recommends. */
const BODY_BYTES_MAX = 64 * 2 ** 20;

/**
 * The OTLP/HTTP receiver for traces.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
export function otlpHttp(options: ReceiverOptions): Receiver {
  return httpReceiver(otlpHttpApp(options), 'otlp-http');
}

/**
 * The receiver as a fastify instance. It is an instance of its own and no plugin because every
 * answer on its port, also to an unknown path or to broken HTTP, must be a `google.rpc.Status` in
 * the request's encoding.
 */
export function otlpHttpApp(options: ReceiverOptions): FastifyInstance {
  const admission = new Admission();
  const refusals = new HttpRefusals(options.counters, statusAnswer);
  const hint = `Send traces with POST ${TRACES_PATH}; metrics and logs are not stored.`;
  const app = receiverApp(options, refusals, () => hint);
  app.addHook('onClose', () => admission.close());
  app.post(TRACES_PATH, tracesHandler(options, admission, refusals));
  return app;
}

function tracesHandler(options: ReceiverOptions, admission: Admission, refusals: HttpRefusals) {
  const { inFlight, bodyBytesMax = BODY_BYTES_MAX } = options;
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const mediaType = mediaTypeOf(request);
    if (mediaType === undefined) {
      throw new ThroughlineError(
        'TL_OTLP_UNSUPPORTED_TYPE',
        `Content-Type ${JSON.stringify(request.headers['content-type']?.slice(0, 80) ?? '')}`,
        { hint: `Send ${MEDIA_TYPE.protobuf} or ${MEDIA_TYPE.json}.` },
      );
    }
    const isJson = mediaType === MEDIA_TYPE.json;
    const bytesMax = isJson ? Math.min(bodyBytesMax, TRANSLATED_BYTES_MAX) : bodyBytesMax;
    const body = await readBody(request.raw, bytesMax, inFlight);
    try {
      const admitted = await admission.admit(body.bytes, isJson ? 'json' : 'protobuf');
      try {
        await keep(admitted, options, senderOf(request));
      } catch (error) {
        return refusals.send(error, request, reply, spanCountOf(admitted));
      }
      return reply.type(mediaType).send(encodeExportResponse(admitted.rejected, mediaType));
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

/** A `google.rpc.Status` in the request's encoding; in JSON where it has none of the two. */
function statusAnswer(error: ThroughlineError, request: FastifyRequest | undefined): RefusalAnswer {
  const mediaType = (request && mediaTypeOf(request)) ?? MEDIA_TYPE.json;
  return { mediaType, body: encodeRpcStatus(rpcStatusOf(error), mediaType) };
}
