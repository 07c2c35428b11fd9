// The thread of order-manager: a synchronous loop over the channel of received orders.
import { type MessagePort, workerData } from 'node:worker_threads';
import type { Instruments } from '@throughline/instruments';
import {
  postTraced,
  startTracing,
  ThreadReceiver,
  type ThreadReceiverEnd,
  ThreadSender,
  type ThreadSenderEnd,
  type TracingOptions,
} from '@throughline/sdk';
import type { AlgorithmInput, OrderManagerInput } from '../events.ts';
import { runSynchronously } from '../synchronous-loop.ts';
import { OrderManager, type OrderManagerOptions } from './order-manager.ts';

export interface OrderManagerWorkerData
  extends Omit<OrderManagerOptions, 'instruments' | 'send' | 'tell'> {
  readonly instruments: Instruments;
  readonly inbox: ThreadReceiverEnd;
  readonly algorithm: ThreadSenderEnd;
  /** To the thread of wss-server. */
  readonly outbox: MessagePort;
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
  instruments: new Map(data.instruments),
  risk: data.risk,
  send: (event, context) => algorithm.send(event, context),
  tell: (event, context) => postTraced(tracing, data.outbox, event, context),
});
await runSynchronously(new ThreadReceiver<OrderManagerInput>(data.inbox), manager, tracing);
algorithm.close();
data.outbox.close();
