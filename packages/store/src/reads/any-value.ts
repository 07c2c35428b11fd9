import type { AttributeValue } from '@throughline/model';

/**
 * An inner map or array that the engine kept encoded (see schema/functions.sql), decoded from
 * OTLP's `KeyValueList` or `ArrayValue` (common/v1/common.proto).
 */
type Json = string | number | boolean | Json[] | { [key: string]: Json };

/** Deeper than this a value is shown as base64: a sender could otherwise exhaust the stack. */
const DEPTH_MAX = 32;

/**
 * Parses a value of `attributes_json` or of an attribute object. Maps, and whatever lies in an
 * array besides scalars, become JSON text.
 */
export function parseAttributeValue(value: unknown): AttributeValue {
  const json = Array.isArray(value) ? value.map(expand) : expand(value);
  return Array.isArray(json) ? json.map(scalarOf) : scalarOf(json);
}

function scalarOf(json: Json): string | number | boolean {
  return typeof json === 'object' ? JSON.stringify(json) : json;
}

function expand(value: unknown): Json {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  const encoded = value as { kvlist: string } | { array: string };
  return 'kvlist' in encoded
    ? decodeMap(Buffer.from(encoded.kvlist, 'base64'), 0)
    : decodeArray(Buffer.from(encoded.array, 'base64'), 0);
}

function decodeMap(message: Buffer, depth: number): Json {
  if (depth > DEPTH_MAX) return message.toString('base64');
  const entries: [string, Json][] = [];
  for (const { value: entry } of fieldsOf(message)) {
    const fields = fieldsOf(entry);
    const key = fields.find(({ number }) => number === 1)?.value.toString() ?? '';
    const value = fields.find(({ number }) => number === 2)?.value ?? Buffer.alloc(0);
    entries.push([key, decodeValue(value, depth + 1)]);
  }
  return Object.fromEntries(entries);
}

function decodeArray(message: Buffer, depth: number): Json {
  if (depth > DEPTH_MAX) return message.toString('base64');
  return fieldsOf(message).map(({ value }) => decodeValue(value, depth + 1));
}

/**
 * An `AnyValue`: of several alternatives on the wire the last one counts. One that is not encoded
 * as its type asks is shown as its bytes; the receiver does not look this deep.
 */
function decodeValue(message: Buffer, depth: number): Json {
  const field = fieldsOf(message).at(-1);
  if (!field) return '';
  const { number, wireType, value } = field;
  if (wireType === VARINT && number === 2) return value.readBigInt64LE() !== 0n;
  if (wireType === VARINT && number === 3) return exactNumber(value.readBigInt64LE());
  if (wireType === FIXED64 && number === 4) return finiteNumber(value.readDoubleLE());
  if (wireType === BYTES && number === 1) return value.toString();
  if (wireType === BYTES && number === 5) return decodeArray(value, depth);
  if (wireType === BYTES && number === 6) return decodeMap(value, depth);
  return value.toString('base64');
}

/** An integer as a number where a double carries it exactly, else as its decimal text. */
export function exactNumber(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

/** JSON knows no infinities and no NaN: these are their names. */
export function finiteNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
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
