import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Tracing } from '../tracing/tracing.ts';
import type { SpanBatch } from './span-batch.ts';

/**
 * Takes over the spans of another thread, whose tracing was started with the other end of this port
 * as its `relay`, and sends them with this tracing's own. They count as `relayed` here. The port
 * does not keep the process alive, and is emptied by every flush.
 */
export function relaySpans(port: MessagePort, tracing: Tracing): void {
  const queue = tracing.exportQueue;
  const take = (batch: SpanBatch): void => {
    queue?.relay(batch);
    port.postMessage('taken');
  };
  const drain = (): void => {
    for (;;) {
      const received = receiveMessageOnPort(port);
      if (!received) return;
      take(received.message);
    }
  };
  port.on('message', take);
  port.unref();
  queue?.addSource(drain);
  port.on('close', () => queue?.removeSource(drain));
}
