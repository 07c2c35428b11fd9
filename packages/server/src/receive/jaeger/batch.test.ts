import { ThroughlineError } from '@throughline/model';
import fc from 'fast-check';
import thrift from 'thrift';
import { describe, expect, test } from 'vitest';
import { checkOtlpWire } from '../otlp-wire.ts';
import {
  batchArbitrary,
  encodeBatch,
  encodeEmitBatch,
  encodeStruct,
  jaegerSpan,
} from '../testing/jaeger.ts';
import { readBatch, readEmitBatch } from './batch.ts';
import { ThriftBinary } from './thrift-binary.ts';
import { ThriftCompact } from './thrift-compact.ts';
import { admitJaeger } from './translate.ts';

const { Type } = thrift.Thrift;
const READER = { compact: ThriftCompact, binary: ThriftBinary } as const;
const BATCH = { process: { serviceName: 'gateway' }, spans: [jaegerSpan()] };

describe.each(['compact', 'binary'] as const)('in Thrift %s', (encoding) => {
  const Reader = READER[encoding];

  /** Code and message of the refusal, or `read`. */
  function outcome(bytes: Uint8Array, read: typeof readBatch = readBatch): string {
    try {
      read(new Reader(bytes));
      return 'read';
    } catch (error) {
      expect(error).toBeInstanceOf(ThroughlineError);
      const { code, message } = error as ThroughlineError;
      return `${code} ${message}`;
    }
  }

  test('what Apache Thrift writes is read as it was', () => {
    fc.assert(
      fc.property(batchArbitrary, (batch) => {
        expect(readBatch(new Reader(encodeBatch(batch, encoding)))).toEqual(batch);
        expect(readEmitBatch(new Reader(encodeEmitBatch(batch, encoding)))).toEqual(batch);
      }),
    );
  });

  test('fields of later versions are passed over, whatever they hold', () => {
    const bytes = encodeStruct(encoding, (to) => {
      to.writeFieldBegin('later', Type.MAP, 9);
      to.writeMapBegin(Type.STRING, Type.LIST, 1);
      to.writeString('key');
      to.writeListBegin(Type.BOOL, 20);
      for (let index = 0; index < 20; index += 1) to.writeBool(index % 2 === 0);
      to.writeFieldBegin('later', Type.SET, 400);
      to.writeSetBegin(Type.DOUBLE, 1);
      to.writeDouble(0.5);
      to.writeFieldBegin('later', Type.BOOL, 401);
      to.writeBool(true);
      to.writeFieldBegin('later', Type.MAP, 402);
      to.writeMapBegin(Type.I16, Type.BYTE, 0);
      to.writeFieldBegin('process', Type.STRUCT, 1);
      to.writeStructBegin('Process');
      to.writeFieldBegin('serviceName', Type.STRING, 1);
      to.writeString('gateway');
      to.writeFieldStop();
      to.writeStructEnd();
      to.writeFieldBegin('spans', Type.LIST, 2);
      to.writeListBegin(Type.STRUCT, 0);
    });
    expect(readBatch(new Reader(bytes))).toEqual({
      process: { serviceName: 'gateway' },
      spans: [],
    });
  });

  test('another method is refused by its name', () => {
    const zipkin = encodeEmitBatch(BATCH, encoding, 'emitZipkinBatch');
    expect(outcome(zipkin, readEmitBatch)).toBe(
      'TL_BAD_REQUEST emitZipkinBatch: Zipkin v1 spans are not read',
    );
    const other = encodeEmitBatch(BATCH, encoding, 'x'.repeat(100));
    expect(outcome(other, readEmitBatch)).toBe(
      `TL_BAD_REQUEST the agent has no method "${'x'.repeat(40)}"`,
    );
  });

  test('a defect is named by its path', () => {
    const bytes = encodeBatch({ ...BATCH, spans: [jaegerSpan(), jaegerSpan()] }, encoding);
    const cut = bytes.subarray(0, bytes.length - (encoding === 'compact' ? 3 : 10));
    expect(outcome(cut)).toMatch(/^TL_JAEGER_MALFORMED Batch\.spans\[1\]\.duration: /);
    expect(outcome(Buffer.concat([bytes, Buffer.alloc(3)]))).toMatch(/ 3 bytes follow/);
    expect(outcome(Buffer.alloc(1))).toMatch(/^TL_JAEGER_MALFORMED Batch: no process/);
  });

  test('a field of another type is refused, and so is a list of another type', () => {
    const asNumber = encodeStruct(encoding, (to) => {
      to.writeFieldBegin('process', Type.I32, 1);
      to.writeI32(5);
    });
    expect(outcome(asNumber)).toMatch(/Batch\.process: type 8, expected 12/);
    const ofNumbers = encodeStruct(encoding, (to) => {
      to.writeFieldBegin('spans', Type.LIST, 2);
      to.writeListBegin(Type.I32, 1);
      to.writeI32(5);
    });
    expect(outcome(ofNumbers)).toMatch(/Batch\.spans: a list of type 8, expected 12/);
  });

  test('a size beyond the input is refused before anything is read', () => {
    for (const size of [5, 1_000_000, 2 ** 31 - 1]) {
      const list = encodeStruct(encoding, (to) => {
        to.writeFieldBegin('spans', Type.LIST, 2);
        to.writeListBegin(Type.STRUCT, size);
      });
      expect(outcome(list)).toMatch(
        new RegExp(`Batch.spans: ${size} elements announced, but only`),
      );
      const unknown = encodeStruct(encoding, (to) => {
        to.writeFieldBegin('later', Type.MAP, 9);
        to.writeMapBegin(Type.BOOL, Type.BOOL, size);
      });
      expect(outcome(unknown)).toMatch(new RegExp(`Batch: ${size} elements announced, but only`));
    }
  });

  test('unknown structs nest to a limit', () => {
    const nested = (depth: number) =>
      encodeStruct(encoding, (to) => {
        for (let level = 0; level < depth; level += 1) {
          to.writeFieldBegin('later', Type.STRUCT, 9);
          to.writeStructBegin('later');
        }
        for (let level = 0; level < depth; level += 1) {
          to.writeFieldStop();
          to.writeStructEnd();
        }
      });
    expect(outcome(nested(16))).toMatch(/Batch: no process/);
    expect(outcome(nested(100_000))).toMatch(/values nested deeper than 16/);
  });

  test('a body of a million tiny structs is refused', () => {
    const tag = encodeStruct(encoding, (to) => {
      to.writeFieldBegin('key', Type.STRING, 1);
      to.writeString('');
      to.writeFieldBegin('vType', Type.I32, 2);
      to.writeI32(0);
    });
    const head = encodeStruct(encoding, (to) => {
      to.writeFieldBegin('process', Type.STRUCT, 1);
      to.writeStructBegin('Process');
      to.writeFieldBegin('tags', Type.LIST, 2);
      to.writeListBegin(Type.STRUCT, 1_000_000);
    });
    const tags = Buffer.alloc(1_000_000 * tag.length, tag);
    const bytes = Buffer.concat([head.subarray(0, -1), tags, Buffer.alloc(2)]);
    expect(outcome(bytes)).toMatch(/^TL_OTLP_TOO_LARGE .*more than 1000000 spans, tags and logs/);
  });

  test('random and broken bytes are read or refused with a code, and what is read is valid OTLP', () => {
    const attempt = (bytes: Uint8Array): void => {
      outcome(bytes, readEmitBatch);
      outcome(bytes, (reader) => {
        const batch = readBatch(reader);
        const { record, spanCount } = admitJaeger(batch);
        expect(checkOtlpWire(record)).toEqual({ spanCount });
        return batch;
      });
    };
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        batchArbitrary,
        changes,
        (bytes, batch, at) => {
          attempt(bytes);
          const valid = encodeBatch(batch, encoding);
          attempt(valid);
          for (const [place, byte] of at) {
            const copy = Buffer.from(valid);
            copy[place % copy.length] = byte;
            attempt(copy);
            attempt(copy.subarray(0, place % copy.length));
          }
        },
      ),
    );
  });
});

test('a message of the time before version 1 is read', () => {
  const message = encodeEmitBatch(BATCH, 'binary');
  const old = Buffer.concat([
    Buffer.from([0, 0, 0, 9]),
    Buffer.from('emitBatch'),
    Buffer.from([4, 0, 0, 0, 0]),
    message.subarray(4 + 4 + 9 + 4),
  ]);
  expect(readEmitBatch(new ThriftBinary(old))).toEqual(BATCH);
});

test('an endless varint is refused', () => {
  const endless = Buffer.alloc(100, 0xff);
  endless[0] = 0x82;
  endless[1] = 0x81;
  expect(() => readEmitBatch(new ThriftCompact(endless))).toThrow('a varint longer than 32 bits');
  const span = Buffer.concat([Buffer.from([0x29, 0x1c, 0x16]), Buffer.alloc(11, 0xff)]);
  expect(() => readBatch(new ThriftCompact(span))).toThrow('a varint longer than 64 bits');
});

test('the other encoding is refused', () => {
  const compact = encodeEmitBatch(BATCH, 'compact');
  const binary = encodeEmitBatch(BATCH, 'binary');
  expect(() => readEmitBatch(new ThriftBinary(compact))).toThrow(
    'not the version of Thrift binary',
  );
  expect(() => readEmitBatch(new ThriftCompact(binary))).toThrow('not Thrift compact');
});
