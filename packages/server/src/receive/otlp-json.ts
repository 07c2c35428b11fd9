import { ThroughlineError } from '@throughline/model';
import { EXPORT_TRACE_REQUEST, type Field, KIND, type Shape } from './otlp-proto.ts';
import { VALUE_DEPTH_MAX } from './otlp-wire.ts';
import { ProtoWriter } from './proto-writer.ts';

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;
const UINT32_MAX = 2n ** 32n - 1n;
const INT32_MAX = 2n ** 31n - 1n;

/**
 * Reads an OTLP/JSON trace request and writes it as protobuf. The rules are those of the OTLP
 * specification ("JSON Protobuf Encoding"): ids in hex of either case, enums as integers,
 * lowerCamelCase keys, 64-bit integers as numbers or decimal strings, unknown keys ignored; `null`
 * means absent, as in proto3 JSON. What the wire check looks at as well (limits, lengths, years) is
 * left to it.
 *
 * @param text the body, UTF-8
 * @throws ThroughlineError `TL_OTLP_MALFORMED`, naming the defect and its path in the JSON
 */
export function otlpJsonToProtobuf(text: Uint8Array): Uint8Array {
  const writer = new ProtoWriter();
  new JsonReader(writer).message(EXPORT_TRACE_REQUEST, parseJson(text), 0);
  return writer.bytes();
}

/**
 * Integers that a double may round; the first digit after a delimiter, so that ids in strings are
 * not meant.
 */
const LONG_INTEGER = /[:[,]\s*-?\d{16,}/;

function parseJson(body: Uint8Array): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    // The reviver is several times slower, so it is used only where numbers would be rounded
    // without it.
    return LONG_INTEGER.test(text) ? JSON.parse(text, keepLongInteger) : JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ThroughlineError('TL_OTLP_MALFORMED', `not JSON: ${reason}`, { cause });
  }
}

/**
 * An integer literal beyond 2^53 becomes a bigint, made from the text that the double was made
 * from.
 */
function keepLongInteger(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return /^-?\d{1,20}$/.test(source) ? BigInt(source) : value;
}

type JsonObject = Readonly<Record<string, unknown>>;

class JsonReader {
  readonly #writer: ProtoWriter;
  /** Keys and indexes from the root to the value being read. */
  readonly #path: (string | number)[] = [];

  constructor(writer: ProtoWriter) {
    this.#writer = writer;
  }

  message(shape: Shape, value: unknown, depth: number): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#fail(`${described(value)}, expected an object`);
    }
    const object = value as JsonObject;
    let seen = 0;
    for (const field of shape.fields) {
      const member = object[field.jsonName];
      if (member === undefined || member === null) continue;
      if (shape.oneof && seen !== 0) this.#fail('a second value in one AnyValue');
      seen |= 1 << field.number;
      this.#path.push(field.jsonName);
      if (field.repeated) this.#list(field, member, depth);
      else if (field.kind >= KIND.message) this.#embedded(field, member, depth);
      else this.#scalar(field, member, shape.oneof);
      this.#path.pop();
    }
    const missing = shape.fields.find((f) => (shape.required & ~seen & (1 << f.number)) !== 0);
    if (missing !== undefined) this.#fail(`no ${missing.jsonName}`);
  }

  #list(field: Field, value: unknown, depth: number): void {
    if (!Array.isArray(value)) this.#fail(`${described(value)}, expected an array`);
    (value as unknown[]).forEach((element, index) => {
      this.#path.push(index);
      this.#embedded(field, element, depth);
      this.#path.pop();
    });
  }

  #embedded(field: Field, value: unknown, depth: number): void {
    const innerDepth = field.kind === KIND.anyValue ? depth + 1 : depth;
    if (innerDepth > VALUE_DEPTH_MAX) this.#fail(`values nested deeper than ${VALUE_DEPTH_MAX}`);
    this.#writer.message(field.number, () => this.message(field.shape, value, innerDepth));
  }

  /** A default value is not written, except in a oneof, where it says which member is set. */
  #scalar(field: Field, value: unknown, always: boolean): void {
    const { number, kind } = field;
    const writer = this.#writer;
    if (kind === KIND.string) {
      const text = this.#string(value);
      if (always || text !== '') writer.string(number, text);
    } else if (kind === KIND.bytes) {
      writer.raw(number, this.#base64(value));
    } else if (kind === KIND.traceId || kind === KIND.spanId || kind === KIND.parentSpanId) {
      const id = this.#hex(value);
      if (id.length > 0 || kind !== KIND.parentSpanId) writer.raw(number, id);
    } else if (kind === KIND.time) {
      const time = this.#integer(value, 0n, UINT64_MAX);
      if (time !== 0n) writer.fixed64(number, time);
    } else if (kind === KIND.int64) {
      writer.bigVarint(number, this.#integer(value, INT64_MIN, INT64_MAX));
    } else if (kind === KIND.double) {
      writer.double(number, this.#double(value));
    } else if (kind === KIND.bool) {
      writer.varint(number, this.#bool(value));
    } else {
      const integer = kind === KIND.enum ? this.#enum(value) : this.#uint32(value);
      if (integer === 0) return;
      if (kind === KIND.fixed32) writer.fixed32(number, integer);
      else writer.varint(number, integer);
    }
  }

  #bool(value: unknown): number {
    if (typeof value !== 'boolean') this.#fail(`${described(value)}, expected true or false`);
    return value ? 1 : 0;
  }

  #enum(value: unknown): number {
    if (typeof value !== 'number') {
      this.#fail(`${described(value)}, but OTLP/JSON sends enums as integers`);
    }
    return Number(this.#integer(value, 0n, INT32_MAX));
  }

  #uint32(value: unknown): number {
    return Number(this.#integer(value, 0n, UINT32_MAX));
  }

  #string(value: unknown): string {
    if (typeof value !== 'string') return this.#fail(`${described(value)}, expected a string`);
    if (!value.isWellFormed()) this.#fail('half of a surrogate pair, which UTF-8 cannot carry');
    return value;
  }

  #hex(value: unknown): Uint8Array {
    const text = this.#string(value);
    if (!/^(?:[0-9a-f]{2})*$/i.test(text)) {
      this.#fail(`${described(text)} is not hex, in which OTLP/JSON sends ids`);
    }
    return Buffer.from(text, 'hex');
  }

  /** Both alphabets, padded or not, as proto3 JSON accepts them. */
  #base64(value: unknown): Uint8Array {
    const text = this.#string(value);
    const digits = text.replace(/={1,2}$/, '');
    if (!/^[\w+/-]*$/.test(digits) || digits.length % 4 === 1) this.#fail('not base64');
    return Buffer.from(digits, 'base64');
  }

  #integer(value: unknown, min: bigint, max: bigint): bigint {
    let integer: bigint | undefined;
    if (typeof value === 'bigint' || Number.isSafeInteger(value)) {
      integer = BigInt(value as bigint | number);
    } else if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) integer = BigInt(value);
    if (integer === undefined) {
      return this.#fail(
        `${described(value)}, expected an exact integer, as a number or decimal string`,
      );
    }
    if (integer < min || integer > max) this.#fail(`${integer}, expected ${min} to ${max}`);
    return integer;
  }

  #double(value: unknown): number {
    if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
    if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
    if (typeof value === 'string' && /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(value)) {
      return Number(value);
    }
    return this.#fail(`${described(value)}, expected a number`);
  }

  #fail(defect: string): never {
    let path = '';
    for (const step of this.#path) {
      if (typeof step === 'number') path += `[${step}]`;
      else path += path === '' ? step : `.${step}`;
    }
    const place = path === '' ? EXPORT_TRACE_REQUEST.name : path;
    throw new ThroughlineError('TL_OTLP_MALFORMED', `${place}: ${defect}`);
  }
}

/** The value for an error message: short whatever it is. */
function described(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'string' && value.length > 40)
    return `${JSON.stringify(value.slice(0, 40))}…`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
