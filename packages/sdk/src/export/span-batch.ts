import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

/**
 * A batch on its way out: an OTLP `ExportTraceServiceRequest` in protobuf, and how many spans it
 * holds.
 */
export interface SpanBatch {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly spans: number;
}

/**
 * @returns `undefined` when a span cannot be encoded: an exporter must not bring its service down
 */
export function encodeSpans(spans: ReadableSpan[]): SpanBatch | undefined {
  try {
    const bytes = ProtobufTraceSerializer.serializeRequest(spans);
    return bytes && { bytes: ownBytes(bytes), spans: spans.length };
  } catch {
    return undefined;
  }
}

/** Bytes in a buffer of their own, which may be transferred to another thread. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength;
  return isWhole ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}
