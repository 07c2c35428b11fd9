import { WIRE } from './otlp-proto.ts';

const START_BYTES = 1_024;
const LOW_32_BITS = 0xffff_ffffn;

/** Writes the protobuf encoding into one growing buffer, in the order of the calls. */
export class ProtoWriter {
  #buffer = Buffer.allocUnsafe(START_BYTES);
  #at = 0;

  /** What has been written; valid until the next write. */
  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#at);
  }

  /** A place to {@link rewind} to. */
  mark(): number {
    return this.#at;
  }

  /** Takes back what was written since the mark, also in the middle of an embedded message. */
  rewind(mark: number): void {
    this.#at = mark;
  }

  /** A varint field of at most 53 bits. */
  varint(field: number, value: number): void {
    this.#tag(field, WIRE.varint);
    this.#varint(value);
  }

  /** A varint field of 64 bits; a negative value goes in two's complement, as int64 does. */
  bigVarint(field: number, value: bigint): void {
    this.#tag(field, WIRE.varint);
    this.#reserve(10);
    let rest = BigInt.asUintN(64, value);
    while (rest > 0x7fn) {
      this.#buffer[this.#at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#buffer[this.#at++] = Number(rest);
  }

  fixed32(field: number, value: number): void {
    this.#tag(field, WIRE.i32);
    this.#reserve(4);
    this.#at = this.#buffer.writeUInt32LE(value, this.#at);
  }

  fixed64(field: number, value: bigint): void {
    this.#tag(field, WIRE.i64);
    this.#reserve(8);
    this.#at = this.#buffer.writeUInt32LE(Number(value & LOW_32_BITS), this.#at);
    this.#at = this.#buffer.writeUInt32LE(Number(value >> 32n), this.#at);
  }

  double(field: number, value: number): void {
    this.#tag(field, WIRE.i64);
    this.#reserve(8);
    this.#at = this.#buffer.writeDoubleLE(value, this.#at);
  }

  string(field: number, value: string): void {
    this.#tag(field, WIRE.len);
    const length = Buffer.byteLength(value);
    this.#varint(length);
    this.#reserve(length);
    this.#at += this.#buffer.write(value, this.#at);
  }

  raw(field: number, value: Uint8Array): void {
    this.#tag(field, WIRE.len);
    this.#varint(value.length);
    this.fields(value);
  }

  /** Fields that are encoded already, with their tags. */
  fields(encoded: Uint8Array): void {
    this.#reserve(encoded.length);
    this.#buffer.set(encoded, this.#at);
    this.#at += encoded.length;
  }

  /** An embedded message, whose fields `write` writes. */
  message(field: number, write: () => void): void {
    this.#tag(field, WIRE.len);
    const start = this.#at;
    write();
    const end = this.#at;
    const length = end - start;
    // The length goes before the content and is known only now: the content makes room for it.
    const lengthBytes = varintBytes(length);
    this.#reserve(lengthBytes);
    this.#buffer.copyWithin(start + lengthBytes, start, end);
    this.#at = start;
    this.#varint(length);
    this.#at = end + lengthBytes;
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  #varint(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[this.#at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#at++] = rest;
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + count));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}

function varintBytes(value: number): number {
  let count = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) count += 1;
  return count;
}
