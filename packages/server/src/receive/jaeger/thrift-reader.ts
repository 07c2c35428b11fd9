import { ThroughlineError } from '@throughline/model';

/** The types of values, under the numbers of the binary protocol. */
export const TYPE = {
  stop: 0,
  bool: 2,
  byte: 3,
  double: 4,
  i16: 6,
  i32: 8,
  i64: 10,
  /** Text and binary: both are a length and bytes. */
  string: 11,
  struct: 12,
  map: 13,
  set: 14,
  list: 15,
} as const;
export type ThriftType = (typeof TYPE)[keyof typeof TYPE];

/** What no reader of ours asks for is skipped, but not at any depth: a datagram of brackets would overflow the stack. */
const SKIP_DEPTH_MAX = 16;

export interface MessageHeader {
  /** The method that is called, such as `emitBatch`. */
  method: string;
  sequenceId: number;
}

export interface FieldHeader {
  /** {@link TYPE.stop} ends the struct; there is no id then. */
  type: ThriftType;
  id: number;
}

export interface ListHeader {
  elementType: ThriftType;
  /** At most as many as bytes are left, since every element takes one. */
  size: number;
}

export interface MapHeader {
  keyType: ThriftType;
  valueType: ThriftType;
  size: number;
}

/**
 * Reads one Thrift message from bytes that a stranger sent. A declared size is held against the bytes
 * that are left before anything is done with it, so the work is bounded by the length of the input.
 * The two encodings are siblings: {@link ThriftBinary} and {@link ThriftCompact}.
 *
 * Every method throws `TL_JAEGER_MALFORMED` where the bytes do not say what it reads.
 */
export abstract class ThriftReader {
  protected readonly bytes: Buffer;
  protected at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  abstract messageHeader(): MessageHeader;
  /** @param previousId the id of the field before in the same struct, 0 for the first */
  abstract fieldHeader(previousId: number): FieldHeader;
  abstract listHeader(): ListHeader;
  abstract mapHeader(): MapHeader;
  abstract bool(): boolean;
  abstract i16(): number;
  abstract i32(): number;
  abstract i64(): bigint;
  abstract double(): number;
  protected abstract length(): number;

  /** A view of the input, not a copy. */
  binary(): Buffer {
    const length = this.size(this.length(), 'bytes');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** What is not UTF-8 is replaced by U+FFFD. */
  text(): string {
    return this.binary().toString();
  }

  /** Fails unless everything has been read. */
  end(): void {
    const left = this.bytes.length - this.at;
    if (left > 0) this.fail(`${left} bytes follow`);
  }

  /** Passes over a value of any type. */
  skip(type: ThriftType, depth = 0): void {
    if (depth > SKIP_DEPTH_MAX) this.fail(`values nested deeper than ${SKIP_DEPTH_MAX}`);
    switch (type) {
      case TYPE.bool:
        this.bool();
        break;
      case TYPE.byte:
        this.byte();
        break;
      case TYPE.double:
        this.double();
        break;
      case TYPE.i16:
        this.i16();
        break;
      case TYPE.i32:
        this.i32();
        break;
      case TYPE.i64:
        this.i64();
        break;
      case TYPE.string:
        this.binary();
        break;
      case TYPE.struct:
        this.#skipStruct(depth);
        break;
      case TYPE.map:
        this.#skipMap(depth);
        break;
      case TYPE.set:
      case TYPE.list: {
        const { elementType, size } = this.listHeader();
        for (let index = 0; index < size; index += 1) this.skip(elementType, depth + 1);
        break;
      }
      default:
        this.fail(`type ${type} has no values`);
    }
  }

  #skipStruct(depth: number): void {
    let field = this.fieldHeader(0);
    while (field.type !== TYPE.stop) {
      this.skip(field.type, depth + 1);
      field = this.fieldHeader(field.id);
    }
  }

  #skipMap(depth: number): void {
    const { keyType, valueType, size } = this.mapHeader();
    for (let index = 0; index < size; index += 1) {
      this.skip(keyType, depth + 1);
      this.skip(valueType, depth + 1);
    }
  }

  protected byte(): number {
    this.need(1);
    return this.bytes[this.at++] as number;
  }

  protected need(count: number): void {
    const left = this.bytes.length - this.at;
    if (left < count) this.fail(`${count} bytes expected, but only ${left} are left`);
  }

  /** The declared size of something whose elements take a byte or more each. */
  protected size(declared: number, of: 'bytes' | 'elements'): number {
    const left = this.bytes.length - this.at;
    if (declared < 0 || declared > left) {
      this.fail(`${declared} ${of} announced, but only ${left} bytes are left`);
    }
    return declared;
  }

  fail(defect: string): never {
    throw new ThroughlineError('TL_JAEGER_MALFORMED', `${defect} (at byte ${this.at})`);
  }
}
