import { ThroughlineError } from '@throughline/model';
import { quoteLongIntegers } from './long-integers.ts';
import { EXPORT_TRACE_REQUEST, type Field, KIND, type Shape } from './otlp-proto.ts';
import {
  type Admitted,
  admit,
  rejectedOf,
  SPANS_PER_REQUEST_MAX,
  tooManySpans,
  VALUE_DEPTH_MAX,
} from './otlp-wire.ts';
import { ProtoWriter } from './proto-writer.ts';

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;
const UINT32_MAX = 2n ** 32n - 1n;
const INT32_MAX = 2n ** 31n - 1n;
/** 16 or 8 bytes, padded or not, of either alphabet. */
const BASE64_ID = /^(?:[\w+/-]{22}(?:==)?|[\w+/-]{11}=?)$/;
/** For what other senders do in protobuf's own JSON mapping, which OTLP does not use. */
const SENDER_HINT = 'Upgrade the exporter, or have it send protobuf.';

/**
 * Reads an OTLP/JSON trace request, writes it as protobuf and checks that as {@link admit} does. The
 * rules are those of the OTLP specification ("JSON Protobuf Encoding"): ids in hex of either case,
 * enums as integers, lowerCamelCase keys, 64-bit integers as numbers or decimal strings, unknown keys
 * ignored; `null` means absent, as in proto3 JSON. What the wire check looks at as well (limits,
 * lengths, years) is left to it.
 *
 * A key in snake_case is unknown, and so ignored, but what it says is missing: without an error, the
 * sender is warned.
 *
 * @param text the body, UTF-8
 * @throws ThroughlineError `TL_OTLP_MALFORMED`, naming the defect and its path in the JSON;
 *   `TL_OTLP_TOO_LARGE`
 */
export function admitJson(text: Uint8Array): Admitted {
  const writer = new ProtoWriter();
  const reader = new JsonReader(writer);
  reader.message(EXPORT_TRACE_REQUEST, parseJson(text), 0);
  const { spansWritten, spansLeftOut, firstDefect, warning } = reader;
  if (firstDefect !== undefined && spansWritten === 0) throw firstDefect;
  const { record, spanCount, rejected } = admit(writer.bytes());
  const error = firstDefect ?? rejected?.error ?? warning;
  if (error === undefined) return { record, spanCount, rejected: undefined };
  const spans = spansLeftOut + (rejected?.spans ?? 0);
  return { record, spanCount, rejected: rejectedOf(spans, spanCount + spans, error) };
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(quoteLongIntegers(new TextDecoder('utf-8', { fatal: true }).decode(body)));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ThroughlineError('TL_OTLP_MALFORMED', `not JSON: ${reason}`, { cause });
  }
}

type JsonObject = Readonly<Record<string, unknown>>;

class JsonReader {
  spansWritten = 0;
  spansLeftOut = 0;
  /** Of the first span that is left out. */
  firstDefect: ThroughlineError | undefined;
  /** Of the first key in snake_case. */
  warning: ThroughlineError | undefined;
  readonly #writer: ProtoWriter;
  /** Keys and indexes from the root to the value being read. */
  readonly #path: (string | number)[] = [];
  #inSpan = false;

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
      if (member === undefined || member === null) {
        if (object[field.name] !== undefined) this.#warnOfSnakeCase(field);
        continue;
      }
      if (shape.oneof && seen !== 0) this.#fail('a second value in one AnyValue');
      seen |= 1 << field.number;
      this.#path.push(field.jsonName);
      if (field.repeated) this.#list(field, member, depth);
      else if (field.kind >= KIND.message) this.#embedded(field, member, depth);
      else this.#scalar(field, member, shape.oneof);
      this.#path.pop();
    }
    const missing = shape.fields.find((f) => (shape.required & ~seen & (1 << f.number)) !== 0);
    if (missing === undefined) return;
    const isSnakeCase = object[missing.name] !== undefined;
    this.#fail(`no ${missing.jsonName}`, isSnakeCase ? snakeCaseHint(missing) : undefined);
  }

  #list(field: Field, value: unknown, depth: number): void {
    if (!Array.isArray(value)) this.#fail(`${described(value)}, expected an array`);
    (value as unknown[]).forEach((element, index) => {
      this.#path.push(index);
      if (field.kind === KIND.span) this.#span(field, element);
      else this.#embedded(field, element, depth);
      this.#path.pop();
    });
  }

  /** A defect inside of a span costs that span; what was written of it is taken back. */
  #span(field: Field, value: unknown): void {
    if (this.spansWritten + this.spansLeftOut === SPANS_PER_REQUEST_MAX) throw tooManySpans();
    const { length } = this.#path;
    const mark = this.#writer.mark();
    this.#inSpan = true;
    try {
      this.#embedded(field, value, 0);
      this.spansWritten += 1;
    } catch (error) {
      if (!(error instanceof ThroughlineError)) throw error;
      this.firstDefect ??= error;
      this.spansLeftOut += 1;
      this.#writer.rewind(mark);
      this.#path.length = length;
    }
    this.#inSpan = false;
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
      this.#fail(`${described(value)}, but OTLP/JSON sends enums as integers`, SENDER_HINT);
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
    if (/^(?:[0-9a-f]{2})*$/i.test(text)) return Buffer.from(text, 'hex');
    if (BASE64_ID.test(text)) {
      this.#fail(`${described(text)} looks like base64; OTLP/JSON sends ids as hex`, SENDER_HINT);
    }
    return this.#fail(`${described(text)} is not hex, in which OTLP/JSON sends ids`);
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
    if (Number.isSafeInteger(value)) integer = BigInt(value as number);
    else if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) integer = BigInt(value);
    if (integer === undefined) {
      return this.#fail(
        `${described(value)}, expected an exact integer, as a number or decimal string`,
      );
    }
    if (integer < min || integer > max) this.#fail(`${integer}, expected ${min} to ${max}`);
    return integer;
  }

  #double(value: unknown): number {
    if (typeof value === 'number') return value;
    if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
    if (typeof value === 'string' && /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(value)) {
      return Number(value);
    }
    return this.#fail(`${described(value)}, expected a number`);
  }

  #warnOfSnakeCase(field: Field): void {
    if (this.warning !== undefined || field.name === field.jsonName) return;
    this.#path.push(field.name);
    this.warning = this.#error('ignored, as unknown keys are', snakeCaseHint(field));
    this.#path.pop();
  }

  #fail(defect: string, hint?: string): never {
    // Only the first span's defect is told, and an error costs more than a span.
    if (this.#inSpan && this.firstDefect !== undefined) throw this.firstDefect;
    throw this.#error(defect, hint);
  }

  #error(defect: string, hint: string | undefined): ThroughlineError {
    let path = '';
    for (const step of this.#path) {
      if (typeof step === 'number') path += `[${step}]`;
      else path += path === '' ? step : `.${step}`;
    }
    const place = path === '' ? EXPORT_TRACE_REQUEST.name : path;
    const message = `${place}: ${defect}`;
    return new ThroughlineError('TL_OTLP_MALFORMED', message, hint === undefined ? {} : { hint });
  }
}

function snakeCaseHint({ name, jsonName }: Field): string {
  return `OTLP/JSON calls ${name} ${jsonName}. ${SENDER_HINT}`;
}

/** The value for an error message: short whatever it is. */
function described(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'string' && value.length > 40)
    return `${JSON.stringify(value.slice(0, 40))}…`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
