/** A batch on its way out: an OTLP `ExportTraceServiceRequest` in protobuf, and how many spans it holds. */
export interface SpanBatch {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly spans: number;
}
