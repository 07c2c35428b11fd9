import { ProxyTracerProvider } from '@opentelemetry/api';
import { RegistrySet } from '../causality/registry-set.ts';
import { createMessageCounts } from '../messaging/message-counts.ts';
import { noopPropagator } from '../propagation/propagator.ts';
import type { TracingConfig } from './config.ts';
import type { Tracing } from './tracing.ts';

/** The service behaves as if there were no tracing: every call works and does nothing. */
export function disabledTracing(config: TracingConfig): Tracing {
  const registries = new RegistrySet();
  const messageCounts = createMessageCounts();
  return {
    enabled: false,
    serviceName: config.serviceName,
    // A proxy without a provider behind it, which OpenTelemetry gives a tracer that does nothing.
    tracer: new ProxyTracerProvider().getTracer('disabled'),
    propagator: noopPropagator,
    linkCountLimit: config.linkCountLimit,
    exportQueue: undefined,
    messageCounts,
    createRegistry: (options) => registries.create(options),
    stats: () => ({
      started: 0,
      ended: 0,
      exported: 0,
      dropped: { queueFull: 0, exportFailed: 0, rejected: 0, shutdown: 0 },
      queued: 0,
      relayed: 0,
      messages: { ...messageCounts },
      registries: registries.stats(),
    }),
    flush: async () => true,
    flushSync: () => undefined,
    shutdown: async () => true,
  };
}
