import fc from 'fast-check';
import thrift from 'thrift';
import {
  type JaegerBatch,
  type JaegerLog,
  type JaegerProcess,
  type JaegerReference,
  type JaegerSpan,
  type JaegerTag,
  TAG_TYPE,
} from '../jaeger/batch.ts';
import type { JaegerEncoding } from '../jaeger/udp.ts';

/**
 * Jaeger batches as clients make them, for tests: encoded by Apache Thrift's own library, not by
 * anything of ours, so that the two are held against each other.
 */
const { Type, MessageType } = thrift.Thrift;
type Protocol = InstanceType<typeof thrift.TCompactProtocol | typeof thrift.TBinaryProtocol>;
const PROTOCOL = { compact: thrift.TCompactProtocol, binary: thrift.TBinaryProtocol } as const;

function encoded(encoding: JaegerEncoding, write: (protocol: Protocol) => void): Buffer {
  let bytes: Buffer = Buffer.alloc(0);
  const transport = new thrift.TBufferedTransport(undefined, (sent) => {
    bytes = sent ?? bytes;
  });
  const protocol = new PROTOCOL[encoding](transport);
  write(protocol);
  protocol.flush();
  return bytes;
}

/** A batch alone, as the collector takes it over HTTP. */
export function encodeBatch(batch: JaegerBatch, encoding: JaegerEncoding = 'binary'): Buffer {
  return encoded(encoding, (protocol) => writeBatch(protocol, batch));
}

/** A call as a datagram brings it. */
export function encodeEmitBatch(
  batch: JaegerBatch,
  encoding: JaegerEncoding,
  method = 'emitBatch',
): Buffer {
  return encoded(encoding, (protocol) => {
    protocol.writeMessageBegin(method, MessageType.ONEWAY, 0);
    struct(protocol, 'args', () => {
      field(protocol, Type.STRUCT, 1, () => writeBatch(protocol, batch));
    });
    protocol.writeMessageEnd();
  });
}

/** Any fields of one struct, for what no client would send. */
export function encodeStruct(encoding: JaegerEncoding, write: (to: Protocol) => void): Buffer {
  return encoded(encoding, (protocol) => struct(protocol, 'struct', () => write(protocol)));
}

function writeBatch(to: Protocol, batch: JaegerBatch): void {
  struct(to, 'Batch', () => {
    field(to, Type.STRUCT, 1, () => writeProcess(to, batch.process));
    list(to, 2, batch.spans, writeSpan);
  });
}

function writeProcess(to: Protocol, process: JaegerProcess): void {
  struct(to, 'Process', () => {
    field(to, Type.STRING, 1, () => to.writeString(process.serviceName));
    list(to, 2, process.tags, writeTag);
  });
}

function writeSpan(to: Protocol, span: JaegerSpan): void {
  struct(to, 'Span', () => {
    long(to, 1, span.traceIdLow);
    long(to, 2, span.traceIdHigh);
    long(to, 3, span.spanId);
    long(to, 4, span.parentSpanId);
    field(to, Type.STRING, 5, () => to.writeString(span.operationName));
    list(to, 6, span.references, writeReference);
    field(to, Type.I32, 7, () => to.writeI32(span.flags));
    long(to, 8, span.startTime);
    long(to, 9, span.duration);
    list(to, 10, span.tags, writeTag);
    list(to, 11, span.logs, writeLog);
    optional(span.incomplete, (bool) => field(to, Type.BOOL, 12, () => to.writeBool(bool)));
  });
}

function writeReference(to: Protocol, reference: JaegerReference): void {
  struct(to, 'SpanRef', () => {
    field(to, Type.I32, 1, () => to.writeI32(reference.refType));
    long(to, 2, reference.traceIdLow);
    long(to, 3, reference.traceIdHigh);
    long(to, 4, reference.spanId);
  });
}

function writeLog(to: Protocol, log: JaegerLog): void {
  struct(to, 'Log', () => {
    long(to, 1, log.timestamp);
    list(to, 2, log.fields, writeTag);
  });
}

function writeTag(to: Protocol, tag: JaegerTag): void {
  struct(to, 'Tag', () => {
    field(to, Type.STRING, 1, () => to.writeString(tag.key));
    field(to, Type.I32, 2, () => to.writeI32(tag.vType));
    optional(tag.vStr, (text) =>
      field(to, Type.STRING, 3, () => to.writeBinary(Buffer.from(text))),
    );
    optional(tag.vDouble, (double) => field(to, Type.DOUBLE, 4, () => to.writeDouble(double)));
    optional(tag.vBool, (bool) => field(to, Type.BOOL, 5, () => to.writeBool(bool)));
    optional(tag.vLong, (value) => long(to, 6, value));
    optional(tag.vBinary, (bytes) =>
      field(to, Type.STRING, 7, () => to.writeBinary(Buffer.from(bytes))),
    );
  });
}

function struct(to: Protocol, name: string, writeFields: () => void): void {
  to.writeStructBegin(name);
  writeFields();
  to.writeFieldStop();
  to.writeStructEnd();
}

function field(to: Protocol, type: number, id: number, writeValue: () => void): void {
  to.writeFieldBegin('', type, id);
  writeValue();
  to.writeFieldEnd();
}

function long(to: Protocol, id: number, value: bigint): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  field(to, Type.I64, id, () => to.writeI64(new thrift.Int64(bytes)));
}

function list<Element>(
  to: Protocol,
  id: number,
  elements: readonly Element[] | undefined,
  write: (to: Protocol, element: Element) => void,
): void {
  if (elements === undefined) return;
  field(to, Type.LIST, id, () => {
    to.writeListBegin(Type.STRUCT, elements.length);
    for (const element of elements) write(to, element);
    to.writeListEnd();
  });
}

function optional<Value>(value: Value | undefined, write: (value: Value) => void): void {
  if (value !== undefined) write(value);
}

/** A span that can be kept, with these members. */
export function jaegerSpan(members: Partial<JaegerSpan> = {}): JaegerSpan {
  return {
    traceIdLow: 0x0203n,
    traceIdHigh: 0x0101n,
    spanId: 0x0405n,
    parentSpanId: 0n,
    operationName: 'operation',
    flags: 1,
    startTime: 1_700_000_000_000_001n,
    duration: 1_000n,
    ...members,
  };
}

export function textTag(key: string, text: string): JaegerTag {
  return { key, vType: TAG_TYPE.string, vStr: Buffer.from(text) };
}

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const id = int64.filter((value) => value !== 0n);
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
/** The library writes doubles by arithmetic: no -0, and nothing below the normal numbers. */
const double = fc
  .double({ noNaN: true })
  .filter((value) => !Object.is(value, -0) && (value === 0 || Math.abs(value) > 1e-300));
const key = fc.oneof(
  text,
  fc.constantFrom('error', 'span.kind', 'otel.status_code', 'hostname', 'event', '__proto__'),
);
const tag: fc.Arbitrary<JaegerTag> = fc.oneof(
  fc.record({ key, vType: fc.constant(0), vStr: text.map((word) => Buffer.from(word)) }),
  fc.record({ key, vType: fc.constant(1), vDouble: double }),
  fc.record({ key, vType: fc.constant(2), vBool: fc.boolean() }),
  fc.record({ key, vType: fc.constant(3), vLong: int64 }),
  fc.record({
    key,
    vType: fc.constant(4),
    vBinary: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  }),
);
const tags = fc.array(tag, { maxLength: 4 });
const micros = fc.bigInt({ min: 0n, max: 2n ** 52n });
const span: fc.Arbitrary<JaegerSpan> = fc.record(
  {
    traceIdLow: id,
    traceIdHigh: int64,
    spanId: id,
    parentSpanId: int64,
    operationName: text,
    references: fc.array(
      fc.record({
        refType: fc.constantFrom(0, 1),
        traceIdLow: int64,
        traceIdHigh: int64,
        spanId: int64,
      }),
      { maxLength: 3 },
    ),
    flags: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    startTime: micros,
    duration: micros,
    tags,
    logs: fc.array(fc.record({ timestamp: micros, fields: tags }), { maxLength: 2 }),
    incomplete: fc.boolean(),
  },
  {
    requiredKeys: [
      'traceIdLow',
      'traceIdHigh',
      'spanId',
      'parentSpanId',
      'operationName',
      'flags',
      'startTime',
      'duration',
    ],
  },
);

/** Every batch that can be kept whole. */
export const batchArbitrary: fc.Arbitrary<JaegerBatch> = fc.record({
  process: fc.record({ serviceName: text, tags }, { requiredKeys: ['serviceName'] }),
  spans: fc.array(span, { maxLength: 20 }),
});
