// What a growing store costs: it is filled with the reference system's spans (orders with begins, batches
// with links, fills and ends), each order with ids of its own, through the receiver at full speed. At each
// size: a trace by its id, an order by its key, a page of 50 orders, on a server that has nothing else to do;
// the CPU time of the last million spans; the bytes of a span on disk. Linux. About 10 minutes for
// 20 million. Run: node bench/store-growth.ts [--millions 1,5,10,20] [--in-flight 8] [--json]
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { dataFolder } from './support/collectors/collector.ts';
import { storedIn } from './support/collectors/throughline.ts';
import { type Growth, growthTable } from './support/growth-table.ts';
import { cpuSeconds, folderBytes, peakBytes, untilIdle } from './support/process-cost.ts';
import { type Recording, recordOrders, saveRecording, templatesOf } from './support/recording.ts';
import { renewalOf, renewedText, renewedTraceId } from './support/request-template.ts';
import { type SendTask, sendSpans } from './support/send-spans.ts';
import { startServer } from './support/server.ts';

const RECORDED_ORDERS = 500;
const CONNECTIONS = 4;
const ASKS = 60;
const MILLION = 1e6;
const MIB = 2 ** 20;

const { values: options } = parseArgs({
  options: {
    millions: { type: 'string', default: '1,5,10,20' },
    'in-flight': { type: 'string', default: '8' },
    json: { type: 'boolean', default: false },
  },
});
const recording = await recordOrders(RECORDED_ORDERS);
const templates = templatesOf(recording);
const spansPerRound = templates.reduce((sum, { spanCount }) => sum + spanCount, 0);
const folder = dataFolder();
const recordingPath = join(folder.path, 'recording.json');
const seed = randomBytes(8).toString('hex');
const sizes = options.millions.split(',').map((millions) => Number(millions) * MILLION);
// As if the last order were sent now.
const rounds = BigInt(Math.ceil(Math.max(...sizes) / spansPerRound));
const startNs = BigInt(Date.now()) * 1_000_000n - rounds * recording.lengthNs;
const server = await startServer(['serve', '--max-disk', '100GB']);
const enginePid = (await server.status()).engine.pid ?? 0;
const growths: Growth[] = [];
let spans = 0;
let round = 0;
try {
  saveRecording(recordingPath, recording);
  for (const size of sizes) {
    await fill(size - MILLION);
    growths.push(await measure(size));
  }
  const memory = { server: peakBytes(server.pid) / MIB, engine: peakBytes(enginePid) / MIB };
  await server.stop();
  const { tables } = await storedIn(server.folder);
  const result = { growths, memory, tables };
  process.stdout.write(`${options.json ? JSON.stringify(result) : growthTable(result)}\n`);
} finally {
  await server.close();
  folder.remove();
}

/** Sends whole recordings until so many spans are stored. */
async function fill(untilSpans: number): Promise<void> {
  const count = Math.ceil((untilSpans - spans) / spansPerRound);
  if (count <= 0) return;
  const task: SendTask = {
    protocol: 'otlp-http',
    endpoint: server.otlpHttp,
    recording: recordingPath,
    seed,
    startNs: `${startNs}`,
    inFlight: Number(options['in-flight']),
    connections: CONNECTIONS,
    rounds: { from: round, until: round + count },
  };
  const sent = await sendSpans(task);
  spans += sent.spans;
  round += count;
  while ((await server.status()).journal.bytes > 0) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function measure(size: number): Promise<Growth> {
  const before = { spans, server: cpuSeconds(server.pid), engine: cpuSeconds(enginePid) };
  const startMs = performance.now();
  await fill(size);
  const seconds = (performance.now() - startMs) / 1_000;
  const added = spans - before.spans;
  const perSpanUs = (pid: number, cpuBefore: number) =>
    ((cpuSeconds(pid) - cpuBefore) / added) * 1e6;
  const cpuUsPerSpan = {
    server: perSpanUs(server.pid, before.server),
    engine: perSpanUs(enginePid, before.engine),
  };
  await untilIdle(enginePid);
  const engineCpuUsPerSpanInAll = (cpuSeconds(enginePid) / spans) * 1e6;
  return {
    spans,
    spansPerSecond: added / seconds,
    cpuUsPerSpan,
    engineCpuUsPerSpanInAll,
    asksMs: await ask(recording),
    bytesPerSpan: folderBytes(join(server.folder, 'clickhouse')) / spans,
  };
}

/** Each about another trace or order, of any age. */
async function ask({ orders, runs }: Recording): Promise<Record<string, number[]>> {
  const renewals = Array.from({ length: ASKS }, (_, index) =>
    renewalOf(seed, Math.floor((index * round) / ASKS), runs.length),
  );
  const traces = renewals.map((renewal, index) => {
    const { traceIds } = templates[(index * 7) % templates.length] ?? {};
    const traceId = traceIds?.[(index * 37) % traceIds.length] ?? Buffer.alloc(16);
    return renewedTraceId(traceId, renewal);
  });
  const keys = renewals.map((renewal, index) => {
    const { userId = '', orderId = '' } = orders[(index * 17) % orders.length] ?? {};
    return `${userId}/${renewedText(orderId, runs, renewal)}`;
  });
  return {
    'trace by id': await timesMs(traces.map((id) => `/api/traces/${id}`)),
    'trace by id, with what links to it': await timesMs(
      traces.map((id) => `/api/traces/${id}?format=throughline`),
    ),
    'order by key': await timesMs(keys.map((key) => `/api/lifecycles/order/${key}`)),
    'page of 50 orders': await timesMs(keys.map(() => '/api/lifecycles?limit=50')),
  };
}

async function timesMs(paths: readonly string[]): Promise<number[]> {
  const times: number[] = [];
  for (const path of paths) {
    const startMs = performance.now();
    const response = await fetch(`${server.ui}${path}`);
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
    times.push(performance.now() - startMs);
  }
  return times;
}
