import {
  type FieldHeader,
  type ListHeader,
  type MapHeader,
  type MessageHeader,
  ThriftReader,
  type ThriftType,
  TYPE,
} from './thrift-reader.ts';

const TYPES: ReadonlySet<number> = new Set(Object.values(TYPE));
const VERSION_1 = 0x8001_0000;
const VERSION_MASK = 0xffff_0000;

/**
 * Thrift's binary protocol: every number at its full width, big-endian.
 *
 * @see https://github.com/apache/thrift/blob/master/doc/specs/thrift-binary-protocol.md
 */
export class ThriftBinary extends ThriftReader {
  override messageHeader(): MessageHeader {
    this.need(4);
    const word = this.bytes.readUInt32BE(this.at);
    // Before version 1, a message began with its name; some old clients still write that.
    if (word < 0x8000_0000) return { method: this.text(), sequenceId: this.#oldHeader() };
    if ((word & VERSION_MASK) >>> 0 !== VERSION_1) this.fail('not the version of Thrift binary');
    this.at += 4;
    return { method: this.text(), sequenceId: this.i32() };
  }

  #oldHeader(): number {
    this.byte();
    return this.i32();
  }

  override fieldHeader(_previousId: number): FieldHeader {
    const type = this.#type();
    return { type, id: type === TYPE.stop ? 0 : this.i16() };
  }

  override listHeader(): ListHeader {
    const elementType = this.#type();
    return { elementType, size: this.size(this.i32(), 'elements') };
  }

  override mapHeader(): MapHeader {
    const keyType = this.#type();
    const valueType = this.#type();
    return { keyType, valueType, size: this.size(this.i32(), 'elements') };
  }

  override bool(): boolean {
    return this.byte() !== 0;
  }

  override i16(): number {
    this.need(2);
    this.at += 2;
    return this.bytes.readInt16BE(this.at - 2);
  }

  override i32(): number {
    this.need(4);
    this.at += 4;
    return this.bytes.readInt32BE(this.at - 4);
  }

  override i64(): bigint {
    this.need(8);
    this.at += 8;
    return this.bytes.readBigInt64BE(this.at - 8);
  }

  override double(): number {
    this.need(8);
    this.at += 8;
    return this.bytes.readDoubleBE(this.at - 8);
  }

  protected override length(): number {
    return this.i32();
  }

  #type(): ThriftType {
    const type = this.byte();
    if (!TYPES.has(type)) this.fail(`type ${type} does not exist`);
    return type as ThriftType;
  }
}
