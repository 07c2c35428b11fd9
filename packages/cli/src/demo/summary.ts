import { formatDuration, type LifecycleRow, type Stage } from '@throughline/model';
import { bold, dim, green, red } from '../terminal/style.ts';

const BAR_CELLS = 40;

/** The order that took longest, with where its time went: a bar a stage, the longest stage first. */
export function slowestText(row: LifecycleRow, link: string): string {
  const stages = [...row.stages].sort((left, right) => (right.ns > left.ns ? 1 : -1));
  const width = Math.max(...stages.map(({ label }) => label.length));
  const lines = stages
    .filter((stage) => stage.ns > 0n)
    .map((stage) => stageText(stage, row, width));
  const title = `Slowest order ${bold(row.key)}: ${bold(formatDuration(row.durationNs))}, ${row.status}`;
  return [title, ...lines, dim(`  ${link}`)].join('\n');
}

function stageText(stage: Stage, row: LifecycleRow, width: number): string {
  const share = row.durationNs === 0n ? 0 : Number((stage.ns * 10_000n) / row.durationNs) / 100;
  const bar = '#'.repeat(Math.round((share / 100) * BAR_CELLS)).padEnd(BAR_CELLS);
  const size = formatDuration(stage.ns).padStart(10);
  return `  ${stage.label.padEnd(width)}  ${bar} ${size}  ${share.toFixed(1).padStart(5)} %`;
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
