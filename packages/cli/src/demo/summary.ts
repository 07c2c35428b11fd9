import { formatDuration, type LifecycleRow, type Stage } from '@throughline/model';
import { bold, dim, green, red } from '../terminal/style.ts';
import type { FloorProcess } from './floor-process.ts';
import type { SystemProof } from './other-systems.ts';
import type { SpanCounts } from './span-counts.ts';

const BAR_CELLS = 40;
const STAGES_MAX = 7;
/** The floor's words for what belongs to no system, and for a system without a broker. */
const BROKERS = '-';
const IN_PROCESS = 'in process';

/** One line a system: its processes, and what connects them. */
export function systemsText({ rows, notes }: Pick<FloorProcess, 'rows' | 'notes'>): string {
  const systems = new Set(rows.map(({ system }) => system));
  systems.delete(BROKERS);
  const width = Math.max(...[...systems].map((name) => name.length));
  const lines = [...systems].map((name) => {
    const own = rows.filter(({ system }) => system === name);
    const services = [...new Set(own.map(({ service }) => service))].join(', ');
    const on = own[0]?.transport === IN_PROCESS ? 'one process' : `${own[0]?.transport}`;
    return `  ${name.padEnd(width)}  ${on}${own.length > 1 ? `, ${own.length} processes: ${services}` : ''}`;
  });
  return ['  Trading systems', ...lines, ...notes.map((note) => dim(`  ${note}`)), ''].join('\n');
}

/** The order that took longest, with where its time went: a bar a stage, the longest stage first. */
export function slowestText(row: LifecycleRow, link: string): string {
  const stages = row.stages.toSorted((left, right) => Number(right.ns - left.ns));
  const shown = stages.slice(0, STAGES_MAX);
  const width = Math.max(0, ...shown.map((stage) => stageName(stage).length));
  const rest = stages.slice(STAGES_MAX).reduce((sum, stage) => sum + stage.ns, 0n);
  const more = stages.length - shown.length;
  return [
    `Slowest order ${bold(row.key)}: ${bold(formatDuration(row.durationNs))}, ${row.status}`,
    ...shown.map((stage) => stageText(stage, row, width)),
    ...(more > 0 ? [dim(`  and ${more} shorter stages, ${formatDuration(rest)} together`)] : []),
    `  ${link}`,
  ].join('\n');
}

/** `algorithm` for work, `algorithm (queue)` for the wait before it. */
function stageName({ label, kind }: Stage): string {
  return kind === 'work' ? label : `${label} (${kind.replaceAll('_', ' ')})`;
}

function stageText(stage: Stage, row: LifecycleRow, width: number): string {
  const share = row.durationNs === 0n ? 0 : Number((stage.ns * 10_000n) / row.durationNs) / 100;
  const bar = '#'.repeat(Math.round((share / 100) * BAR_CELLS)).padEnd(BAR_CELLS);
  const size = formatDuration(stage.ns).padStart(10);
  return `  ${stageName(stage).padEnd(width)}  ${bar} ${size}  ${share.toFixed(1).padStart(5)} %`;
}

/** `498 filled, 2 canceled`. */
export function statusText(byStatus: Readonly<Record<string, number>>): string {
  const entries = Object.entries(byStatus).sort(([, left], [, right]) => right - left);
  return entries.map(([status, count]) => `${count} ${status}`).join(', ') || 'none ended yet';
}

/** The share `p` (0 to 1) of the durations is at most this: nearest rank. */
export function percentile(durations: readonly bigint[], p: number): bigint {
  const sorted = [...durations].sort((left, right) => (left < right ? -1 : left > right ? 1 : 0));
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? 0n;
}

/** One line on all orders that were read back. */
export function verdictText(durations: readonly bigint[], defects: number): string {
  const [p50, p95, p100] = [0.5, 0.95, 1].map((p) => formatDuration(percentile(durations, p)));
  const counted = `${durations.length} orders read back, p50 ${p50}, p95 ${p95}, max ${p100}`;
  const judged =
    defects === 0 ? green('each whole and exact') : red(`${defects} not whole or not exact`);
  return `${counted}: ${judged}`;
}

/** One line on a system besides the orders: the lifecycle that was looked at, and whether it is whole. */
export function proofText({ system, name, lifecycle, defect }: SystemProof, link: string): string {
  const head = `${system}: ${name.replaceAll('_', ' ')}`;
  if (!lifecycle) return `${head} ${red(defect ?? 'missing')}`;
  const { durationNs, status, stages } = lifecycle;
  const told = `${status.toLowerCase()} in ${formatDuration(durationNs)}, ${stages.length} stages`;
  return `${head} ${told}: ${defect === undefined ? green('whole and exact') : red(defect)}  ${dim(link)}`;
}

/** One line on what the services say of their own tracing. */
export function spanCountsText({ services, exported, dropped, messages, withContext }: SpanCounts) {
  const covered = messages === 0 ? 100 : Math.floor((withContext / messages) * 1_000) / 10;
  const counted = `${services} services sent ${exported} spans; ${covered} % of ${messages} messages had trace context`;
  const judged = dropped === 0 ? green('no span was lost') : red(`${dropped} spans were lost`);
  return `${counted}: ${judged}`;
}
