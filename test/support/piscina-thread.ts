/** The thread of a pool in piscina.test.ts: prices options, and hands its spans on as it is told. */
import { threadId, workerData } from 'node:worker_threads';
import { offerRelay, startTracing, tracedTask } from '@throughline/sdk';

export interface PriceTask {
  readonly strike: number;
  readonly bytes?: Uint8Array;
}

export interface Price {
  readonly value: number;
  readonly threadId: number;
  readonly bytes: Uint8Array | undefined;
}

/** How the thread's spans reach the receiver. */
export type Way = { readonly type: 'relay' } | { readonly type: 'own'; readonly endpoint: string };

const way: Way = workerData;

const tracing = startTracing({
  serviceName: 'pricing',
  enabled: true,
  delayMs: 20,
  ...(way.type === 'relay' ? { relay: offerRelay() } : { endpoint: way.endpoint }),
});

export default tracedTask(tracing, 'price', async (task: PriceTask): Promise<Price> => {
  if (task.strike < 0) throw new RangeError('a strike is not negative');
  const value = await tracing.tracer.startActiveSpan('model', async (span) => {
    span.setAttribute('thread.id', threadId);
    // Both threads are to get some of the tasks.
    await new Promise((resolve) => setTimeout(resolve, 1));
    span.end();
    return task.strike * 2;
  });
  return { value, threadId, bytes: task.bytes };
});
