export interface PartialSuccess {
  readonly rejectedSpans: number;
  /** Why, in the receiver's words; may be empty. */
  readonly message: string;
}

const NOTHING_REJECTED: PartialSuccess = { rejectedSpans: 0, message: '' };
/** Of `ExportTraceServiceResponse`, and of its `ExportTracePartialSuccess`. */
const PARTIAL_SUCCESS = 1;
const REJECTED_SPANS = 1;
const ERROR_MESSAGE = 2;
const MESSAGE_CHARS_MAX = 200;

/**
 * Reads an OTLP `ExportTraceServiceResponse` in protobuf. One that cannot be read does not undo a
 * success: then nothing was rejected.
 */
export function readPartialSuccess(response: Uint8Array): PartialSuccess {
  const partial = readFields(response)?.get(PARTIAL_SUCCESS);
  const fields = partial instanceof Uint8Array ? readFields(partial) : undefined;
  const rejected = fields?.get(REJECTED_SPANS);
  const message = fields?.get(ERROR_MESSAGE);
  // More than this is a negative number, or nonsense.
  if (typeof rejected !== 'number' || rejected > Number.MAX_SAFE_INTEGER) return NOTHING_REJECTED;
  return {
    rejectedSpans: rejected,
    message: message instanceof Uint8Array ? loggable(message) : '',
  };
}

/**
 * The fields of a protobuf message (protobuf.dev, Encoding) that are varints or length-delimited;
 * of several with one number the last. @returns `undefined` when it is malformed
 */
function readFields(bytes: Uint8Array): Map<number, number | Uint8Array> | undefined {
  const fields = new Map<number, number | Uint8Array>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 63; scale *= 128) {
      const byte = bytes[at] ?? 0;
      at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    return Number.POSITIVE_INFINITY;
  };
  while (at < bytes.length) {
    const tag = varint();
    const wireType = tag % 8;
    if (wireType === 0) fields.set(Math.floor(tag / 8), varint());
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else if (wireType === 2) {
      const length = varint();
      fields.set(Math.floor(tag / 8), bytes.subarray(at, at + length));
      at += length;
    } else return undefined;
  }
  return at === bytes.length ? fields : undefined;
}

/** One line of bounded length. */
function loggable(text: Uint8Array): string {
  return new TextDecoder()
    .decode(text)
    .replace(/[\p{C}\s]+/gu, ' ')
    .slice(0, MESSAGE_CHARS_MAX);
}
