export type { NatsCarrier } from './carrier.ts';
export type {
  MakeNatsHeaders,
  NatsClient,
  NatsHeaders,
  NatsJetStream,
  NatsMessage,
  NatsPubAck,
  NatsServerInfo,
  NatsSubscription,
} from './client.ts';
export { startNatsConsumer } from './consumer.ts';
export { type NatsSendSpan, startNatsProducer } from './producer.ts';
export { type MessageSpanOptions, NatsTracePropagator } from './trace-propagator.ts';
export { TracedJetStream } from './traced-jetstream.ts';
export {
  type NatsHandler,
  type NatsProcessSpan,
  TracedNats,
  type TracedNatsStats,
  type TraceNatsOptions,
  traceNats,
} from './traced-nats.ts';
