// How many spans a second are acknowledged and stored over OTLP/HTTP and OTLP/gRPC, what each costs in CPU
// time, memory and disk, and how soon it can be read; beside others in the same run, where there are
// programs for them (collectors/jaeger.ts and collectors/opentelemetry.ts say how to build one). Linux.
// About 2 minutes for each of them and each protocol. Run: node bench/ingest.ts [--seconds 60]
//   [--spans plain|orders] [--protocols otlp-http,otlp-grpc] [--in-flight 8] [--rate SPANS_PER_SECOND]
//   [--json]
//   [--peer jaeger=PROGRAM] [--peer jaeger-os=PROGRAM] [--peer otelcol=PROGRAM]
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Collector, dataFolder } from './support/collectors/collector.ts';
import { startJaeger } from './support/collectors/jaeger.ts';
import { startOpenTelemetryCollector } from './support/collectors/opentelemetry.ts';
import { startThroughline } from './support/collectors/throughline.ts';
import { type IngestResult, ingestTable, mapValues, sum } from './support/ingest-table.ts';
import { Probe } from './support/probe.ts';
import { cpuSeconds, machineCpuSeconds, peakBytes, untilIdle } from './support/process-cost.ts';
import { plainRecording, recordOrders, saveRecording, templatesOf } from './support/recording.ts';
import { renewalOf, renewedTraceId } from './support/request-template.ts';
import { type Protocol, type SendTask, sendSpans } from './support/send-spans.ts';

const RECORDED_ORDERS = 500;
const CONNECTIONS = 4;
const READS = 50;

type Start = () => Promise<Collector>;

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    spans: { type: 'string', default: 'plain' },
    protocols: { type: 'string', default: 'otlp-http,otlp-grpc' },
    'in-flight': { type: 'string', default: '8' },
    rate: { type: 'string' },
    peer: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
  },
});
const recording =
  options.spans === 'orders' ? await recordOrders(RECORDED_ORDERS) : plainRecording();
const templates = templatesOf(recording);
const folder = dataFolder();
const recordingPath = join(folder.path, 'recording.json');
const results: IngestResult[] = [];
try {
  saveRecording(recordingPath, recording);
  for (const protocol of options.protocols.split(',') as Protocol[]) {
    for (const start of [startThroughline, ...options.peer.map(peerOf)]) {
      results.push(await measure(start, protocol));
    }
  }
} finally {
  folder.remove();
}
process.stdout.write(options.json ? `${JSON.stringify(results)}\n` : `${ingestTable(results)}\n`);

function peerOf(option: string): Start {
  const [name, program = ''] = option.split('=', 2);
  if (name === 'jaeger') return () => startJaeger(program, 'fsync');
  if (name === 'jaeger-os') return () => startJaeger(program, 'os');
  if (name === 'otelcol') return () => startOpenTelemetryCollector(program);
  throw new Error(`--peer ${option}: there are jaeger, jaeger-os and otelcol, =PROGRAM`);
}

async function measure(start: Start, protocol: Protocol): Promise<IngestResult> {
  const collector = await start();
  try {
    return await measureRunning(collector, protocol);
  } catch (error) {
    await collector.close();
    throw error;
  }
}

async function measureRunning(collector: Collector, protocol: Protocol): Promise<IngestResult> {
  const seed = randomBytes(8).toString('hex');
  const task: SendTask = {
    protocol,
    endpoint: protocol === 'otlp-http' ? collector.otlpHttp : collector.otlpGrpc,
    recording: recordingPath,
    seed,
    startNs: `${BigInt(Date.now()) * 1_000_000n}`,
    inFlight: Number(options['in-flight']),
    connections: CONNECTIONS,
    seconds: Number(options.seconds),
    ...(options.rate === undefined ? {} : { spansPerSecond: Number(options.rate) }),
  };
  const othersBefore = othersCpuSeconds(collector);
  const cpuBefore = cpuOf(collector);
  const probe = new Probe(collector);
  const sent = await sendSpans(task);
  const stoppedMs = performance.now();
  await collector.stored();
  const storedMs = sent.elapsedMs + performance.now() - stoppedMs;
  const cpuAfter = cpuOf(collector);
  const othersCpuS = othersCpuSeconds(collector) - othersBefore - sent.cpuS;
  await probe.stop();
  await Promise.all(Object.values(collector.pids).map(untilIdle));
  const cpuLater = cpuOf(collector);
  const stored = await collector.storedSpans();
  const readsMs = await reads(collector, (index) => {
    // From all over what was sent.
    const round = Math.floor(((sent.rounds - 1) * index) / READS);
    const { traceIds } = templates[index % templates.length] ?? {};
    const traceId = traceIds?.[(index * 37) % traceIds.length] ?? Buffer.alloc(16);
    return renewedTraceId(traceId, renewalOf(seed, round, recording.runs.length));
  });
  const peaks = mapValues(collector.pids, peakBytes);
  const { bytes, tables } = await collector.close();
  const perSpanUs = (seconds: number) => (seconds / sent.spans) * 1e6;
  const probes = probe.waitsMs.length + probe.missing;
  return {
    name: collector.name,
    protocol,
    sent,
    storedMs,
    spansLost: stored === undefined ? undefined : sent.spans + probes - stored,
    cpuUsPerSpan: mapValues(cpuAfter, (s, name) => perSpanUs(s - (cpuBefore[name] ?? 0))),
    peakBytes: peaks,
    laterCpuUsPerSpan: perSpanUs(sum(cpuLater) - sum(cpuAfter)),
    othersShare: othersCpuS / ((storedMs / 1_000) * availableParallelism()),
    bytesPerSpan: bytes / sent.spans,
    tables: mapValues(tables, (tableBytes) => tableBytes / sent.spans),
    waitsMs: probe.waitsMs,
    probesMissing: probe.missing,
    readsMs,
  };
}

async function reads(
  { spansOfTrace }: Collector,
  traceIdOf: (index: number) => string,
): Promise<number[]> {
  if (spansOfTrace === undefined) return [];
  const timesMs: number[] = [];
  for (let index = 0; index < READS; index += 1) {
    const traceId = traceIdOf(index);
    const startMs = performance.now();
    const spans = await spansOfTrace(traceId);
    timesMs.push(performance.now() - startMs);
    if (spans === 0) throw new Error(`trace ${traceId} was acknowledged and is not there`);
  }
  return timesMs;
}

/** Of processes that are neither the collector nor this one; the sender is among them. */
function othersCpuSeconds(collector: Collector): number {
  const { user, system } = process.cpuUsage();
  return machineCpuSeconds() - sum(cpuOf(collector)) - (user + system) / 1e6;
}

function cpuOf(collector: Collector): Record<string, number> {
  return mapValues(collector.pids, cpuSeconds);
}
