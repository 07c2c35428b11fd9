/**
 * The other thread of relay.test.ts: makes spans in a loop that never returns to its event loop.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { startTracing } from '../tracing/start-tracing.ts';

const { relay, done, count }: { relay: MessagePort; done: SharedArrayBuffer; count: number } =
  workerData;
const isDone = new Int32Array(done);
const tracing = startTracing({ serviceName: 'blocked', relay, batchSpansMax: 100, log() {} });

for (let index = 0; index < count; index += 1) tracing.tracer.startSpan(`span ${index}`).end();
// Idle: the loop waits for its next message, and hands over what it has.
while (tracing.stats().exported < count) {
  tracing.flushSync();
  if (Atomics.wait(isDone, 0, 0, 5) !== 'timed-out') break;
}
parentPort?.postMessage(tracing.stats());
