import { WIRE } from './otlp-proto.ts';

/** A field of a message, where its bytes lie. */
export interface WireField {
  number: number;
  /** What an embedded message is: of a length-delimited field, what follows the length. */
  contentStart: number;
  /** Also the start of the next field. */
  end: number;
}

/**
 * Reads a field's frame, for the rare second walk over a request.
 *
 * @param at where its tag starts
 * @returns undefined when the bytes end inside the tag, or it never ends; the content is not looked
 *   at and may not be there
 */
export function wireFieldAt(
  bytes: Uint8Array,
  at: number,
  messageEnd: number,
): WireField | undefined {
  const tag = varintAt(bytes, at, messageEnd);
  if (tag === undefined) return undefined;
  const number = Math.floor(tag.value / 8);
  const wireType = tag.value & 7;
  if (wireType === WIRE.i64) return { number, contentStart: tag.end, end: tag.end + 8 };
  if (wireType === WIRE.i32) return { number, contentStart: tag.end, end: tag.end + 4 };
  const varint = varintAt(bytes, tag.end, messageEnd) ?? { value: 0, end: messageEnd };
  if (wireType === WIRE.varint) return { number, contentStart: tag.end, end: varint.end };
  return { number, contentStart: varint.end, end: varint.end + varint.value };
}

function varintAt(
  bytes: Uint8Array,
  start: number,
  messageEnd: number,
): { value: number; end: number } | undefined {
  let value = 0;
  for (let index = 0; index < 10 && start + index < messageEnd; index += 1) {
    const byte = bytes[start + index] as number;
    value += (byte & 0x7f) * 128 ** index;
    if (byte < 0x80) return { value, end: start + index + 1 };
  }
  return undefined;
}
