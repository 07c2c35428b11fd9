import type { SpanBatch } from './span-batch.ts';

/**
 * What became of a batch. `rejected`: spans that the receiver took in the request, but not for
 * good.
 */
export type ExportOutcome =
  | { readonly status: 'exported'; readonly rejected: number }
  | { readonly status: 'failed'; readonly reason: string };

/**
 * Where batches go: over HTTP, or to another thread. A sink never throws and settles every batch
 * exactly once, by a callback rather than a promise: a thread in a synchronous loop runs no
 * promises.
 */
export interface BatchSink {
  /** Shown in logs. */
  readonly destination: string;
  send(batch: SpanBatch, settle: (outcome: ExportOutcome) => void): void;
  /** Settles what can be settled without the event loop. */
  poll(): void;
  /** Gives up what is under way and lets go of sockets and timers. */
  close(): void;
}
