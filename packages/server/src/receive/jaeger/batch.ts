import { ThroughlineError } from '@throughline/model';
import type { ThriftReader } from './thrift-reader.ts';
import { readStruct, type Struct } from './thrift-struct.ts';

/**
 * What Jaeger clients send, with the names and field ids of jaeger.thrift and agent.thrift.
 *
 * @see https://github.com/jaegertracing/jaeger-idl/tree/main/thrift
 */
export interface JaegerBatch {
  process: JaegerProcess;
  spans: JaegerSpan[];
}

export interface JaegerProcess {
  serviceName: string;
  tags?: JaegerTag[];
}

export interface JaegerSpan {
  traceIdLow: bigint;
  traceIdHigh: bigint;
  spanId: bigint;
  /** 0 when there is none, or the references say it. */
  parentSpanId: bigint;
  operationName: string;
  references?: JaegerReference[];
  /** Bits: 1 sampled, 2 debug. */
  flags: number;
  /** Microseconds since the Unix epoch. */
  startTime: bigint;
  /** Microseconds. */
  duration: bigint;
  tags?: JaegerTag[];
  logs?: JaegerLog[];
  /** The client reported the span before it ended. */
  incomplete?: boolean;
}

export interface JaegerReference {
  /** See {@link REFERENCE_TYPE}. */
  refType: number;
  traceIdLow: bigint;
  traceIdHigh: bigint;
  spanId: bigint;
}

export interface JaegerLog {
  /** Microseconds since the Unix epoch. */
  timestamp: bigint;
  fields: JaegerTag[];
}

/** `vType` says which of the values is meant; some clients send the others too, empty. */
export interface JaegerTag {
  key: string;
  /** See {@link TAG_TYPE}. */
  vType: number;
  /** UTF-8, if the client keeps to Thrift. */
  vStr?: Uint8Array;
  vDouble?: number;
  vBool?: boolean;
  vLong?: bigint;
  vBinary?: Uint8Array;
}

export const TAG_TYPE = { string: 0, double: 1, bool: 2, long: 3, binary: 4 } as const;
export const REFERENCE_TYPE = { childOf: 0, followsFrom: 1 } as const;

const TAG: Struct = {
  name: 'Tag',
  fields: {
    1: { name: 'key', type: 'text', required: true },
    2: { name: 'vType', type: 'i32', required: true },
    3: { name: 'vStr', type: 'binary', required: false },
    4: { name: 'vDouble', type: 'double', required: false },
    5: { name: 'vBool', type: 'bool', required: false },
    6: { name: 'vLong', type: 'i64', required: false },
    7: { name: 'vBinary', type: 'binary', required: false },
  },
};

const LOG: Struct = {
  name: 'Log',
  fields: {
    1: { name: 'timestamp', type: 'i64', required: true },
    2: { name: 'fields', type: [TAG], required: true },
  },
};

const SPAN_REF: Struct = {
  name: 'SpanRef',
  fields: {
    1: { name: 'refType', type: 'i32', required: true },
    2: { name: 'traceIdLow', type: 'i64', required: true },
    3: { name: 'traceIdHigh', type: 'i64', required: true },
    4: { name: 'spanId', type: 'i64', required: true },
  },
};

const SPAN: Struct = {
  name: 'Span',
  fields: {
    1: { name: 'traceIdLow', type: 'i64', required: true },
    2: { name: 'traceIdHigh', type: 'i64', required: true },
    3: { name: 'spanId', type: 'i64', required: true },
    4: { name: 'parentSpanId', type: 'i64', required: true },
    5: { name: 'operationName', type: 'text', required: true },
    6: { name: 'references', type: [SPAN_REF], required: false },
    7: { name: 'flags', type: 'i32', required: true },
    8: { name: 'startTime', type: 'i64', required: true },
    9: { name: 'duration', type: 'i64', required: true },
    10: { name: 'tags', type: [TAG], required: false },
    11: { name: 'logs', type: [LOG], required: false },
    12: { name: 'incomplete', type: 'bool', required: false },
  },
};

const PROCESS: Struct = {
  name: 'Process',
  fields: {
    1: { name: 'serviceName', type: 'text', required: true },
    2: { name: 'tags', type: [TAG], required: false },
  },
};

const BATCH: Struct = {
  name: 'Batch',
  fields: {
    1: { name: 'process', type: PROCESS, required: true },
    2: { name: 'spans', type: [SPAN], required: true },
  },
};

const EMIT_BATCH: Struct = {
  name: 'emitBatch',
  fields: { 1: { name: 'batch', type: BATCH, required: true } },
};

/**
 * The batch alone, as `POST /api/traces` takes it.
 *
 * @throws ThroughlineError `TL_JAEGER_MALFORMED`, `TL_OTLP_TOO_LARGE`
 */
export function readBatch(reader: ThriftReader): JaegerBatch {
  const batch = readStruct(reader, BATCH) as JaegerBatch;
  reader.end();
  return batch;
}

/**
 * The batch in a call of the agent's `emitBatch`, as a datagram brings it.
 *
 * @throws ThroughlineError `TL_JAEGER_MALFORMED`, `TL_OTLP_TOO_LARGE`; `TL_BAD_REQUEST` for another method
 */
export function readEmitBatch(reader: ThriftReader): JaegerBatch {
  const { method } = reader.messageHeader();
  if (method === 'emitZipkinBatch') {
    throw new ThroughlineError('TL_BAD_REQUEST', 'emitZipkinBatch: Zipkin v1 spans are not read', {
      hint: 'Have the client send Jaeger spans (emitBatch), or Zipkin v2 JSON to the Zipkin port.',
    });
  }
  if (method !== 'emitBatch') {
    const name = JSON.stringify(method.slice(0, 40));
    throw new ThroughlineError('TL_BAD_REQUEST', `the agent has no method ${name}`);
  }
  const { batch } = readStruct(reader, EMIT_BATCH) as { batch: JaegerBatch };
  reader.end();
  return batch;
}
