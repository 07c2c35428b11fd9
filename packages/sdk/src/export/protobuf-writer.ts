const BYTES_AT_FIRST = 64 * 1024;
/** A text of at most so many UTF-16 units has at most 127 bytes: its length fits in one byte. */
const SHORT_CHARS = 42;
const TWO_TO_32 = 2 ** 32;

/** Value of a hexadecimal digit, by its character code. */
const NIBBLE = new Uint8Array(128);
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  NIBBLE[digit.charCodeAt(0)] = value;
  NIBBLE[digit.toUpperCase().charCodeAt(0)] = value;
}

/**
 * Writes the protobuf wire format (protobuf.dev, Encoding) into one buffer that grows. Tags are given
 * whole: field number and wire type, below 128 or as two bytes.
 */
export class ProtobufWriter {
  #bytes: Buffer<ArrayBuffer>;
  #view: DataView;
  #at = 0;

  constructor(bytesAtFirst: number = BYTES_AT_FIRST) {
    this.#bytes = Buffer.allocUnsafeSlow(bytesAtFirst);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written. */
  get length(): number {
    return this.#at;
  }

  /** Forgets what was written from there on. */
  truncate(length: number): void {
    this.#at = length;
  }

  /** What was written, in a buffer that the next write may change. */
  slice(from: number, to: number): Uint8Array {
    return this.#bytes.subarray(from, to);
  }

  /** A field of type varint. @param value a whole number, 0 to 2^53 - 1 */
  varintField(tag: number, value: number): void {
    this.#ensure(12);
    this.#tag(tag);
    this.#varint(value);
  }

  /** A field of type int64: negative numbers as two's complement in ten bytes. */
  int64Field(tag: number, value: number | bigint): void {
    if (typeof value === 'number' && value >= 0) {
      this.varintField(tag, value);
      return;
    }
    this.#ensure(12);
    this.#tag(tag);
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest >= 0x80n) {
      this.#byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.#byte(Number(rest));
  }

  doubleField(tag: number, value: number): void {
    this.#ensure(10);
    this.#tag(tag);
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  fixed32Field(tag: number, value: number): void {
    this.#ensure(6);
    this.#tag(tag);
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  /** Nanoseconds since 1970 as fixed64, out of whole seconds and the nanoseconds within. */
  nanosField(tag: number, seconds: number, nanos: number): void {
    this.#ensure(10);
    this.#tag(tag);
    // The product has 61 bits, a double only 53: it is built of the seconds' two halves.
    const low = (seconds % 65_536) * 1e9 + nanos;
    const high = Math.floor(seconds / 65_536) * 1e9;
    const lower = (high % 65_536) * 65_536 + (low % TWO_TO_32);
    const upper =
      Math.floor(high / 65_536) + Math.floor(low / TWO_TO_32) + Math.floor(lower / TWO_TO_32);
    this.#view.setUint32(this.#at, lower % TWO_TO_32, true);
    this.#view.setUint32(this.#at + 4, upper, true);
    this.#at += 8;
  }

  /** Bytes given as hexadecimal digits, as ids are. */
  hexField(tag: number, hex: string): void {
    const bytes = hex.length >>> 1;
    this.#ensure(3 + bytes);
    this.#tag(tag);
    this.#byte(bytes);
    const buffer = this.#bytes;
    for (let index = 0; index < bytes; index += 1) {
      const high = NIBBLE[hex.charCodeAt(index * 2) & 0x7f] as number;
      const low = NIBBLE[hex.charCodeAt(index * 2 + 1) & 0x7f] as number;
      buffer[this.#at + index] = (high << 4) | low;
    }
    this.#at += bytes;
  }

  bytesField(tag: number, bytes: Uint8Array): void {
    this.#ensure(12 + bytes.length);
    this.#tag(tag);
    this.#varint(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Text as UTF-8; half a surrogate pair becomes U+FFFD. */
  stringField(tag: number, text: string): void {
    this.#ensure(12 + text.length * 3);
    this.#tag(tag);
    if (text.length <= SHORT_CHARS) {
      const written = this.#bytes.write(text, this.#at + 1);
      this.#bytes[this.#at] = written;
      this.#at += 1 + written;
      return;
    }
    this.#varint(Buffer.byteLength(text));
    this.#at += this.#bytes.write(text, this.#at);
  }

  /** Fields that were encoded before. */
  raw(bytes: Uint8Array): void {
    this.#ensure(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /**
   * Begins a nested message, leaving room for its length.
   *
   * @param lengthBytes what the length is expected to take; another length costs a move
   * @returns for {@link close}
   */
  open(tag: number, lengthBytes: 1 | 2 = 1): number {
    this.#ensure(4);
    this.#tag(tag);
    this.#at += lengthBytes;
    return this.#at;
  }

  /** Ends the nested message that began there. */
  close(from: number, lengthBytes: 1 | 2 = 1): void {
    const length = this.#at - from;
    const needed = varintBytes(length);
    if (needed !== lengthBytes) {
      this.#ensure(8);
      this.#bytes.copyWithin(from - lengthBytes + needed, from, this.#at);
    }
    this.#at = from - lengthBytes;
    this.#varint(length);
    this.#at += length;
  }

  #tag(tag: number): void {
    if (tag >= 0x80) this.#byte(tag & 0xff);
    this.#byte(tag >= 0x80 ? tag >>> 8 : tag);
  }

  #varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.#byte(rest);
  }

  #byte(value: number): void {
    this.#bytes[this.#at] = value;
    this.#at += 1;
  }

  #ensure(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#at + bytes));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** Bytes that a length takes as varint. */
export function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
}
