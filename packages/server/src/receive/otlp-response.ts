import type { Rejected } from './otlp-wire.ts';
import { ProtoWriter } from './proto-writer.ts';
import { MEDIA_TYPE, type MediaType } from './rpc-status.ts';

/**
 * An `ExportTraceServiceResponse`, for gRPC in the encoding of protobuf. Full success is an empty
 * message; otherwise `partial_success` says what was left out, or warns when nothing was. Senders do
 * not send again for it.
 *
 * @returns bytes, because fastify adds a charset to the media type of a string, and the answer's
 *   must be the request's
 */
export function encodeExportResponse(
  rejected: Rejected | undefined,
  mediaType: MediaType,
): Uint8Array {
  if (mediaType === MEDIA_TYPE.json) return Buffer.from(JSON.stringify(jsonResponse(rejected)));
  const writer = new ProtoWriter();
  if (rejected !== undefined) {
    writer.message(1, () => {
      writer.varint(1, rejected.spans);
      writer.string(2, rejected.message);
    });
  }
  return writer.bytes();
}

function jsonResponse(rejected: Rejected | undefined): object {
  if (rejected === undefined) return {};
  const { spans, message } = rejected;
  return { partialSuccess: { rejectedSpans: `${spans}`, errorMessage: message } };
}
