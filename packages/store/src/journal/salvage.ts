import { CHECKSUM_BYTES, endAt, isIntact, isMarked, MARK, type RecordRange } from './record.ts';

/**
 * What checksums that turn out wrong may cost a segment, in bytes: a fraction of a second. Only a
 * request made to look like thousands of records, and damaged as well, comes near it.
 */
const WRONG_BYTES_MAX = 1024 ** 3;

/** A length prefix has at most this many bytes. */
const PREFIX_BYTES_MAX = 5;

export interface Salvage {
  /** The records whose checksum is right, in order. */
  records: RecordRange[];
  /** What lies between and behind them and may have been acknowledged: no torn tail. */
  damaged: RecordRange[];
}

/**
 * Tells the sound records of a segment from what is damaged. Whatever happened to the bytes, every
 * record that is whole is found and nothing else is; it never throws.
 *
 * @param seed the segment's (`seedOf`)
 */
export function salvage(segment: Buffer, seed: number): Salvage {
  const records: RecordRange[] = [];
  const damaged: RecordRange[] = [];
  let wrongBytes = 0;

  // Every place may be a beginning: after damage, no length can be trusted to lead to the next one.
  const findRecord = (start: number): RecordRange | undefined => {
    for (let from = start; from < segment.length; from += 1) {
      const to = endAt(segment, from);
      if (to < 0 || !isMarked(segment, from, to)) continue;
      if (isIntact(segment, from, to, seed)) return { from, to };
      wrongBytes += to - from;
      if (wrongBytes > WRONG_BYTES_MAX) return undefined;
    }
    return undefined;
  };

  for (let at = 0; at < segment.length; ) {
    const record = findRecord(at);
    const end = record?.from ?? segment.length;
    const lost = end > at && (record !== undefined || !isTorn(segment.subarray(at)));
    if (lost) damaged.push({ from: at, to: end });
    if (!record) break;
    records.push(record);
    at = record.to;
  }
  return { records, damaged };
}

/**
 * Whether the end of a segment is of a write that never finished, and so was never acknowledged: room
 * that was made but not filled, or the front part of one record.
 */
function isTorn(tail: Buffer): boolean {
  if (tail.every((byte) => byte === 0)) return true;
  const prefixEnds = tail.subarray(0, PREFIX_BYTES_MAX).some((byte) => byte < 0x80);
  const incomplete = prefixEnds ? endAt(tail, 0) < 0 : tail.length < PREFIX_BYTES_MAX;
  return incomplete && !tail.subarray(0, -CHECKSUM_BYTES).includes(MARK);
}
