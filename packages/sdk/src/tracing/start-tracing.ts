import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { RegistrySet } from '../causality/registry-set.ts';
import { ExportQueue } from '../export/export-queue.ts';
import { OtlpSink } from '../export/otlp-sink.ts';
import { RelaySink } from '../export/relay-sink.ts';
import { BoundedSpanProcessor } from '../export/span-processor.ts';
import { createMessageCounts } from '../messaging/message-counts.ts';
import { BaggageAllowList } from '../privacy/baggage-allow-list.ts';
import { BaggageSpanProcessor } from '../privacy/baggage-span-processor.ts';
import { RedactionSpanProcessor } from '../privacy/redaction-span-processor.ts';
import { StrictPropagator } from '../propagation/propagator.ts';
import { readTracingConfig, type TracingConfig, type TracingOptions } from './config.ts';
import { becomeCurrent } from './current-tracing.ts';
import { disabledTracing } from './disabled-tracing.ts';
import { PreciseTracerProvider } from './precise-tracer.ts';
import { RandomIdGenerator } from './random-id-generator.ts';
import { serviceResource } from './resource.ts';
import type { Tracing } from './tracing.ts';

const SCOPE_NAME = '@throughline/sdk';
const SCOPE_VERSION = '0.1.0';
const FLUSH_TIMEOUT_MS = 5_000;
/** Batches under way at once. At 20 ms a round trip, four of 512 spans are 100,000 spans/s. */
const IN_FLIGHT_MAX = 4;

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
  const processor = new BoundedSpanProcessor(queue, {
    batchSpansMax: config.batchSpansMax,
    delayMs: config.delayMs,
    timeoutMs: config.exportTimeoutMs,
    isSynchronous: config.relay !== undefined,
  });
  const allowList = new BaggageAllowList(config.baggageKeys);
  const propagator = new StrictPropagator(allowList);
  const provider = new PreciseTracerProvider(
    new TracerProvider({
      resource: serviceResource(config.serviceName, config.serviceVersion),
      sampler: createSampler(config.sampler),
      spanLimits: { linkCountLimit: config.linkCountLimit },
      idGenerator: new RandomIdGenerator(),
      spanProcessors: [
        new BaggageSpanProcessor(allowList),
        new RedactionSpanProcessor(config.redaction),
        processor,
      ],
    }),
  );
  useContextManager();
  const registries = new RegistrySet();
  const messageCounts = createMessageCounts();
  let release: (() => void) | undefined;
  const tracing: Tracing = {
    enabled: true,
    serviceName: config.serviceName,
    tracer: provider.getTracer(SCOPE_NAME, SCOPE_VERSION),
    propagator,
    linkCountLimit: config.linkCountLimit,
    exportQueue: queue,
    messageCounts,
    createRegistry: (registryOptions) => registries.create(registryOptions),
    stats: () => ({
      started: processor.started,
      ended: processor.ended,
      ...queue.stats(),
      messages: { ...messageCounts },
      registries: registries.stats(),
    }),
    flush: (timeoutMs = FLUSH_TIMEOUT_MS) => queue.flush(timeoutMs),
    flushSync: () => queue.flushSync(),
    shutdown(timeoutMs = FLUSH_TIMEOUT_MS) {
      release?.();
      return queue.shutdown(timeoutMs);
    },
  };
  if (config.global) release = useAsGlobal(tracing, provider);
  return tracing;
}

function createQueue(config: TracingConfig): ExportQueue {
  const { relay, queueSpansMax, log } = config;
  const sink = relay
    ? new RelaySink(relay)
    : new OtlpSink({
        url: config.tracesUrl,
        headers: config.headers,
        compression: config.compression,
        timeoutMs: config.exportTimeoutMs,
        inFlightMax: IN_FLIGHT_MAX,
      });
  // A relay is bounded by its spans alone: in a synchronous loop the answers come late.
  const inFlightMax = relay ? queueSpansMax : IN_FLIGHT_MAX;
  return new ExportQueue(sink, { queueSpansMax, inFlightMax, subject: config.serviceName, log });
}

function createSampler({ name, ratio, isParentBased }: TracingConfig['sampler']): Sampler {
  const root = {
    always_on: () => new AlwaysOnSampler(),
    always_off: () => new AlwaysOffSampler(),
    traceidratio: () => new TraceIdRatioBasedSampler(ratio),
  }[name]();
  return isParentBased ? new ParentBasedSampler({ root }) : root;
}

/** The one thing that a process has only one of. Another's context manager serves us as well. */
function useContextManager(): void {
  const probe = Symbol('context manager probe');
  const marked = context.active().setValue(probe, true);
  if (context.with(marked, () => context.active().getValue(probe) === true)) return;
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
}

/** The first tracing of a process serves the global API, until its shutdown. */
function useAsGlobal(tracing: Tracing, provider: PreciseTracerProvider): (() => void) | undefined {
  const release = becomeCurrent(tracing);
  if (!release) return undefined;
  // Fails where another SDK serves the global API: then it goes on doing so.
  const isGlobal = trace.setGlobalTracerProvider(provider);
  if (isGlobal) propagation.setGlobalPropagator(tracing.propagator);
  return () => {
    release();
    if (!isGlobal) return;
    trace.disable();
    propagation.disable();
  };
}
