export {
  createThreadChannel,
  type ThreadChannel,
  type ThreadReceiverEnd,
  type ThreadSenderEnd,
  unpackMessage,
} from './carrier.ts';
export {
  consumeWorker,
  type MessageSource,
  onTraced,
  startWorkerConsumer,
  ThreadReceiver,
} from './consumer.ts';
export {
  type MessageTarget,
  postTraced,
  startWorkerProducer,
  ThreadSender,
} from './producer.ts';
export { acceptRelays, offerRelay, type ThreadMessages } from './relay.ts';
export { type RunTracedOptions, runTraced, type TaskPool, tracedTask } from './task.ts';
