import {
  type ChannelCredentials,
  Client,
  type ClientOptions,
  credentials,
  Metadata,
  status as STATUS,
} from '@grpc/grpc-js';
import protobuf from 'protobufjs';

export const TRACES_PATH = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

const { root } = protobuf.parse(`syntax = "proto3";
  message Response { PartialSuccess partial_success = 1; }
  message PartialSuccess { int64 rejected_spans = 1; string error_message = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message Any { string type_url = 1; bytes value = 2; }
  message RetryInfo { Duration retry_delay = 1; }
  message Duration { int64 seconds = 1; int32 nanos = 2; }
  message BadRequest { repeated FieldViolation field_violations = 1; }
  message FieldViolation { string field = 1; string description = 2; }`);

/** What a call ended with. */
export interface GrpcAnswer {
  code: STATUS;
  message: string;
  /** Of a call that succeeded: the decoded `ExportTraceServiceResponse`. */
  response?: unknown;
  /** Of one that did not: the decoded `google.rpc.Status`, its details by their type. */
  status?: { code: number; message: string; details: Record<string, unknown> };
}

export interface CallChoices {
  path?: string;
  headers?: Record<string, string>;
  deadlineMs?: number;
}

/** A sender over gRPC, as exporters are: one connection of grpc-js. */
export class GrpcSender {
  readonly client: Client;

  constructor(
    port: number,
    options: ClientOptions = {},
    channel: ChannelCredentials = credentials.createInsecure(),
  ) {
    this.client = new Client(`127.0.0.1:${port}`, channel, options);
  }

  /** Never rejects: what went wrong is the answer. */
  export(message: Uint8Array, choices: CallChoices = {}): Promise<GrpcAnswer> {
    const { path = TRACES_PATH, headers = {}, deadlineMs } = choices;
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    const deadline = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
    return new Promise((resolve) => {
      this.client.makeUnaryRequest(
        path,
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => bytes,
        Buffer.from(message),
        metadata,
        deadline,
        (error, response) => {
          if (error === null) {
            resolve({ code: STATUS.OK, message: '', response: decode('Response', response) });
            return;
          }
          const [encoded] = error.metadata.get('grpc-status-details-bin');
          const status = encoded === undefined ? {} : { status: decodeStatus(encoded as Buffer) };
          resolve({ code: error.code, message: error.details, ...status });
        },
      );
    });
  }

  close(): void {
    this.client.close();
  }
}

function decode(type: string, bytes: Uint8Array | undefined): Record<string, unknown> {
  const Type = root.lookupType(type);
  return Type.toObject(Type.decode(bytes ?? new Uint8Array()), { longs: Number });
}

function decodeStatus(bytes: Uint8Array): NonNullable<GrpcAnswer['status']> {
  const {
    code,
    message,
    details = [],
  } = decode('Status', bytes) as {
    code: number;
    message: string;
    details?: { typeUrl: string; value: Uint8Array }[];
  };
  const byType = details.map(({ typeUrl, value }) => {
    const name = typeUrl.replace('type.googleapis.com/google.rpc.', '');
    return [name, decode(name, value)] as const;
  });
  return { code, message, details: Object.fromEntries(byType) };
}
