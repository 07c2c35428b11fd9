import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  CompositePropagator,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { ATTR } from '@throughline/model';
import {
  injectIntoPayload,
  startConsumer,
  startProducer,
  startTracing,
  TRACE_HEADERS_FIELD,
} from '@throughline/sdk';

/** What carries a context beside a message. */
export type Headers = Record<string, string>;

/** Somebody who traces messages: each is sent and processed once, in a span of its own each time. */
export interface Contestant {
  /** Producer span, inject, extract, consumer span; both spans with the same six attributes. */
  message(index: number): Headers;
  /** A JSON payload with the headers in it instead of beside it. */
  payload(event: object, headers: Headers): object;
  flush(): Promise<unknown>;
}

export type ContestantName =
  | 'empty'
  | 'throughline'
  | 'throughline-compact'
  | 'stock'
  | 'stock-queue';

/** What becomes of a message's spans. */
export type Mode = 'sampled' | 'unsampled' | 'disabled';

/** Throughline's defaults, which `stock-queue` has too. Stock's own are 2,048 and 512. */
const QUEUE_SPANS_MAX = 131_072;
const BATCH_SPANS_MAX = 2_048;
const SERVICE_NAME = 'bench';
const SYSTEM = 'nats';
const DESTINATION = 'orders.new';

/** @param endpoint the base address of an OTLP/HTTP receiver */
export function startContestant(name: ContestantName, mode: Mode, endpoint: string): Contestant {
  switch (name) {
    case 'empty':
      return {
        message: () => ({}),
        payload: (event) => event,
        flush: async () => undefined,
      };
    case 'throughline':
      return startThroughline(mode, endpoint, 'tracecontext');
    case 'throughline-compact':
      return startThroughline(mode, endpoint, 'compact');
    case 'stock':
      return startStock(mode, endpoint, undefined);
    case 'stock-queue':
      return startStock(mode, endpoint, QUEUE_SPANS_MAX);
  }
}

function startThroughline(
  mode: Mode,
  endpoint: string,
  form: 'tracecontext' | 'compact',
): Contestant {
  const tracing = startTracing({
    serviceName: SERVICE_NAME,
    endpoint,
    enabled: mode !== 'disabled',
    samplingRate: mode === 'unsampled' ? 0 : 1,
    propagators: [form, 'baggage'],
    log: () => undefined,
  });
  const endpointOf = { system: SYSTEM, destination: DESTINATION };
  return {
    message(index) {
      // The two ids are baggage, which becomes attributes of both spans.
      const send = startProducer(tracing, 'send orders.new', {
        ...endpointOf,
        context: ROOT_CONTEXT,
        businessIds: {
          [ATTR.userId]: `user-${index % 20}`,
          [ATTR.clientOrderId]: `order-${index}`,
        },
      });
      const carrier: Headers = {};
      tracing.propagator.inject(send.context, carrier);
      send.end();
      startConsumer(tracing, 'process orders.new', { ...endpointOf, carrier }).end();
      return carrier;
    },
    payload: (event, headers) =>
      injectIntoPayload(
        tracing,
        event,
        tracing.propagator.extract(ROOT_CONTEXT, headers),
      ) as object,
    flush: () => tracing.flush(30_000),
  };
}

/** OpenTelemetry's own SDK as its documentation sets it up. Disabled, it is not there: only its API. */
function startStock(mode: Mode, endpoint: string, maxQueueSize: number | undefined): Contestant {
  const provider =
    mode === 'disabled' ? undefined : startStockProvider(mode, endpoint, maxQueueSize);
  const tracer = trace.getTracer('bench');
  return {
    message: (index) => stockMessage(tracer, index),
    payload: (event, headers) => ({ ...event, [TRACE_HEADERS_FIELD]: headers }),
    // What could not be flushed is counted as lost, as everything that does not arrive.
    flush: async () => provider?.forceFlush({ timeoutMillis: 30_000 }).catch(() => undefined),
  };
}

function startStockProvider(
  mode: Mode,
  endpoint: string,
  maxQueueSize: number | undefined,
): TracerProvider {
  const url = `${endpoint}/v1/traces`;
  // A flush exports the whole queue at once, beside the batch under way. The exporter's default is 30.
  const exporter = new OTLPTraceExporter(
    maxQueueSize === undefined
      ? { url }
      : { url, concurrencyLimit: Math.ceil(maxQueueSize / BATCH_SPANS_MAX) + 1 },
  );
  const processor = new BatchSpanProcessor({
    exporter,
    ...(maxQueueSize === undefined ? {} : { maxQueueSize, maxExportBatchSize: BATCH_SPANS_MAX }),
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ [ATTR.serviceName]: SERVICE_NAME }),
    sampler: new ParentBasedSampler({
      root: new TraceIdRatioBasedSampler(mode === 'unsampled' ? 0 : 1),
    }),
    spanProcessors: [processor],
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(
    new CompositePropagator({
      propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
    }),
  );
  return provider;
}

function stockMessage(tracer: Tracer, index: number): Headers {
  const ids = { [ATTR.userId]: `user-${index % 20}`, [ATTR.clientOrderId]: `order-${index}` };
  const baggage = propagation.createBaggage({
    [ATTR.userId]: { value: ids[ATTR.userId] },
    [ATTR.clientOrderId]: { value: ids[ATTR.clientOrderId] },
  });
  const base = propagation.setBaggage(ROOT_CONTEXT, baggage);
  const send = tracer.startSpan(
    'send orders.new',
    { kind: SpanKind.PRODUCER, attributes: { ...attributesOf('send'), ...ids } },
    base,
  );
  const carrier: Headers = {};
  propagation.inject(trace.setSpan(base, send), carrier);
  send.end();
  const received = propagation.extract(ROOT_CONTEXT, carrier);
  const entries = propagation.getBaggage(received)?.getAllEntries() ?? [];
  const receivedIds = Object.fromEntries(entries.map(([key, { value }]) => [key, value]));
  const consumer = tracer.startSpan(
    'process orders.new',
    { kind: SpanKind.CONSUMER, attributes: { ...attributesOf('process'), ...receivedIds } },
    received,
  );
  consumer.end();
  return carrier;
}

function attributesOf(operation: string) {
  return {
    [ATTR.messagingSystem]: SYSTEM,
    [ATTR.messagingDestinationName]: DESTINATION,
    [ATTR.messagingOperationName]: operation,
    [ATTR.messagingOperationType]: operation,
  };
}
