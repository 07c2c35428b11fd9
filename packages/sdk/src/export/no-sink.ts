import type { BatchSink, ExportOutcome } from './batch-sink.ts';
import type { SpanBatch } from './span-batch.ts';

/** For a service without an exporter: whatever it has is taken at once, and goes nowhere. */
export class NoSink implements BatchSink {
  readonly destination = 'nowhere';

  send(_batch: SpanBatch, settle: (outcome: ExportOutcome) => void): void {
    settle({ status: 'exported', rejected: 0 });
  }

  poll(): void {}

  close(): void {}
}
