import { isUtf8 } from 'node:buffer';
import { type ErrorCode, ThroughlineError } from '@throughline/model';
import { codedErrorText } from './error-text.ts';
import {
  EXPORT_TRACE_REQUEST,
  FIELD_NUMBERS,
  KIND,
  type Kind,
  type Shape,
  WIRE,
  WIRE_OF_KIND,
} from './otlp-proto.ts';
import { type FieldRange, withoutFields } from './otlp-wire-cut.ts';
import { fieldPath } from './wire-path.ts';

/** More spans than any exporter batches, few enough to check without stalling the server. */
export const SPANS_PER_REQUEST_MAX = 262_144;
/** OpenTelemetry's own default limit is 128; also the bound of a nested key-value list. */
export const ATTRIBUTES_MAX = 1_024;
/** An AnyValue that is an attribute's value has depth 1, the elements of its array depth 2. */
export const VALUE_DEPTH_MAX = 32;

const VARINT_BYTES_MAX = 10;
const FIELD_NUMBER_MAX = 2 ** 29 - 1;
const UINT32_MAX = 2 ** 32 - 1;
const INT32_MAX = 2 ** 31 - 1;
/** Below this length, a loop in JavaScript is faster than the call of the native check. */
const NATIVE_UTF8_BYTES_MIN = 32;

/** What a receiver keeps of a request, and what it tells the sender. */
export interface Admitted {
  /** To be appended: the request's own bytes, or a copy without the spans that are left out. */
  record: Uint8Array;
  /** Spans in the record. */
  spanCount: number;
  rejected: Rejected | undefined;
}

/** What is wrong with a request that is kept; a partial success where the protocol has one. */
export interface Rejected {
  /** Spans that are left out; 0 makes it a warning. */
  spans: number;
  /** The first defect, to be counted with `ReceiverCounters.leaveOut`. */
  error: ThroughlineError;
  /** The `error_message` of a partial success: how many, the first defect with its code and path. */
  message: string;
}

/**
 * Checks that bytes are a well-formed `ExportTraceServiceRequest` that the engine can decode,
 * without building any object. A defect inside of a span costs that span; the others are admitted.
 * A defect outside of spans, or in every span, costs the request.
 *
 * Stricter than protobuf parsers, which merge or overwrite: a singular field or a oneof sent twice
 * is a defect, as is a string that is not UTF-8, a group, and a span or link without valid ids.
 * Unknown fields are skipped but must be well-formed. Field names refer to opentelemetry-proto; the
 * encoding to https://protobuf.dev/programming-guides/encoding.
 *
 * @throws ThroughlineError `TL_OTLP_MALFORMED`, naming the defect and its path; `TL_OTLP_TOO_LARGE`
 *   when the request, or every span, exceeds one of the limits of this file
 */
export function admit(bytes: Uint8Array): Admitted {
  const { spanCount, cuts, firstDefect } = walked(bytes);
  if (firstDefect === undefined) return { record: bytes, spanCount, rejected: undefined };
  if (cuts.length === spanCount) throw firstDefect;
  return {
    record: withoutFields(bytes, cuts),
    spanCount: spanCount - cuts.length,
    rejected: rejectedOf(cuts.length, spanCount, firstDefect),
  };
}

/**
 * The same check for what may have no defect at all, such as a request that we wrote ourselves.
 *
 * @throws ThroughlineError as {@link admit}, also when one span of several has a defect
 */
export function checkOtlpWire(bytes: Uint8Array): { spanCount: number } {
  const { spanCount, firstDefect } = walked(bytes);
  if (firstDefect !== undefined) throw firstDefect;
  return { spanCount };
}

/**
 * What to tell of spans left out, whoever found the defects.
 *
 * @param of all spans of the request
 * @param error of the first of them; of none, a warning
 */
export function rejectedOf(spans: number, of: number, error: ThroughlineError): Rejected {
  const first = codedErrorText(error);
  const message = spans === 0 ? first : `${spans} of ${of} spans are left out; the first: ${first}`;
  return { spans, error, message };
}

export function tooManySpans(): ThroughlineError {
  const message = `more than ${SPANS_PER_REQUEST_MAX} spans in one request`;
  return new ThroughlineError('TL_OTLP_TOO_LARGE', message, { hint: 'Send smaller batches.' });
}

function walked(bytes: Uint8Array): WireCheck {
  const check = new WireCheck(bytes);
  check.message(EXPORT_TRACE_REQUEST, bytes.length, 0, 0);
  return check;
}

class WireCheck {
  /** With those that have a defect. */
  spanCount = 0;
  /** Spans with a defect. */
  readonly cuts: FieldRange[] = [];
  firstDefect: ThroughlineError | undefined;
  readonly #bytes: Uint8Array;
  /** The next byte to read. */
  #at = 0;
  /** Where the tag of the field being read starts: the place that a defect is reported at. */
  #fieldAt = 0;
  #inSpan = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /**
   * Reads the fields of a message up to `end`; `startedAt` is the place of the message's own tag.
   */
  message(shape: Shape, end: number, depth: number, startedAt: number): void {
    let seen = 0;
    let attributeCount = 0;
    while (this.#at < end) {
      this.#fieldAt = this.#at;
      const tag = this.#tag(end);
      const number = tag >>> 3;
      const kind = (number < FIELD_NUMBERS ? shape.kinds[number] : KIND.unknown) as Kind;
      if (kind === KIND.unknown) {
        this.#skip(tag & 7, end);
        continue;
      }
      if ((tag & 7) !== WIRE_OF_KIND[kind]) {
        this.#fail(`wire type ${tag & 7}, expected ${WIRE_OF_KIND[kind]}`);
      }
      const bit = 1 << number;
      if ((seen & bit & ~shape.repeated) !== 0) this.#fail('sent twice');
      if (seen !== 0 && shape.oneof) this.#fail('a second value in one AnyValue');
      seen |= bit;
      if (kind < KIND.message) {
        this.#scalar(kind, end);
        continue;
      }
      if (kind === KIND.keyValue && ++attributeCount > ATTRIBUTES_MAX) {
        this.#refuse(`more than ${ATTRIBUTES_MAX} entries`);
      }
      this.#embedded(kind, shape.shapes[number] as Shape, end, depth);
    }
    if ((shape.required & ~seen) !== 0) {
      this.#fieldAt = startedAt;
      const missing = shape.fields.find((f) => (shape.required & ~seen & (1 << f.number)) !== 0);
      this.#fail(`no ${missing?.name}`);
    }
  }

  #embedded(kind: Kind, shape: Shape, end: number, depth: number): void {
    if (kind === KIND.span && ++this.spanCount > SPANS_PER_REQUEST_MAX) {
      throw tooManySpans();
    }
    const innerDepth = kind === KIND.anyValue ? depth + 1 : depth;
    if (innerDepth > VALUE_DEPTH_MAX) this.#fail(`values nested deeper than ${VALUE_DEPTH_MAX}`);
    const startedAt = this.#fieldAt;
    const length = this.#length(end);
    if (kind === KIND.span) this.#span(shape, this.#at + length, startedAt);
    else this.message(shape, this.#at + length, innerDepth, startedAt);
  }

  /** The length around a span is sound, so the walk goes on behind it whatever is inside. */
  #span(shape: Shape, end: number, startedAt: number): void {
    this.#inSpan = true;
    try {
      this.message(shape, end, 0, startedAt);
    } catch (error) {
      if (!(error instanceof ThroughlineError)) throw error;
      this.firstDefect ??= error;
      this.cuts.push({ start: startedAt, end });
      this.#at = end;
    }
    this.#inSpan = false;
  }

  #scalar(kind: Kind, end: number): void {
    switch (kind) {
      case KIND.string:
        this.#utf8(this.#length(end));
        break;
      case KIND.bytes:
        this.#opaque(end);
        break;
      case KIND.traceId:
        this.#id(16, this.#length(end));
        break;
      case KIND.spanId:
        this.#id(8, this.#length(end));
        break;
      case KIND.parentSpanId:
        this.#parentSpanId(this.#length(end));
        break;
      case KIND.time:
        this.#time(end);
        break;
      case KIND.double:
        this.#fixed(8, end);
        break;
      case KIND.fixed32:
        this.#fixed(4, end);
        break;
      case KIND.uint32:
        this.#varintUpTo(UINT32_MAX, end);
        break;
      case KIND.enum:
        this.#varintUpTo(INT32_MAX, end);
        break;
      default:
        // Any varint is an int64, and a bool, which is true unless it is 0.
        this.#varint(end);
    }
  }

  #tag(end: number): number {
    const tag = this.#varint(end);
    if (tag < 8) this.#fail('field numbers start at 1');
    if (tag > FIELD_NUMBER_MAX * 8 + 7) this.#fail(`field numbers end at ${FIELD_NUMBER_MAX}`);
    return tag;
  }

  #skip(wireType: number, end: number): void {
    if (wireType === WIRE.varint) this.#varint(end);
    else if (wireType === WIRE.i64) this.#fixed(8, end);
    else if (wireType === WIRE.len) this.#opaque(end);
    else if (wireType === WIRE.i32) this.#fixed(4, end);
    else if (wireType < WIRE.i32) this.#fail(`a group (wire type ${wireType}), unknown to OTLP`);
    else this.#fail(`wire type ${wireType} does not exist`);
  }

  #length(end: number): number {
    const length = this.#varint(end);
    if (length > end - this.#at) {
      this.#fail(`${length} bytes long, but only ${end - this.#at} are left`);
    }
    return length;
  }

  #opaque(end: number): void {
    // On a line of its own: reading the length moves on as well.
    const length = this.#length(end);
    this.#at += length;
  }

  #fixed(size: number, end: number): void {
    if (end - this.#at < size)
      this.#fail(`${size} bytes long, but only ${end - this.#at} are left`);
    this.#at += size;
  }

  #varintUpTo(max: number, end: number): void {
    const value = this.#varint(end);
    if (value > max) this.#fail(`${value}, expected at most ${max}`);
  }

  /** Any 64-bit value; above 2^53 the number returned is not exact, which no caller needs. */
  #varint(end: number): number {
    const first = this.#at < end ? (this.#bytes[this.#at] as number) : 0x80;
    if (first < 0x80) {
      this.#at += 1;
      return first;
    }
    return this.#longVarint(end);
  }

  #longVarint(end: number): number {
    let value = 0;
    let scale = 1;
    for (let count = 1; count <= VARINT_BYTES_MAX; count += 1) {
      if (this.#at >= end) this.#fail('a varint cut off');
      const byte = this.#bytes[this.#at++] as number;
      // The engine refuses a tenth byte of 0 as well, which no encoder needs.
      if (count === VARINT_BYTES_MAX && byte !== 1) break;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    return this.#fail('an overlong varint');
  }

  #id(expected: number, length: number): void {
    if (length !== expected) this.#fail(`${length} bytes, expected ${expected}`);
    let anyBit = 0;
    for (const end = this.#at + length; this.#at < end; this.#at += 1) {
      anyBit |= this.#bytes[this.#at] as number;
    }
    if (anyBit === 0) this.#fail('all zero');
  }

  #parentSpanId(length: number): void {
    if (length !== 0 && length !== 8) this.#fail(`${length} bytes, expected 8 or none`);
    this.#at += length;
  }

  #time(end: number): void {
    this.#fixed(8, end);
    // The engine keeps times as signed 64-bit nanoseconds.
    if ((this.#bytes[this.#at - 1] as number) > 0x7f) this.#fail('after the year 2262');
  }

  #utf8(length: number): void {
    const bytes = this.#bytes;
    const end = this.#at + length;
    let at = this.#at;
    if (length < NATIVE_UTF8_BYTES_MIN) {
      while (at < end && (bytes[at] as number) < 0x80) at += 1;
    }
    if (at < end && !isUtf8(bytes.subarray(at, end))) this.#fail('not UTF-8');
    this.#at = end;
  }

  #fail(defect: string): never {
    throw this.#defect('TL_OTLP_MALFORMED', defect);
  }

  #refuse(excess: string): never {
    throw this.#defect('TL_OTLP_TOO_LARGE', excess, {
      hint: 'Send smaller batches, or lower the exporting SDK’s attribute limits.',
    });
  }

  #defect(code: ErrorCode, defect: string, options = {}): ThroughlineError {
    // Only the first span's defect is told, and a path costs a walk from the start of the request.
    if (this.#inSpan && this.firstDefect !== undefined) return this.firstDefect;
    const path = fieldPath(this.#bytes, this.#fieldAt);
    return new ThroughlineError(code, `${path}: ${defect}`, options);
  }
}
