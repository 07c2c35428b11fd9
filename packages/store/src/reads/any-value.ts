import type { AttributeValue } from '@throughline/model';

/**
 * OTLP's values (common/v1/common.proto) that the engine keeps encoded, decoded exactly. The receiver
 * has checked how they are encoded; what is unknown in them is left out.
 */

/** Deeper than this a value is given as its bytes: a sender could otherwise exhaust the stack. */
const DEPTH_MAX = 32;

type Entry = [key: string, value: AttributeValue];

/** A value of an `attributes_other` column: the letter of its kind, then its bytes (functions.sql). */
export function decodeOther(column: Buffer): AttributeValue {
  const value = column.subarray(1);
  switch (String.fromCharCode(column[0] ?? 0)) {
    case 'a':
      return decodeArray(value, 1);
    case 'k':
      return decodeMap(value, 1);
    case 'b':
      return new Uint8Array(value);
    default:
      return null;
  }
}

/** A `KeyValue` message. */
export function decodeKeyValue(message: Buffer): Entry {
  return keyValue(message, 0);
}

function keyValue(message: Buffer, depth: number): Entry {
  const fields = fieldsOf(message);
  const key = fields.find(({ number }) => number === 1)?.value.toString() ?? '';
  const value = fields.find(({ number }) => number === 2)?.value ?? Buffer.alloc(0);
  return [key, decodeValue(value, depth + 1)];
}

function decodeMap(message: Buffer, depth: number): AttributeValue {
  if (depth > DEPTH_MAX) return new Uint8Array(message);
  return Object.fromEntries(fieldsOf(message).map(({ value }) => keyValue(value, depth)));
}

function decodeArray(message: Buffer, depth: number): AttributeValue {
  if (depth > DEPTH_MAX) return new Uint8Array(message);
  return fieldsOf(message).map(({ value }) => decodeValue(value, depth + 1));
}

/** An `AnyValue`: of several alternatives on the wire the last one counts. */
function decodeValue(message: Buffer, depth: number): AttributeValue {
  const field = fieldsOf(message).at(-1);
  if (!field) return null;
  const { number, wireType, value } = field;
  if (wireType === VARINT && number === 2) return value.readBigInt64LE() !== 0n;
  if (wireType === VARINT && number === 3) return value.readBigInt64LE();
  if (wireType === FIXED64 && number === 4) return value.readDoubleLE();
  if (wireType === BYTES && number === 1) return value.toString();
  if (wireType === BYTES && number === 5) return decodeArray(value, depth);
  if (wireType === BYTES && number === 6) return decodeMap(value, depth);
  return new Uint8Array(value);
}

/** Wire types (protobuf encoding, "Message Structure"). */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;

interface Field {
  number: number;
  wireType: number;
  /** The bytes of a length-delimited or fixed field; a varint as eight bytes, little endian. */
  value: Buffer;
}

/** The fields of a message. The receiver has checked the wire format; a broken rest is left out. */
function fieldsOf(message: Buffer): Field[] {
  const fields: Field[] = [];
  let offset = 0;
  while (offset < message.length) {
    const tag = readVarint(message, offset);
    const wireType = Number(tag.value & 7n);
    const length = wireType === BYTES ? readVarint(message, tag.end) : undefined;
    const start = length?.end ?? tag.end;
    const varint = wireType === VARINT ? readVarint(message, start) : undefined;
    const end = varint?.end ?? start + Number(length?.value ?? (wireType === FIXED64 ? 8 : 4));
    if (end > message.length) break;
    const value = varint ? Buffer.alloc(8) : message.subarray(start, end);
    if (varint) value.writeBigInt64LE(BigInt.asIntN(64, varint.value));
    fields.push({ number: Number(tag.value >> 3n), wireType, value });
    offset = end;
  }
  return fields;
}

function readVarint(bytes: Buffer, from: number): { value: bigint; end: number } {
  let value = 0n;
  let end = from;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = bytes[end] ?? 0;
    end += 1;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return { value, end };
}
