import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { RegistrySet } from '../causality/registry-set.ts';
import type { BatchSink } from '../export/batch-sink.ts';
import { ExportQueue } from '../export/export-queue.ts';
import { NoSink } from '../export/no-sink.ts';
import { OtlpSink } from '../export/otlp-sink.ts';
import { RelaySink } from '../export/relay-sink.ts';
import { SpanBatcher } from '../export/span-batcher.ts';
import { startInstrumentations } from '../instrumentation/start-instrumentations.ts';
import { createMessageCounts } from '../messaging/message-counts.ts';
import { startMetricsServer } from '../metrics/metrics-server.ts';
import { AttributeRedactor } from '../privacy/attribute-redactor.ts';
import { BaggageAllowList } from '../privacy/baggage-allow-list.ts';
import { createSampler } from '../sampling/create-sampler.ts';
import { readTracingConfig, type TracingConfig, type TracingOptions } from './config.ts';
import { becomeCurrent } from './current-tracing.ts';
import { disabledTracing } from './disabled-tracing.ts';
import { GlobalPropagator } from './global-propagator.ts';
import { SDK_NAME, SDK_VERSION, serviceResource } from './resource.ts';
import { servicePropagator } from './service-propagator.ts';
import { ServiceTracerProvider } from './service-tracer-provider.ts';
import { clock } from './span-time.ts';
import type { Tracing } from './tracing.ts';

const FLUSH_TIMEOUT_MS = 5_000;
/** Batches under way at once. At 20 ms a round trip, four of 2,048 spans are 400,000 spans/s. */
const IN_FLIGHT_MAX = 4;
/** A batch that could not be delivered for so long is of no use any more. */
const RETRY_MS_MAX = 15 * 60_000;

/**
 * Starts the tracing of one service, from options, environment and defaults. Never throws and needs
 * no server: spans that cannot be sent are dropped, counted, and mentioned in one log line.
 */
export function startTracing(options: TracingOptions = {}): Tracing {
  const config = readTracingConfig(options);
  return config.enabled ? enabledTracing(config) : disabledTracing(config);
}

function enabledTracing(config: TracingConfig): Tracing {
  const queue = createQueue(config);
  const redactor = new AttributeRedactor(config.redaction, (line) =>
    config.log(`tracing: ${line}`),
  );
  const batcher = new SpanBatcher(queue, {
    resource: serviceResource(config),
    redactor,
    batchSpansMax: config.batchSpansMax,
    delayMs: config.delayMs,
    isSynchronous: config.relay !== undefined,
  });
  const allowList = new BaggageAllowList(config.baggageKeys);
  const propagator = servicePropagator(config.propagation, allowList);
  const provider = new ServiceTracerProvider({
    sampler: createSampler(config.sampler),
    allowList,
    trust: config.trust,
    clock,
    limits: config.limits,
    onStart: batcher.onStart,
    onEnd: batcher.onEnd,
  });
  useContextManager();
  const registries = new RegistrySet();
  const messageCounts = createMessageCounts();
  let release: (() => void) | undefined;
  let closeMetrics: (() => void) | undefined;
  const tracing: Tracing = {
    enabled: true,
    serviceName: config.serviceName,
    tracer: provider.getTracer(SDK_NAME, SDK_VERSION),
    propagator,
    redactor,
    linkCountLimit: config.limits.linkCountMax,
    exportQueue: queue,
    messageCounts,
    createRegistry: (registryOptions) => registries.create(registryOptions),
    createSharedRegistry: (backend, registryOptions) =>
      registries.createShared(backend, { log: config.log, ...registryOptions }),
    stats: () => ({
      started: batcher.started,
      ended: batcher.ended,
      linksDropped: batcher.linksDropped,
      queueSpansMax: config.queueSpansMax,
      queueBytesMax: config.queueBytesMax,
      ...queue.stats(),
      messages: { ...messageCounts },
      registries: registries.stats(),
    }),
    flush: (timeoutMs = FLUSH_TIMEOUT_MS) => queue.flush(timeoutMs),
    flushSync() {
      if (config.relay) queue.flushSync();
    },
    shutdown(timeoutMs = FLUSH_TIMEOUT_MS) {
      release?.();
      closeMetrics?.();
      return queue.shutdown(timeoutMs);
    },
  };
  if (config.global) release = useAsGlobal(tracing, provider, config);
  if (config.metrics) closeMetrics = startMetricsServer(tracing, config.metrics, config.log);
  return tracing;
}

function createQueue(config: TracingConfig): ExportQueue {
  const { relay, queueSpansMax, log } = config;
  const sink = createSink(config);
  // A relay is bounded by its spans alone: in a synchronous loop the answers come late.
  const inFlightMax = relay ? queueSpansMax : IN_FLIGHT_MAX;
  return new ExportQueue(sink, {
    queueSpansMax,
    queueBytesMax: config.queueBytesMax,
    inFlightMax,
    retryMsMax: RETRY_MS_MAX,
    subject: config.serviceName,
    log,
  });
}

function createSink(config: TracingConfig): BatchSink {
  if (config.relay) return new RelaySink(config.relay);
  if (config.exporter === 'none') return new NoSink();
  return new OtlpSink({
    url: config.tracesUrl,
    headers: config.headers,
    compression: config.compression,
    tls: config.tls,
    timeoutMs: config.exportTimeoutMs,
    inFlightMax: IN_FLIGHT_MAX,
  });
}

/** The one thing that a process has only one of. Another's context manager serves us as well. */
function useContextManager(): void {
  const probe = Symbol('context manager probe');
  const marked = context.active().setValue(probe, true);
  if (context.with(marked, () => context.active().getValue(probe) === true)) return;
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
}

/** The first tracing of a process serves the global API, until its shutdown. */
function useAsGlobal(
  tracing: Tracing,
  provider: ServiceTracerProvider,
  config: TracingConfig,
): (() => void) | undefined {
  const release = becomeCurrent(tracing);
  if (!release) return undefined;
  // Fails where another SDK serves the global API: then it goes on doing so.
  const isGlobal = trace.setGlobalTracerProvider(provider);
  if (isGlobal) {
    const { publicEndpoint } = config.trust;
    propagation.setGlobalPropagator(new GlobalPropagator(tracing.propagator, publicEndpoint));
  }
  const stop = startInstrumentations(config.instrumentations, provider, config.log);
  return () => {
    stop();
    release();
    if (!isGlobal) return;
    trace.disable();
    propagation.disable();
  };
}
