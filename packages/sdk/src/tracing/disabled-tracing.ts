import { type Context, INVALID_SPAN_CONTEXT, ProxyTracerProvider, trace } from '@opentelemetry/api';
import type { RegistryBackend } from '../causality/registry-backend.ts';
import { RegistrySet } from '../causality/registry-set.ts';
import { createMessageCounts } from '../messaging/message-counts.ts';
import { AttributeRedactor } from '../privacy/attribute-redactor.ts';
import { noopPropagator } from '../propagation/propagator.ts';
import type { TracingConfig } from './config.ts';
import type { MessageTracer } from './message-tracer.ts';
import type { Tracing } from './tracing.ts';

/** The service behaves as if there were no tracing: every call works and does nothing. */
export function disabledTracing(config: TracingConfig): Tracing {
  const registries = new RegistrySet();
  const messageCounts = createMessageCounts();
  return {
    enabled: false,
    serviceName: config.serviceName,
    tracer: noTracer(),
    propagator: noopPropagator,
    redactor: new AttributeRedactor(config.redaction),
    linkCountLimit: config.limits.linkCountMax,
    exportQueue: undefined,
    messageCounts,
    createRegistry: (options) => registries.create(options),
    createSharedRegistry: (_backend, options) => registries.createShared(noBackend, options),
    stats: () => ({
      started: 0,
      ended: 0,
      linksDropped: 0,
      queueSpansMax: config.queueSpansMax,
      queueBytesMax: config.queueBytesMax,
      exported: 0,
      dropped: { queueFull: 0, exportFailed: 0, rejected: 0, shutdown: 0 },
      queued: 0,
      queuedBytes: 0,
      relayed: 0,
      messages: { ...messageCounts },
      registries: registries.stats(),
    }),
    flush: async () => true,
    flushSync: () => undefined,
    shutdown: async () => true,
  };
}

const noBackend: RegistryBackend = {
  name: 'nothing',
  write: async () => undefined,
  read: async () => undefined,
};

/** A proxy without a provider behind it, which OpenTelemetry gives a tracer that does nothing. */
function noTracer(): MessageTracer {
  const tracer = new ProxyTracerProvider().getTracer('disabled');
  return Object.assign(tracer, {
    startLeftOut: () => trace.wrapSpanContext(INVALID_SPAN_CONTEXT),
    leaveOut: () => trace.wrapSpanContext(INVALID_SPAN_CONTEXT),
    startWith: (name: string, parent: Context) => tracer.startSpan(name, {}, parent),
  });
}
