export {
  ATTR,
  BAGGAGE_KEYS,
  type ErrorCode,
  LINK_TYPE,
  type LinkType,
  MESSAGING_SYSTEM,
  ThroughlineError,
} from '@throughline/model/names';
export {
  type ChannelOptions,
  type ChannelWaitOptions,
  type ConsumeChannelOptions,
  consumeChannel,
  startChannelConsumer,
  startChannelProducer,
  TracedChannel,
} from './adapters/channel/index.ts';
export {
  consumeKafkaBatch,
  consumeKafkaMessage,
  createKafkaHeadersWithTrace,
  extractTraceFromKafkaHeaders,
  type KafkaBatchOptions,
  type KafkaConsumerOptions,
  type KafkaHeaders,
  type KafkaHeaderType,
  type KafkaJsConsumer,
  type KafkaJsConsumerOptions,
  type KafkaJsProducer,
  type KafkaMessage,
  type KafkaOutgoingMessage,
  type KafkaProducerOptions,
  type MessageProcessing,
  type PlatformaticProducer,
  type PlatformaticProducerOptions,
  startKafkaConsumer,
  startKafkaProducer,
  type TracedKafkaJsConsumer,
  traceKafkaJsConsumer,
  traceKafkaJsProducer,
  tracePlatformaticProducer,
} from './adapters/kafka/index.ts';
export {
  type MakeNatsHeaders,
  type MessageSpanOptions,
  type NatsCarrier,
  type NatsClient,
  type NatsHandler,
  type NatsHeaders,
  type NatsJetStream,
  type NatsMessage,
  type NatsProcessSpan,
  type NatsPubAck,
  type NatsSendSpan,
  type NatsServerInfo,
  type NatsSubscription,
  NatsTracePropagator,
  startNatsConsumer,
  startNatsProducer,
  TracedJetStream,
  TracedNats,
  type TracedNatsStats,
  type TraceNatsOptions,
  traceNats,
} from './adapters/nats/index.ts';
export {
  type AnyWebSocket,
  type AnyWebSocketServer,
  type CloseInfo,
  type ConnectionOptions,
  clientContextLink,
  connectWebSocket,
  sendTraced,
  startWebSocketConsumer,
  startWebSocketProducer,
  type TextSocket,
  TracedWebSocket,
  type TraceWebSocketOptions,
  traceWebSocket,
  traceWebSocketServer,
  type UpgradeRequest,
  type WebSocketMessage,
  type WebSocketOptions,
  type WebSocketReceiveOptions,
  type WebSocketSendOptions,
} from './adapters/websocket/index.ts';
export {
  acceptRelays,
  consumeWorker,
  createThreadChannel,
  type MessageSource,
  type MessageTarget,
  offerRelay,
  onTraced,
  postTraced,
  type RunTracedOptions,
  runTraced,
  startWorkerConsumer,
  startWorkerProducer,
  type TaskPool,
  type ThreadChannel,
  type ThreadMessages,
  ThreadReceiver,
  type ThreadReceiverEnd,
  ThreadSender,
  type ThreadSenderEnd,
  tracedTask,
  unpackMessage,
} from './adapters/worker/index.ts';
export { type FanInMember, type FanInOptions, startFanIn } from './causality/fan-in.ts';
export { type FanOutOptions, type FanOutPart, startFanOut } from './causality/fan-out.ts';
export { type LinkSource, type TypedLink, toLink } from './causality/link.ts';
export type { LinkedRootOptions } from './causality/linked-root.ts';
export { type MatchOptions, startMatch } from './causality/match.ts';
export { type NatsKv, natsKvBackend } from './causality/nats-kv-backend.ts';
export { type RedisClient, redisBackend } from './causality/redis-backend.ts';
export {
  type RegistryOptions,
  type RegistryStats,
  registryKey,
  SpanContextRegistry,
} from './causality/registry.ts';
export type {
  BackendOptions,
  BackendWrite,
  RegistryBackend,
} from './causality/registry-backend.ts';
export {
  SharedRegistry,
  type SharedRegistryOptions,
  type SharedRegistryStats,
} from './causality/shared-registry.ts';
export type { DroppedSpans, ExportStats } from './export/export-queue.ts';
export { relaySpans } from './export/relay.ts';
export type { InstrumentationName } from './instrumentation/names.ts';
export { type LogCorrelation, pinoMixin } from './logs/pino-mixin.ts';
export type { ProcessMessage } from './messaging/batch.ts';
export { type ConsumerOptions, consume, startConsumer } from './messaging/consumer.ts';
export { packMessage, type TracedChannelMessage } from './messaging/message.ts';
export type { MessageCounts } from './messaging/message-counts.ts';
export {
  type MessagingEndpoint,
  messagingAttributes,
  type ProducerOptions,
  startProducer,
} from './messaging/producer.ts';
export { metricsText, metricsTextByService } from './metrics/metrics-text.ts';
export { AttributeRedactor } from './privacy/attribute-redactor.ts';
export { capText, redact, redactedText, redactText } from './privacy/redaction.ts';
export { REDACTION_RULES, type RedactionRules } from './privacy/redaction-rules.ts';
export { untrustedContextLink } from './privacy/trust-boundary.ts';
export { withoutPropagation } from './privacy/withheld-context.ts';
export { type BusinessIds, withBusinessIds } from './propagation/business-ids.ts';
export type { Carrier } from './propagation/carrier.ts';
export {
  extractContextFromCarrier,
  injectCurrentContext,
  withBaggage,
} from './propagation/current-context.ts';
export {
  type ExtractedPayload,
  extractFromPayload,
  injectIntoPayload,
  TRACE_HEADERS_FIELD,
} from './propagation/payload.ts';
export {
  type CarrierPropagator,
  createPropagator,
  type ExtractedContext,
  type PropagationForm,
  type PropagatorOptions,
} from './propagation/propagator.ts';
export type { SamplerName } from './sampling/create-sampler.ts';
export type { PropagatorName, TracingOptions } from './tracing/config.ts';
export { currentTracing } from './tracing/current-tracing.ts';
export type { ExporterTls } from './tracing/exporter-config.ts';
export { getTracer, type TracerHelper } from './tracing/get-tracer.ts';
export type { SpanLimits } from './tracing/span-limits.ts';
export { spanTime } from './tracing/span-time.ts';
export { startTracing } from './tracing/start-tracing.ts';
export {
  runInSpan,
  type SpanOutcome,
  type StartedSpan,
  startedSpan,
} from './tracing/started-span.ts';
export { type TracedDecorator, type TracedOptions, traced } from './tracing/traced.ts';
export type { Tracing, TracingStats } from './tracing/tracing.ts';
