import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { BatchSink, ExportOutcome } from './batch-sink.ts';
import type { SpanBatch } from './span-batch.ts';

const CLOSED: ExportOutcome = { status: 'failed', reason: 'the other thread is gone' };

/**
 * Hands batches to a thread whose event loop is free, which exports them ({@link relaySpans}). All
 * of it is synchronous, so it works in a thread that never returns to its event loop. A batch
 * counts as exported once the other thread has answered for it; from then on that thread counts it.
 */
export class RelaySink implements BatchSink {
  readonly destination = 'another thread';
  readonly #port: MessagePort;
  /** Answers come in the order of the batches. */
  #settles: ((outcome: ExportOutcome) => void)[] = [];
  #isClosed = false;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', () => this.#settleNext());
    port.on('close', () => this.#onClose());
    port.unref();
  }

  send(batch: SpanBatch, settle: (outcome: ExportOutcome) => void): void {
    if (this.#isClosed) {
      settle(CLOSED);
      return;
    }
    this.poll();
    this.#settles.push(settle);
    this.#port.postMessage(batch, [batch.bytes.buffer]);
  }

  poll(): void {
    while (receiveMessageOnPort(this.#port)) this.#settleNext();
  }

  close(): void {
    this.poll();
  }

  #settleNext(): void {
    this.#settles.shift()?.({ status: 'exported', rejected: 0 });
  }

  /** What the other thread took, it answered for before this event. */
  #onClose(): void {
    this.#isClosed = true;
    const settles = this.#settles;
    this.#settles = [];
    for (const settle of settles) settle(CLOSED);
  }
}
