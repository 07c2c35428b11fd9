import type { SpanBatch } from './span-batch.ts';

/**
 * What became of a batch. `exported`: the receiver took the request; `rejected` of its spans not
 * for good. `failed`: it will never take it. `retryable`: it may take it later, and has asked not
 * to be sent anything for `afterMs`.
 */
export type ExportOutcome =
  | { readonly status: 'exported'; readonly rejected: number; readonly message?: string }
  | { readonly status: 'failed'; readonly reason: string }
  | {
      readonly status: 'retryable';
      readonly reason: string;
      readonly afterMs?: number | undefined;
    };

/**
 * Where batches go: over HTTP, or to another thread. A sink never throws and settles every batch
 * exactly once, by a callback rather than a promise: a thread in a synchronous loop runs no
 * promises. It tries once: what is tried again, and when, is decided by the queue.
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
