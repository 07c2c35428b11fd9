import { Metadata, status as STATUS, type StatusObject } from '@grpc/grpc-js';
import { type ErrorCode, ThroughlineError } from '@throughline/model';
import { encodeRpcStatus, MEDIA_TYPE, rpcStatusOf } from './rpc-status.ts';

/** Where gRPC has another code than the one that goes with the HTTP status. */
const CODE_OF_ERROR: Partial<Record<ErrorCode, STATUS>> = {
  TL_NOT_FOUND: STATUS.UNIMPLEMENTED,
  TL_OTLP_UNSUPPORTED_TYPE: STATUS.UNIMPLEMENTED,
};

/**
 * The status that a refused call ends with: the `google.rpc.Status` of the error, its details in the
 * trailer that gRPC has for them.
 *
 * @param code where it is not the one that belongs to the error
 */
export function grpcStatusOf(error: ThroughlineError, code?: STATUS): StatusObject {
  const rpcStatus = rpcStatusOf(error);
  const status = {
    ...rpcStatus,
    code: code ?? CODE_OF_ERROR[error.code] ?? rpcStatus.code,
    // grpc-js throws on half a surrogate pair.
    message: rpcStatus.message.toWellFormed(),
  };
  const metadata = new Metadata();
  if (status.details !== undefined) {
    const encoded = Buffer.from(encodeRpcStatus(status, MEDIA_TYPE.protobuf));
    metadata.set('grpc-status-details-bin', encoded);
  }
  return { code: status.code, details: status.message, metadata };
}

/** What grpc-js ends a call with by itself while the message is not whole, as an error of ours. */
export function refusalByLibrary({
  code,
  details,
}: Pick<StatusObject, 'code' | 'details'>): ThroughlineError {
  switch (code) {
    case STATUS.RESOURCE_EXHAUSTED:
      return new ThroughlineError('TL_OTLP_TOO_LARGE', details, { hint: 'Send smaller batches.' });
    case STATUS.INTERNAL: // A grpc-timeout that is none.
    case STATUS.UNIMPLEMENTED: // Not exactly one message.
      return new ThroughlineError('TL_OTLP_MALFORMED', details);
    default:
      return new ThroughlineError('TL_BAD_REQUEST', details);
  }
}
