export {
  createThreadChannel,
  type ThreadChannel,
  type ThreadReceiverEnd,
  type ThreadSenderEnd,
} from './carrier.ts';
export { onTraced, startWorkerConsumer, ThreadReceiver } from './consumer.ts';
export { postTraced, startWorkerProducer, ThreadSender } from './producer.ts';
