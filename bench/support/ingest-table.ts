import type { Protocol, Sent } from './send-spans.ts';
import { percentile } from './server.ts';
import { tableText } from './table.ts';

const MIB = 2 ** 20;

/** What one collector did over one protocol. */
export interface IngestResult {
  readonly name: string;
  readonly protocol: Protocol;
  readonly sent: Sent;
  /** From the first request until everything could be read. */
  readonly storedMs: number;
  readonly spansLost: number | undefined;
  /** Until everything could be read; the processes by name. */
  readonly cpuUsPerSpan: Readonly<Record<string, number>>;
  readonly peakBytes: Readonly<Record<string, number>>;
  /** What merges or compaction cost afterwards. */
  readonly laterCpuUsPerSpan: number;
  /** Of the machine's CPU time, what went to processes that are no part of this: noise. */
  readonly othersShare: number;
  readonly bytesPerSpan: number;
  readonly tables: Readonly<Record<string, number>>;
  readonly waitsMs: readonly number[];
  readonly probesMissing: number;
  readonly readsMs: readonly number[];
}

/** The results beside each other, and against ours over the same protocol. */
export function ingestTable(results: readonly IngestResult[]): string {
  const columns = results.map((result) => [
    `${result.name}, ${result.protocol}`,
    ...cellsOf(result, results),
  ]);
  return tableText([
    ['', ...columns.map((column) => column[0] ?? '')],
    ...ROWS.map((name, row) => [name, ...columns.map((column) => column[row + 1] ?? '')]),
  ]);
}

const ROWS = [
  'spans sent',
  'acknowledged, spans/s',
  'stored and readable, spans/s',
  'refused and sent again',
  'lost',
  'answer p50',
  'answer p99',
  'CPU a span',
  'of it',
  'merges later',
  'sender',
  'share of the CPU that others took',
  'peak memory',
  'disk, bytes a span',
  'of it',
  'ack to readable p50',
  'p99',
  'max',
  'trace by id p50',
  'p95',
];

function cellsOf(result: IngestResult, results: readonly IngestResult[]): string[] {
  const { sent, waitsMs, readsMs } = result;
  const ours = results.find((r) => r.name === 'throughline' && r.protocol === result.protocol);
  const ratio = (value: (of: IngestResult) => number): string =>
    ours === undefined || ours === result ? '' : ` (${(value(result) / value(ours)).toFixed(2)} x)`;
  const ackedPerS = (of: IngestResult) => (of.sent.spans / of.sent.elapsedMs) * 1_000;
  const storedPerS = (of: IngestResult) => (of.sent.spans / of.storedMs) * 1_000;
  const cpu = (of: IngestResult) => sum(of.cpuUsPerSpan);
  const integer = (value: number) => Math.round(value).toLocaleString('en');
  const ms = (samples: readonly number[], p: number) =>
    samples.length === 0 ? '-' : `${percentile(samples, p).toFixed(1)} ms`;
  const parts = (values: Readonly<Record<string, number>>, digits: number) =>
    Object.entries(values)
      .map(([name, value]) => `${name} ${value.toFixed(digits)}`)
      .join(', ');
  return [
    integer(sent.spans),
    integer(ackedPerS(result)) + ratio(ackedPerS),
    integer(storedPerS(result)) + ratio(storedPerS),
    Object.entries(sent.refusals)
      .map(([reason, count]) => `${reason} ${count}`)
      .join(', ') || '0',
    result.spansLost === undefined ? '-' : `${result.spansLost}`,
    `${sent.answerP50Ms.toFixed(1)} ms`,
    `${sent.answerP99Ms.toFixed(1)} ms`,
    `${cpu(result).toFixed(2)} us${ratio(cpu)}`,
    parts(result.cpuUsPerSpan, 2),
    `${result.laterCpuUsPerSpan.toFixed(2)} us`,
    `${((sent.cpuS / sent.spans) * 1e6).toFixed(2)} us`,
    `${(result.othersShare * 100).toFixed(0)} %`,
    parts(
      mapValues(result.peakBytes, (bytes) => bytes / MIB),
      0,
    ).concat(' MiB'),
    result.bytesPerSpan.toFixed(1) + ratio((of) => of.bytesPerSpan),
    parts(result.tables, 1),
    ms(waitsMs, 0.5),
    ms(waitsMs, 0.99),
    ms(waitsMs, 1),
    ms(readsMs, 0.5) + (readsMs.length > 0 ? ratio((of) => percentile(of.readsMs, 0.5)) : ''),
    ms(readsMs, 0.95),
  ];
}

export function sum(values: Readonly<Record<string, number>>): number {
  return Object.values(values).reduce((a, b) => a + b, 0);
}

export function mapValues(
  values: Readonly<Record<string, number>>,
  map: (value: number, name: string) => number,
): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, v]) => [name, map(v, name)]));
}
