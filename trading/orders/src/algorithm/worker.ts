// The thread of algorithm: a synchronous loop over the channel of batches and executions.
import { type MessagePort, workerData } from 'node:worker_threads';
import type { Instruments } from '@throughline/instruments';
import {
  postTraced,
  startTracing,
  ThreadReceiver,
  type ThreadReceiverEnd,
  type TracingOptions,
} from '@throughline/sdk';
import type { AlgorithmInput } from '../events.ts';
import { runSynchronously } from '../synchronous-loop.ts';
import { Algorithm, type AlgorithmOptions } from './algorithm.ts';

export interface AlgorithmWorkerData
  extends Omit<AlgorithmOptions, 'instruments' | 'send' | 'now'> {
  readonly instruments: Instruments;
  readonly inbox: ThreadReceiverEnd;
  /** To the thread of wss-server and exchange-client. */
  readonly outbox: MessagePort;
  readonly relay: MessagePort;
  readonly tracing: TracingOptions;
}

const data: AlgorithmWorkerData = workerData;
const tracing = startTracing({ ...data.tracing, serviceName: 'algorithm', relay: data.relay });
const algorithm = new Algorithm(tracing, {
  instruments: new Map(data.instruments),
  openMsMax: data.openMsMax,
  sliceNotional: data.sliceNotional,
  venues: data.venues,
  allocation: data.allocation,
  orderIdPrefix: data.orderIdPrefix,
  send: (event, context) => postTraced(tracing, data.outbox, event, context),
});
await runSynchronously(new ThreadReceiver<AlgorithmInput>(data.inbox), algorithm, tracing);
data.outbox.close();
