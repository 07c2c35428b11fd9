// One contestant of bench/memory.ts in a plain process of its own: stripped of its types, beside the
// packed sdk. Prints one line of JSON. Run by that program:
// node --expose-gc FILE BASE NAME ENDPOINT PID
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Attributes, Tracer } from '@opentelemetry/api';

export type ContestantName = 'empty' | 'throughline' | 'stock';

/** What else is in the process: nothing, or a client of NATS and a logger, as in a service. */
export type Base = 'bare' | 'service';

/** What a process holds after collecting garbage, in MiB. */
export interface Memory {
  readonly rss: number;
  /** Of it, what no other process shares: without Node's own code and data. Linux only. */
  readonly private: number;
  readonly heap: number;
  readonly buffers: number;
}

/** What a contestant's process prints. */
export interface Stages {
  /** Its modules are loaded. */
  readonly imported: Memory;
  /** Its tracing is started. */
  readonly started: Memory;
  /** It made spans and sent them. */
  readonly working: Memory;
  /** As many spans as that wait, because the receiver is away. */
  readonly queued: Memory;
}

/** As many as the sdk's bounds are compared by. */
const SPANS = 10_000;
const CHUNK = 100;
const SETTLE_MS = 20;
const COLLECTIONS = 4;
/** Stock's default, 2,048, would lose spans here. */
const QUEUE_SPANS_MAX = 131_072;
const BATCH_DELAY_MS = 1_500;

const [base, name, endpoint = '', receiver = ''] = process.argv.slice(2);
// Tracing does not hold the process, which has nothing else to do while spans wait.
setInterval(() => undefined, 1_000);
if ((base as Base) === 'service') {
  await import('@nats-io/transport-node');
  await import('pino');
}
await memory();
const start = await load(name as ContestantName);
const imported = await memory();
const tracer = start();
const started = await memory();
await makeSpans();
const working = await memory();
process.kill(Number(receiver));
await makeSpans();
const stages: Stages = { imported, started, working, queued: await memory() };
process.stdout.write(`${JSON.stringify(stages)}\n`, () => process.exit());

async function load(contestant: ContestantName): Promise<() => Tracer | undefined> {
  if (contestant === 'throughline') {
    const { startTracing } = await import('@throughline/sdk');
    const log = () => undefined;
    return () => startTracing({ endpoint, queueSpansMax: QUEUE_SPANS_MAX, log }).tracer;
  }
  if (contestant === 'stock') {
    const { context, propagation } = await import('@opentelemetry/api');
    const { AsyncLocalStorageContextManager } = await import('@opentelemetry/context-async-hooks');
    const { W3CTraceContextPropagator } = await import('@opentelemetry/core');
    const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto');
    const { defaultResource } = await import('@opentelemetry/resources');
    const { BatchSpanProcessor, TracerProvider } = await import('@opentelemetry/sdk-trace');
    return () => {
      context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
      propagation.setGlobalPropagator(new W3CTraceContextPropagator());
      const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces` });
      const processor = new BatchSpanProcessor({ exporter, maxQueueSize: QUEUE_SPANS_MAX });
      const resource = defaultResource();
      return new TracerProvider({ resource, spanProcessors: [processor] }).getTracer('bench');
    };
  }
  return () => undefined;
}

/** Each with six attributes; and time for what is not full to be sent. */
async function makeSpans(): Promise<void> {
  for (let index = 0; index < SPANS; index += 1) {
    const attributes = attributesOf(index);
    tracer?.startSpan('process orders.new', { attributes }).end();
    if (index % CHUNK === 0) await sleep(1);
  }
  await sleep(BATCH_DELAY_MS);
}

function attributesOf(index: number): Attributes {
  return {
    'messaging.system': 'nats',
    'messaging.destination.name': 'orders.new',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'user.id': `user-${index % 20}`,
    'client.order_id': `order-${index}`,
  };
}

async function memory(): Promise<Memory> {
  for (let round = 0; round < COLLECTIONS; round += 1) {
    globalThis.gc?.();
    await sleep(SETTLE_MS);
  }
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return {
    rss: rss / 2 ** 20,
    private: privateMiB(),
    heap: heapUsed / 2 ** 20,
    buffers: arrayBuffers / 2 ** 20,
  };
}

function privateMiB(): number {
  if (process.platform !== 'linux') return Number.NaN;
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
