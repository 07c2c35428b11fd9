import {
  type FieldHeader,
  type ListHeader,
  type MapHeader,
  type MessageHeader,
  ThriftReader,
  type ThriftType,
  TYPE,
} from './thrift-reader.ts';

const PROTOCOL_ID = 0x82;
const VERSION = 1;

/** The types of values by their compact number; 1 and 2 are the booleans true and false. */
const TYPE_OF: readonly ThriftType[] = [
  TYPE.stop,
  TYPE.bool,
  TYPE.bool,
  TYPE.byte,
  TYPE.i16,
  TYPE.i32,
  TYPE.i64,
  TYPE.double,
  TYPE.string,
  TYPE.list,
  TYPE.set,
  TYPE.map,
  TYPE.struct,
];
const TRUE = 1;
/** A list whose size does not fit beside its type. */
const LONG_LIST = 15;

/**
 * Thrift's compact protocol: integers as zigzag varints, field ids as differences, a field's boolean
 * in its type.
 *
 * @see https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
export class ThriftCompact extends ThriftReader {
  /** The boolean that the last field header brought; the value itself has no bytes then. */
  #headerBool: boolean | undefined;

  override messageHeader(): MessageHeader {
    if (this.byte() !== PROTOCOL_ID) this.fail('not Thrift compact');
    if ((this.byte() & 0x1f) !== VERSION) this.fail('not the version of Thrift compact');
    const sequenceId = this.#varint32();
    return { method: this.text(), sequenceId };
  }

  override fieldHeader(previousId: number): FieldHeader {
    const byte = this.byte();
    const type = this.#type(byte & 0x0f);
    if (type === TYPE.stop) return { type, id: 0 };
    const difference = byte >>> 4;
    const id = difference === 0 ? this.i16() : previousId + difference;
    if (type === TYPE.bool) this.#headerBool = (byte & 0x0f) === TRUE;
    return { type, id };
  }

  override listHeader(): ListHeader {
    const byte = this.byte();
    const elementType = this.#type(byte & 0x0f);
    const short = byte >>> 4;
    return { elementType, size: this.size(short < LONG_LIST ? short : this.length(), 'elements') };
  }

  override mapHeader(): MapHeader {
    const size = this.size(this.length(), 'elements');
    if (size === 0) return { keyType: TYPE.stop, valueType: TYPE.stop, size };
    const types = this.byte();
    return { keyType: this.#type(types >>> 4), valueType: this.#type(types & 0x0f), size };
  }

  override bool(): boolean {
    const fromHeader = this.#headerBool;
    this.#headerBool = undefined;
    return fromHeader ?? this.byte() === TRUE;
  }

  override i16(): number {
    return this.i32();
  }

  override i32(): number {
    const zigzag = this.#varint32();
    return (zigzag >>> 1) ^ -(zigzag & 1);
  }

  override i64(): bigint {
    // In three numbers of at most 28 bits, since bit operations on bigint are slow.
    let low = 0;
    let middle = 0;
    let high = 0;
    for (let count = 0; ; count += 1) {
      const byte = this.byte();
      const bits = byte & 0x7f;
      if (count < 4) low |= bits << (7 * count);
      else if (count < 8) middle |= bits << (7 * (count - 4));
      else high |= bits << (7 * (count - 8));
      if (byte < 0x80) break;
      if (count === 9) this.fail('a varint longer than 64 bits');
    }
    const zigzag = BigInt.asUintN(
      64,
      (BigInt(high) << 56n) | (BigInt(middle) << 28n) | BigInt(low),
    );
    return (zigzag >> 1n) ^ -(zigzag & 1n);
  }

  override double(): number {
    this.need(8);
    this.at += 8;
    return this.bytes.readDoubleLE(this.at - 8);
  }

  protected override length(): number {
    return this.#varint32();
  }

  /** Unsigned; the bits beyond 32, of which no encoder sets one, are lost. */
  #varint32(): number {
    let value = 0;
    for (let count = 0; count < 5; count += 1) {
      const byte = this.byte();
      value |= (byte & 0x7f) << (7 * count);
      if (byte < 0x80) return value >>> 0;
    }
    return this.fail('a varint longer than 32 bits');
  }

  #type(number: number): ThriftType {
    const type = TYPE_OF[number];
    if (type === undefined) this.fail(`type ${number} does not exist`);
    return type;
  }
}
