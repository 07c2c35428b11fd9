export {
  startChannelConsumer,
  startChannelProducer,
  TracedChannel,
} from './adapters/channel/index.ts';
export {
  clientContextLink,
  type ExtractedPayload,
  extractFromPayload,
  injectIntoPayload,
  sendTraced,
  startWebSocketConsumer,
  startWebSocketProducer,
  type TextSocket,
  TRACE_HEADERS_FIELD,
} from './adapters/websocket/index.ts';
export {
  createThreadChannel,
  onTraced,
  postTraced,
  startWorkerConsumer,
  startWorkerProducer,
  type ThreadChannel,
  ThreadReceiver,
  type ThreadReceiverEnd,
  ThreadSender,
  type ThreadSenderEnd,
} from './adapters/worker/index.ts';
export { type FanInMember, type FanInOptions, startFanIn } from './causality/fan-in.ts';
export { type FanOutOptions, type FanOutPart, startFanOut } from './causality/fan-out.ts';
export { type LinkSource, type TypedLink, toLink } from './causality/link.ts';
export type { LinkedRootOptions } from './causality/linked-root.ts';
export { type MatchOptions, startMatch } from './causality/match.ts';
export {
  type RegistryOptions,
  type RegistryStats,
  registryKey,
  SpanContextRegistry,
} from './causality/registry.ts';
export type { DroppedSpans, ExportStats } from './export/export-queue.ts';
export { relaySpans } from './export/relay.ts';
export { type ConsumerOptions, consume, startConsumer } from './messaging/consumer.ts';
export { packMessage, type TracedChannelMessage } from './messaging/message.ts';
export type { MessageCounts } from './messaging/message-counts.ts';
export {
  type MessagingEndpoint,
  messagingAttributes,
  type ProducerOptions,
  startProducer,
} from './messaging/producer.ts';
export {
  capText,
  KeyRedactor,
  REDACTION_RULES,
  type RedactionRules,
  redact,
  redactedText,
  redactText,
} from './privacy/redaction.ts';
export { untrustedContextLink } from './privacy/trust-boundary.ts';
export { type BusinessIds, withBusinessIds } from './propagation/business-ids.ts';
export type { Carrier } from './propagation/carrier.ts';
export type { CarrierPropagator, ExtractedContext } from './propagation/propagator.ts';
export type { TracingOptions } from './tracing/config.ts';
export { currentTracing } from './tracing/current-tracing.ts';
export { spanTime } from './tracing/precise-tracer.ts';
export { startTracing } from './tracing/start-tracing.ts';
export {
  runInSpan,
  type SpanOutcome,
  type StartedSpan,
  startedSpan,
} from './tracing/started-span.ts';
export { type TracedOptions, traced } from './tracing/traced.ts';
export type { Tracing, TracingStats } from './tracing/tracing.ts';
