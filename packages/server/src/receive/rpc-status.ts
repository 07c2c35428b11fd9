import type { ThroughlineError } from '@throughline/model';
import { ProtoWriter } from './proto-writer.ts';

/** The two encodings of OTLP/HTTP, by the media type of request and response. */
export const MEDIA_TYPE = { protobuf: 'application/x-protobuf', json: 'application/json' } as const;
export type MediaType = (typeof MEDIA_TYPE)[keyof typeof MEDIA_TYPE];

/** google.rpc.Code, https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
const RPC_CODE = {
  invalidArgument: 3,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/**
 * By HTTP status, after the mapping that code.proto gives; other statuses below 500 are the
 * caller's fault.
 */
const RPC_CODE_OF_STATUS: Readonly<Record<number, number>> = {
  401: RPC_CODE.unauthenticated,
  403: RPC_CODE.permissionDenied,
  404: RPC_CODE.notFound,
  413: RPC_CODE.resourceExhausted,
  429: RPC_CODE.resourceExhausted,
  503: RPC_CODE.unavailable,
};

/** `google.rpc.Status` without details: the body of every failed OTLP/HTTP request. */
export interface RpcStatus {
  code: number;
  message: string;
}

/** The message starts with the Throughline error code, so that it can be looked up. */
export function rpcStatusOf(error: ThroughlineError): RpcStatus {
  const fallback = error.status < 500 ? RPC_CODE.invalidArgument : RPC_CODE.internal;
  const hint = error.hint === undefined ? '' : ` ${error.hint}`;
  return {
    code: RPC_CODE_OF_STATUS[error.status] ?? fallback,
    message: `${error.code}: ${error.message}${hint}`,
  };
}

/** The body in the given encoding. */
export function encodeRpcStatus(status: RpcStatus, mediaType: MediaType): Uint8Array {
  if (mediaType === MEDIA_TYPE.json) return Buffer.from(JSON.stringify(status));
  const writer = new ProtoWriter();
  writer.varint(1, status.code);
  writer.string(2, status.message);
  return writer.bytes();
}
