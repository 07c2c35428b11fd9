/** A protobuf message as field numbers with their values, for comparing encodings that order fields differently. */
export type Tree = { [field: number]: (Tree | string)[] };

/** Which fields of a message are messages themselves; others are shown as hexadecimal digits. */
interface Schema {
  readonly [field: number]: () => Schema;
}

const NONE = {};
const ANY_VALUE: Schema = { 5: () => ARRAY_VALUE, 6: () => KEY_VALUES };
const ARRAY_VALUE: Schema = { 1: () => ANY_VALUE };
const KEY_VALUE: Schema = { 2: () => ANY_VALUE };
const KEY_VALUES: Schema = { 1: () => KEY_VALUE };
const EVENT: Schema = { 3: () => KEY_VALUE };
const LINK: Schema = { 4: () => KEY_VALUE };
const SPAN: Schema = { 9: () => KEY_VALUE, 11: () => EVENT, 13: () => LINK, 15: () => NONE };
const SCOPE_SPANS: Schema = { 1: () => NONE, 2: () => SPAN };
const RESOURCE_SPANS: Schema = { 1: () => KEY_VALUES, 2: () => SCOPE_SPANS };
const REQUEST: Schema = { 1: () => RESOURCE_SPANS };

/** An `ExportTraceServiceRequest`. @throws Error when it is not well-formed protobuf */
export function otlpTree(request: Uint8Array): Tree {
  return parse(Buffer.from(request), REQUEST);
}

function parse(bytes: Buffer, schema: Schema): Tree {
  const tree: Tree = {};
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at];
      if (byte === undefined || shift > 63n) throw new Error('a varint that does not end');
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new Error('a field beyond the end');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const field = tag >> 3;
    const wireType = tag & 7;
    let value: Tree | string;
    if (wireType === 0) value = String(BigInt.asIntN(64, varint()));
    else if (wireType === 1) value = take(8).toString('hex');
    else if (wireType === 5) value = take(4).toString('hex');
    else if (wireType === 2) {
      const content = take(Number(varint()));
      const nested = schema[field]?.();
      value = nested ? parse(content, nested) : content.toString('hex');
      if (nested === NONE && Object.keys(value).length === 0) continue;
    } else throw new Error(`wire type ${wireType}`);
    // Written or not, zero is the default, but for the one value of an AnyValue.
    if (value === '0' && schema !== ANY_VALUE) continue;
    tree[field] = [...(tree[field] ?? []), value];
  }
  return tree;
}
