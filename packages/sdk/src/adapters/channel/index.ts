export { type ChannelOptions, type ChannelWaitOptions, TracedChannel } from './carrier.ts';
export {
  type ConsumeChannelOptions,
  consumeChannel,
  startChannelConsumer,
} from './consumer.ts';
export { startChannelProducer } from './producer.ts';
