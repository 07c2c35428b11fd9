import { parentPort } from 'node:worker_threads';
import type { ThreadReceiver, TracedChannelMessage, Tracing, TracingStats } from '@throughline/sdk';

/** A service that works through its messages one after the other, in a thread of its own. */
export interface SynchronousService<Event> {
  receive(message: TracedChannelMessage<Event>): void;
  /**
   * Does what is due by time.
   *
   * @returns milliseconds until something is due again; Infinity: nothing is
   */
  runDue(): number;
  /** All senders have closed: whatever is left goes now. */
  close?(): void;
}

/** What a worker tells the thread that started it. */
export type WorkerReport =
  | { readonly type: 'ready' }
  | { readonly type: 'failure'; readonly error: unknown }
  | { readonly type: 'stats'; readonly tracing: TracingStats; readonly failures: number };

/** Spans are handed to the relay when nothing has come for so long. */
const IDLE_MS = 100;
const REPORT_INTERVAL_MS = 1_000;
const SHUTDOWN_TIMEOUT_MS = 2_000;

/**
 * Runs the service until its channel is closed: a truly synchronous loop, which blocks this thread
 * while it waits and never returns to the event loop in between. A message that cannot be processed
 * is counted and reported; the loop goes on with the next.
 */
export async function runSynchronously<Event>(
  inbox: ThreadReceiver<Event>,
  service: SynchronousService<Event>,
  tracing: Tracing,
): Promise<void> {
  let failures = 0;
  let reportedMs = performance.now();
  report({ type: 'ready' });
  while (!inbox.isClosed) {
    const message = inbox.receive(Math.min(IDLE_MS, service.runDue()));
    if (!message) {
      tracing.flushSync();
    } else {
      try {
        service.receive(message);
      } catch (error) {
        failures += 1;
        report({ type: 'failure', error });
      }
    }
    if (performance.now() - reportedMs < REPORT_INTERVAL_MS) continue;
    reportedMs = performance.now();
    report({ type: 'stats', tracing: tracing.stats(), failures });
  }
  service.close?.();
  await tracing.shutdown(SHUTDOWN_TIMEOUT_MS);
  report({ type: 'stats', tracing: tracing.stats(), failures });
}

function report(message: WorkerReport): void {
  parentPort?.postMessage(message);
}
