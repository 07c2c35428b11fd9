import { crc32 } from 'node:zlib';

const VARINT_BYTES_MAX = 5;

/**
 * The tag of the trailer that ends every record: field 2^29 - 1, which no version of OTLP will use,
 * as a fixed32. Its value is the checksum. To a protobuf reader, the engine's among them, the
 * trailer is an unknown field; to recovery it is the mark by which the end of a record is known.
 */
export const MARK = Buffer.of(0xfd, 0xff, 0xff, 0xff, 0x0f);
export const CHECKSUM_BYTES = 4;
const TRAILER_BYTES = MARK.length + CHECKSUM_BYTES;

/** What a record takes in a segment beside its request, at most. */
export const RECORD_OVERHEAD_BYTES = VARINT_BYTES_MAX + TRAILER_BYTES;

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

/**
 * A request as the record of a segment: length, request, mark, CRC-32 of the request, little-endian.
 *
 * @param seed the segment's (`seedOf`): a checksum is right in its own segment only, so neither what a
 *   request carries inside it nor an old file's block can pass for a record
 */
export function encodeRecord(request: Uint8Array, seed: number): Uint8Array[] {
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.set(MARK);
  trailer.writeUInt32LE(crc32(request, seed), MARK.length);
  return [encodeLength(request.length + TRAILER_BYTES), request, trailer];
}

/** Where a record lies in its segment, its length prefix included: [from, to). */
export interface RecordRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Where the record that begins at `from` ends, by its length alone; -1 when it is not all there. Recovery
 * asks this of every byte, so it makes no object.
 */
export function endAt(segment: Uint8Array, from: number): number {
  let length = 0;
  let scale = 1;
  for (let at = from; at < from + VARINT_BYTES_MAX; at += 1) {
    const byte = segment[at];
    if (byte === undefined) return -1;
    length += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte >= 0x80) continue;
    const end = at + 1 + length;
    return end <= segment.length ? end : -1;
  }
  return -1;
}

/** The complete records at the front of a segment, by their lengths alone. */
export function scanRecords(segment: Uint8Array): RecordRange[] {
  const records: RecordRange[] = [];
  let from = 0;
  for (let to = endAt(segment, from); to >= 0; to = endAt(segment, from)) {
    records.push({ from, to });
    from = to;
  }
  return records;
}

/** Whether these bytes end with the trailer of a record. */
export function isMarked(segment: Buffer, from: number, to: number): boolean {
  const at = to - TRAILER_BYTES;
  return (
    at > from &&
    segment[at] === MARK[0] &&
    segment.compare(MARK, 0, MARK.length, at, at + MARK.length) === 0
  );
}

/** Whether the request of a marked record has the checksum that its trailer says. */
export function isIntact(segment: Buffer, from: number, to: number, seed: number): boolean {
  let requestAt = from;
  while ((segment[requestAt] ?? 0) >= 0x80) requestAt += 1;
  requestAt += 1;
  const trailerAt = to - TRAILER_BYTES;
  if (requestAt > trailerAt) return false;
  const checksum = segment.readUInt32LE(trailerAt + MARK.length);
  return crc32(segment.subarray(requestAt, trailerAt), seed) === checksum;
}

/** How many records ended in these bytes, whatever else is wrong with them. */
export function countMarks(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(MARK); at >= 0; at = bytes.indexOf(MARK, at + MARK.length))
    count += 1;
  return count;
}
