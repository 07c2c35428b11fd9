// What tracing costs a message: a producer span, inject, extract and a consumer span, each span with
// six attributes (two from baggage), exported. Throughline against OpenTelemetry's own SDK, which
// runs as it is set up by default (`stock`), and with queue and batches as large as ours (`stock-queue`);
// no compression anywhere. Each in its own process, in turn; medians over the rounds. About 3 minutes.
// Run: node bench/propagation.ts [--json] [--rounds N]
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { ROOT, startProcess } from '../test/support/process.ts';
import type { Phase, Result } from './support/sdk-contestant.ts';
import type { ContestantName, Mode } from './support/sdk-contestants.ts';
import { percentile } from './support/server.ts';

/** Messages a second, and for how many seconds. */
const SAMPLED_PLAN = ['1000:2.5', '10000:2', '50000:1.5'];
const CHEAP_PLAN = ['50000:2'];
const SPANS_PER_MESSAGE = 2;
const CONTESTANT = join(ROOT, 'bench/support/sdk-contestant.ts');

interface Run {
  readonly name: ContestantName;
  readonly mode: Mode;
  readonly plan: readonly string[];
}

const RUNS: readonly Run[] = [
  { name: 'empty', mode: 'sampled', plan: SAMPLED_PLAN },
  { name: 'throughline', mode: 'sampled', plan: SAMPLED_PLAN },
  { name: 'stock', mode: 'sampled', plan: SAMPLED_PLAN },
  { name: 'stock-queue', mode: 'sampled', plan: SAMPLED_PLAN },
  { name: 'throughline-compact', mode: 'sampled', plan: [] },
  { name: 'throughline', mode: 'unsampled', plan: CHEAP_PLAN },
  { name: 'stock', mode: 'unsampled', plan: CHEAP_PLAN },
  { name: 'throughline', mode: 'disabled', plan: CHEAP_PLAN },
  { name: 'stock', mode: 'disabled', plan: CHEAP_PLAN },
];

/** One line of the table: medians over the rounds. */
interface Row {
  readonly name: ContestantName;
  readonly mode: Mode;
  readonly rate: number;
  /** Without what the empty loop costs. */
  readonly cpuUsPerMessage: number;
  /** Against Throughline at the same rate and in the same mode. */
  readonly cpuRatio: number;
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
  readonly loopDelayP99Ms: number;
  readonly spansMade: number;
  readonly spansDropped: number;
}

const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, rounds: { type: 'string', default: '3' } },
});
const receiver = await startProcess<{ url: string }>('bench/support/sdk-receiver.ts', []);
const results = new Map<Run, Result[]>(RUNS.map((run) => [run, []]));
try {
  for (let round = 0; round < Number(options.rounds); round += 1) {
    for (const run of RUNS) {
      const endpoint = `${receiver.ready.url}/${run.name}-${run.mode}-${round}`;
      results.get(run)?.push(await runContestant(run, endpoint));
    }
  }
} finally {
  await receiver.stop();
}
report();

async function runContestant({ name, mode, plan }: Run, endpoint: string): Promise<Result> {
  const args = ['--expose-gc', CONTESTANT, name, mode, endpoint, ...plan];
  // Without variables of the environment: each has its defaults.
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: {} });
  return JSON.parse(stdout);
}

function report(): void {
  const rows = RUNS.filter((run) => run.name !== 'empty').flatMap(rowsOf);
  const compared = rows.map((row) => ({ ...row, cpuRatio: cpuRatio(row, rows) }));
  const sampled = RUNS.filter((run) => run.mode === 'sampled');
  const memory = sampled
    .filter((run) => run.plan.length > 0)
    .map((run) => ({
      name: run.name,
      rssMiB: medianOf(run, (result) => result.rssMiB),
      heapGrowthMiB: medianOf(run, (result) => result.heapGrowthMiB),
    }));
  const bytes = sampled
    .filter((run) => run.name !== 'empty')
    .map((run) => ({ name: run.name, ...results.get(run)?.[0]?.bytes }));
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ rows: compared, memory, bytes })}\n`);
    return;
  }
  const lines = [
    columns(['', '', 'messages/s', 'CPU a message', '', 'loop delay p99', 'max', 'spans lost']),
    ...compared.map((row) =>
      columns([
        row.name,
        row.mode,
        row.rate.toLocaleString('en'),
        `${row.cpuUsPerMessage.toFixed(2)} us`,
        `${row.cpuRatio.toFixed(2)} x`,
        `${row.delayP99Ms.toFixed(2)} ms`,
        `${row.delayMaxMs.toFixed(1)} ms`,
        lossOf(row),
      ]),
    ),
    '',
    columns(['', '', 'RSS', 'heap growth']),
    ...memory.map(({ name, rssMiB, heapGrowthMiB }) =>
      columns([name, '', `${rssMiB.toFixed(0)} MiB`, `${heapGrowthMiB.toFixed(1)} MiB`]),
    ),
    '',
    columns(['bytes a message', '', 'NATS headers', 'JSON payload', 'no baggage']),
    ...bytes.map(({ name, headers, payload, payloadWithoutBaggage }) =>
      columns([name, '', `${headers}`, `${payload}`, `${payloadWithoutBaggage}`]),
    ),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function rowsOf(run: Run): Omit<Row, 'cpuRatio'>[] {
  const [empty] = RUNS;
  return run.plan.map((_, index) => {
    const median = (of: (phase: Phase) => number) => medianOfPhase(run, index, of);
    const rate = median((phase) => phase.rate);
    const messages = median((phase) => phase.messages);
    const received = median((phase) => phase.spansReceived);
    const spansMade = run.mode === 'sampled' ? messages * SPANS_PER_MESSAGE : 0;
    const emptyIndex = SAMPLED_PLAN.findIndex((step) => Number(step.split(':')[0]) === rate);
    const baseline = empty ? medianOfPhase(empty, emptyIndex, (phase) => phase.cpuUsPerMessage) : 0;
    return {
      name: run.name,
      mode: run.mode,
      rate,
      cpuUsPerMessage: median((phase) => phase.cpuUsPerMessage) - baseline,
      delayP99Ms: median((phase) => phase.delayP99Ms),
      delayMaxMs: median((phase) => phase.delayMaxMs),
      loopDelayP99Ms: median((phase) => phase.loopDelayP99Ms),
      spansMade,
      spansDropped: spansMade - received,
    };
  });
}

function cpuRatio(row: Omit<Row, 'cpuRatio'>, rows: readonly Omit<Row, 'cpuRatio'>[]): number {
  const own = rows.find(
    ({ name, mode, rate }) => name === 'throughline' && mode === row.mode && rate === row.rate,
  );
  return row.cpuUsPerMessage / (own?.cpuUsPerMessage ?? Number.NaN);
}

function lossOf({ spansMade, spansDropped }: Omit<Row, 'cpuRatio'>): string {
  if (spansMade === 0) return '';
  const share = ((spansDropped / spansMade) * 100).toFixed(1);
  return `${spansDropped.toLocaleString('en')} (${share} %)`;
}

function medianOf(run: Run, of: (result: Result) => number): number {
  return percentile((results.get(run) ?? []).map(of), 0.5);
}

function medianOfPhase(run: Run, index: number, of: (phase: Phase) => number): number {
  return medianOf(run, ({ phases }) => {
    const phase = phases[index];
    return phase ? of(phase) : Number.NaN;
  });
}

function columns(cells: readonly string[]): string {
  const widths = [21, 11, 13, 15, 17, 15, 10, 20];
  return cells
    .map((cell, index) =>
      index < 2 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0),
    )
    .join('');
}
