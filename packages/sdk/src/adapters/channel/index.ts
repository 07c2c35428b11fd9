export { TracedChannel } from './carrier.ts';
export { startChannelConsumer } from './consumer.ts';
export { startChannelProducer } from './producer.ts';
