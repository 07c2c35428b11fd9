// The thread of order-manager: a synchronous loop over the channel of received orders.
import { type MessagePort, workerData } from 'node:worker_threads';
import {
  startTracing,
  ThreadReceiver,
  type ThreadReceiverEnd,
  ThreadSender,
  type ThreadSenderEnd,
  type TracingOptions,
} from '@throughline/sdk';
import type { BatcherOptions } from '../domain/batcher.ts';
import type { AlgorithmInput, OrderReceived } from '../events.ts';
import { runSynchronously } from '../synchronous-loop.ts';
import { OrderManager } from './order-manager.ts';

export interface OrderManagerWorkerData extends BatcherOptions {
  readonly runId: string;
  readonly inbox: ThreadReceiverEnd;
  readonly algorithm: ThreadSenderEnd;
  readonly relay: MessagePort;
  readonly tracing: TracingOptions;
}

const data: OrderManagerWorkerData = workerData;
const tracing = startTracing({
  ...data.tracing,
  serviceName: 'order-manager',
  relay: data.relay,
});
const algorithm = new ThreadSender<AlgorithmInput>(tracing, data.algorithm);
const manager = new OrderManager(tracing, {
  runId: data.runId,
  membersMax: data.membersMax,
  lingerNs: data.lingerNs,
  send: (event, context) => algorithm.send(event, context),
});
await runSynchronously(new ThreadReceiver<OrderReceived>(data.inbox), manager, tracing);
algorithm.close();
