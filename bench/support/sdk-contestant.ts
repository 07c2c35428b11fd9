// One contestant of bench/propagation.ts in a process of its own. Prints one line of JSON. Run by
// that program: node --expose-gc bench/support/sdk-contestant.ts NAME MODE ENDPOINT RATE:SECONDS...
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { type ContestantName, type Mode, startContestant } from './sdk-contestants.ts';
import { percentile } from './server.ts';

/** What one contestant did at one rate. */
export interface Phase {
  readonly rate: number;
  readonly messages: number;
  readonly cpuUsPerMessage: number;
  /** How late a timer of 1 ms was: what any other work of the service waits. */
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
  /** By `perf_hooks.monitorEventLoopDelay`, which counts its own interval of 1 ms in. */
  readonly loopDelayP99Ms: number;
  readonly spansReceived: number;
}

/** What the context of one message adds to it. */
export interface BytesAdded {
  /** Lines of NATS headers. */
  readonly headers: number;
  /** In a JSON payload. */
  readonly payload: number;
  /** In a JSON payload, if there is no baggage. */
  readonly payloadWithoutBaggage: number;
}

/** What a contestant's process prints. */
export interface Result {
  readonly phases: readonly Phase[];
  readonly bytes: BytesAdded;
  /** The most that the process held at any time. */
  readonly rssMiB: number;
  /** What the heap kept, after collecting garbage, from before the first phase to after the last. */
  readonly heapGrowthMiB: number;
}

/** A service runs for days: what its first seconds cost, while it is being compiled, is left out. */
const WARM_UP_MESSAGES = 100_000;
const WARM_UP_CHUNK = 100;
const TICK_MS = 1;

const [name, mode, endpoint = '', ...plan] = process.argv.slice(2);
const contestant = startContestant(name as ContestantName, mode as Mode, endpoint);
// Tracing does not hold the process, which has nothing else to do while it flushes.
const alive = setInterval(() => undefined, 1_000);

for (let index = 0; index < WARM_UP_MESSAGES; index += 1) {
  contestant.message(index);
  if (index % WARM_UP_CHUNK === 0) await setImmediate();
}
await contestant.flush();
const heapBefore = heapBytes();
const phases: Phase[] = [];
for (const step of plan) {
  const [rate, seconds] = step.split(':').map(Number);
  phases.push(await measure(rate ?? 0, seconds ?? 0));
}
const result: Result = {
  phases,
  bytes: bytesAdded(),
  rssMiB: process.resourceUsage().maxRSS / 1024,
  heapGrowthMiB: (heapBytes() - heapBefore) / 2 ** 20,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
clearInterval(alive);

/** Sends at a steady rate, and flushes. The CPU time is that of both. */
async function measure(rate: number, seconds: number): Promise<Phase> {
  const receivedBefore = await spansReceived();
  const histogram = monitorEventLoopDelay({ resolution: TICK_MS });
  const delaysMs: number[] = [];
  const cpuBefore = process.cpuUsage();
  histogram.enable();
  const messages = Math.floor(rate * seconds);
  const startMs = performance.now();
  for (let sent = 0; sent < messages; ) {
    const askedMs = performance.now();
    await sleep(TICK_MS);
    const nowMs = performance.now();
    delaysMs.push(nowMs - askedMs - TICK_MS);
    const due = Math.min(messages, Math.floor(((nowMs - startMs) * rate) / 1_000));
    for (; sent < due; sent += 1) contestant.message(sent);
  }
  histogram.disable();
  await contestant.flush();
  const cpu = process.cpuUsage(cpuBefore);
  return {
    rate,
    messages,
    cpuUsPerMessage: (cpu.user + cpu.system) / messages,
    delayP99Ms: percentile(delaysMs, 0.99),
    delayMaxMs: percentile(delaysMs, 1),
    loopDelayP99Ms: histogram.percentile(99) / 1e6,
    spansReceived: (await spansReceived()) - receivedBefore,
  };
}

function bytesAdded(): BytesAdded {
  const headers = contestant.message(0);
  const { baggage, ...withoutBaggage } = headers;
  const event = { n: 1 };
  const jsonBytes = (given: object) => JSON.stringify(given).length - JSON.stringify(event).length;
  const lines = Object.entries(headers).map(([key, value]) => `${key}: ${value}\r\n`);
  return {
    headers: lines.join('').length,
    payload: jsonBytes(contestant.payload(event, headers)),
    payloadWithoutBaggage: jsonBytes(contestant.payload(event, withoutBaggage)),
  };
}

async function spansReceived(): Promise<number> {
  const response = await fetch(endpoint);
  return Number(await response.text());
}

function heapBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
