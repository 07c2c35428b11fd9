const VARINT_BYTES_MAX = 5;

/**
 * The length prefix of a record: a protobuf varint, as the engine's `Protobuf` format expects it.
 */
export function encodeLength(length: number): Uint8Array {
  const bytes: number[] = [];
  let rest = length;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/** Where a record lies in its segment, its length prefix included: [from, to). */
export interface RecordRange {
  readonly from: number;
  readonly to: number;
}

/**
 * The complete records at the front of a segment. What follows the last of them is a torn tail:
 * bytes of a write that never finished, and so was never acknowledged.
 */
export function scanRecords(segment: Uint8Array): RecordRange[] {
  const records: RecordRange[] = [];
  let from = 0;
  while (from < segment.length) {
    const prefix = decodeLength(segment, from);
    if (!prefix || prefix.end + prefix.length > segment.length) break;
    const to = prefix.end + prefix.length;
    records.push({ from, to });
    from = to;
  }
  return records;
}

function decodeLength(
  bytes: Uint8Array,
  from: number,
): { length: number; end: number } | undefined {
  let length = 0;
  for (let index = 0; index < VARINT_BYTES_MAX; index += 1) {
    const byte = bytes[from + index];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 128 ** index;
    if (byte < 0x80) return { length, end: from + index + 1 };
  }
  return undefined;
}
