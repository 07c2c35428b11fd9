// Sends a recording in a closed loop: so many requests under way, each with ids of its own, at most so many
// spans a second. A process of its own, so that its CPU time is nobody's. Prints a `Sent` when it is done. Used by `sendSpans`.
import { closeDestinations, type Destination, destinationOf } from './destination.ts';

import { loadRecording, templatesOf } from './recording.ts';
import { type Renewal, renewalOf } from './request-template.ts';
import type { SendTask, Sent } from './send-spans.ts';
import { percentile } from './server.ts';

/** What a refused sender waits where it is not told how long. */
const RETRY_MS = 200;

const task: SendTask = JSON.parse(process.argv[2] ?? '');
const recording = loadRecording(task.recording);
const templates = templatesOf(recording);
const beginNs = templates.map((t) => t.beginNs()).reduce((a, b) => (a < b ? a : b));
const last = task.rounds === undefined ? Infinity : task.rounds.until * templates.length;

let next = (task.rounds?.from ?? 0) * templates.length;
let spansBegun = 0;
let requests = 0;
let spans = 0;
const refusals: Record<string, number> = {};
const answersMs: number[] = [];
let renewal: { round: number; ids: Renewal } | undefined;

const startMs = performance.now();
const endMs = startMs + (task.seconds ?? Infinity) * 1_000;
const destinations = Array.from({ length: task.connections }, () => destinationOf(task));
await Promise.all(
  Array.from({ length: task.inFlight }, (_, index) =>
    sendAll(destinations[index % destinations.length] as Destination),
  ),
);
const elapsedMs = performance.now() - startMs;
const cpu = process.cpuUsage();
closeDestinations(destinations);
const sent: Sent = {
  requests,
  spans,
  rounds: Math.ceil(next / templates.length),
  refusals,
  elapsedMs,
  cpuS: (cpu.user + cpu.system) / 1e6,
  answerP50Ms: percentile(answersMs, 0.5),
  answerP99Ms: percentile(answersMs, 0.99),
};
process.stdout.write(`${JSON.stringify(sent)}\n`);

async function sendAll(destination: Destination): Promise<void> {
  while (next < last && performance.now() < endMs) {
    const index = next++;
    const template = templates[index % templates.length];
    if (template === undefined) return;
    await turnOf(spansBegun);
    spansBegun += template.spanCount;
    const round = Math.floor(index / templates.length);
    const ids = renewalIn(round);
    // Rounds follow each other in time as if the last one ended now.
    const shiftNs = BigInt(task.startNs) - beginNs + BigInt(round) * recording.lengthNs;
    await sendUntilKept(destination, template.renewed(ids, shiftNs));
    requests += 1;
    spans += template.spanCount;
  }
}

/** Waits until so many spans should have been sent. */
async function turnOf(spansBefore: number): Promise<void> {
  if (task.spansPerSecond === undefined) return;
  const dueMs = startMs + (spansBefore / task.spansPerSecond) * 1_000;
  const waitMs = dueMs - performance.now();
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
}

function renewalIn(round: number): Renewal {
  if (renewal?.round !== round) {
    renewal = { round, ids: renewalOf(task.seed, round, recording.runs.length) };
  }
  return renewal.ids;
}

async function sendUntilKept(destination: Destination, body: Buffer): Promise<void> {
  for (;;) {
    const sentMs = performance.now();
    const refusal = await destination.send(body);
    if (refusal === undefined) {
      answersMs.push(performance.now() - sentMs);
      return;
    }
    refusals[refusal.reason] = (refusals[refusal.reason] ?? 0) + 1;
    await new Promise((resolve) => setTimeout(resolve, refusal.retryMs ?? RETRY_MS));
  }
}
