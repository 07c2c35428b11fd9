import type { ThroughlineError } from '@throughline/model';
import { codedErrorText } from './error-text.ts';
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

/** What the details say, https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto */
const DETAIL_TYPE = {
  badRequest: 'type.googleapis.com/google.rpc.BadRequest',
  retryInfo: 'type.googleapis.com/google.rpc.RetryInfo',
} as const;

/**
 * When what is refused with 429 or 503 may come again. Short, because exporters drop a batch when
 * the wait exceeds their own deadline (10 s by default).
 */
export const RETRY_DELAY_S = 1;

/** `google.rpc.Status`, the body of every failed OTLP request, as it is in JSON. */
export interface RpcStatus {
  code: number;
  message: string;
  details?: RpcDetail[];
}

type RpcDetail =
  | {
      '@type': typeof DETAIL_TYPE.badRequest;
      fieldViolations: { field: string; description: string }[];
    }
  | { '@type': typeof DETAIL_TYPE.retryInfo; retryDelay: `${number}s` };

/**
 * The message starts with the Throughline error code, so that it can be looked up. What may come
 * again has a `RetryInfo`, without which RESOURCE_EXHAUSTED is final; what is malformed has a
 * `BadRequest` with the path of the defect.
 */
export function rpcStatusOf(error: ThroughlineError): RpcStatus {
  const fallback = error.status < 500 ? RPC_CODE.invalidArgument : RPC_CODE.internal;
  const detail = detailOf(error);
  return {
    code: RPC_CODE_OF_STATUS[error.status] ?? fallback,
    message: codedErrorText(error),
    ...(detail === undefined ? {} : { details: [detail] }),
  };
}

function detailOf(error: ThroughlineError): RpcDetail | undefined {
  if (error.status === 429 || error.status === 503) {
    return { '@type': DETAIL_TYPE.retryInfo, retryDelay: `${RETRY_DELAY_S}s` };
  }
  if (error.code !== 'TL_OTLP_MALFORMED') return undefined;
  // Defects are told as `path: defect`, unless the whole body is not what it should be.
  const [, path = '', defect = error.message] = /^([\w.[\]]+): (.*)$/s.exec(error.message) ?? [];
  const fieldViolations = [{ field: path, description: defect }];
  return { '@type': DETAIL_TYPE.badRequest, fieldViolations };
}

/** The body in the given encoding. */
export function encodeRpcStatus(status: RpcStatus, mediaType: MediaType): Uint8Array {
  if (mediaType === MEDIA_TYPE.json) return Buffer.from(JSON.stringify(status));
  const writer = new ProtoWriter();
  writer.varint(1, status.code);
  writer.string(2, status.message);
  for (const detail of status.details ?? []) writer.message(3, () => writeAny(writer, detail));
  return writer.bytes();
}

/** A `google.protobuf.Any`. */
function writeAny(writer: ProtoWriter, detail: RpcDetail): void {
  writer.string(1, detail['@type']);
  writer.message(2, () => {
    if (detail['@type'] === DETAIL_TYPE.retryInfo) {
      writer.message(1, () => writer.varint(1, RETRY_DELAY_S));
      return;
    }
    for (const { field, description } of detail.fieldViolations) {
      writer.message(1, () => {
        writer.string(1, field);
        writer.string(2, description);
      });
    }
  });
}
