import type { OrdersRun } from './overhead-orders.ts';
import { MODES, type Mode } from './overhead-services.ts';
import { SIGNALS_SERVICES, type SignalsRun } from './overhead-signals.ts';
import { percentile } from './server.ts';
import { tableText } from './table.ts';

/** One round: the same system once in each mode. */
export type Round<Run> = Readonly<Record<Mode, Run>>;

/** A figure of the report: medians over the rounds. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly values: Readonly<Record<Mode, number>>;
  /** What tracing adds: the median of the rounds' differences, with the least and the most. */
  readonly added: Readonly<Record<Exclude<Mode, 'off'>, readonly [number, number, number]>>;
  /** The most that may be added. */
  readonly target: { readonly mode: Exclude<Mode, 'off'>; readonly max: number } | undefined;
}

/** 10 us a message is 1 % of a core at 1,000 messages a second. */
const CPU_US_MAX = 10;
const SIGNAL_MS_MAX = 1;
const ORDER_MS_MAX = 2;
const MEMORY_MIB_MAX = 10;
/** In one process. */
const ORDERS_SERVICES = 4;
const BYTES_MAX = 150;
const KB = 1_000;

export function signalsFigures(rounds: readonly Round<SignalsRun>[]): Figure[] {
  const figure = figureOf(rounds);
  return [
    ...SIGNALS_SERVICES.map((name) =>
      figure(`CPU a message, ${name}`, 'us', { mode: '10 %', max: CPU_US_MAX }, (run) =>
        perMessageUs(run.usage[name]?.cpuS, run.ticks),
      ),
    ),
    figure('latency of a signal, p50', 'ms', { mode: '100 %', max: SIGNAL_MS_MAX }, (run) =>
      percentile(run.latenciesMs, 0.5),
    ),
    figure('p90', 'ms', undefined, (run) => percentile(run.latenciesMs, 0.9)),
    ...SIGNALS_SERVICES.map((name) =>
      figure(`memory (RSS), ${name}`, 'MiB', { mode: '10 %', max: MEMORY_MIB_MAX }, (run) =>
        Number(run.usage[name]?.rssMiB),
      ),
    ),
    figure(
      'bytes of a message on the wire',
      'B',
      { mode: '100 %', max: BYTES_MAX },
      (run) => run.wireBytesPerMessage,
    ),
    figure('export, all services', 'KB/s', undefined, (run) => run.exportBytesPerSecond / KB),
    figure('messages a second', '', undefined, (run) => run.ticksPerSecond),
    figure('signals measured', '', undefined, (run) => run.latenciesMs.length),
    figure('messages dropped or failed', '', { mode: '100 %', max: 0 }, (run) => run.errors),
  ];
}

export function ordersFigures(rounds: readonly Round<OrdersRun>[]): Figure[] {
  const figure = figureOf(rounds);
  const memory = { mode: '10 %', max: MEMORY_MIB_MAX * ORDERS_SERVICES } as const;
  return [
    figure('CPU an order, four services', 'us', undefined, (run) =>
      perMessageUs(run.usage.orders?.cpuS, run.orders),
    ),
    figure('latency of an order, p50', 'ms', { mode: '100 %', max: ORDER_MS_MAX }, (run) =>
      percentile(run.latenciesMs, 0.5),
    ),
    figure('p90', 'ms', undefined, (run) => percentile(run.latenciesMs, 0.9)),
    figure('memory (RSS), four services', 'MiB', memory, (run) => Number(run.usage.orders?.rssMiB)),
    figure('export', 'KB/s', undefined, (run) => run.exportBytesPerSecond / KB),
    figure('orders measured', '', undefined, (run) => run.latenciesMs.length),
    figure('orders not filled', '', { mode: '100 %', max: 0 }, (run) => run.errors),
  ];
}

/** The figures beside each other; what tracing adds with the least and the most of the rounds. */
export function figuresTable(title: string, figures: readonly Figure[]): string {
  const header = [title, '', ...MODES, 'added at 10 %', 'added at 100 %', 'target', ''];
  return tableText([header, ...figures.map(cellsOf)]);
}

function cellsOf({ name, unit, values, added, target }: Figure): string[] {
  const sign = target && target.max === 0 ? '=' : '<';
  return [
    name,
    unit,
    ...MODES.map((mode) => round(values[mode])),
    ...(['10 %', '100 %'] as const).map((mode) => {
      const [median, least, most] = added[mode];
      return `${signed(median)} (${signed(least)} to ${signed(most)})`;
    }),
    target ? `${sign} ${target.max} at ${target.mode}` : '',
    target ? verdictOf(added[target.mode][0], target.max) : '',
  ];
}

function verdictOf(added: number, max: number): string {
  return added < max || (max === 0 && added <= 0) ? 'met' : 'MISSED';
}

function figureOf<Run>(rounds: readonly Round<Run>[]) {
  return (name: string, unit: string, target: Figure['target'], of: (run: Run) => number) => {
    const all = (mode: Mode): number[] => rounds.map((runs) => of(runs[mode]));
    const median = (mode: Mode): number => percentile(all(mode), 0.5);
    const added = (mode: Mode): readonly [number, number, number] => {
      const differences = rounds.map((runs) => of(runs[mode]) - of(runs.off));
      return [percentile(differences, 0.5), Math.min(...differences), Math.max(...differences)];
    };
    const values = { off: median('off'), '10 %': median('10 %'), '100 %': median('100 %') };
    const differences = { '10 %': added('10 %'), '100 %': added('100 %') };
    return { name, unit, values, added: differences, target };
  };
}

function perMessageUs(cpuS = Number.NaN, messages: number): number {
  return (cpuS / messages) * 1e6;
}

function round(value: number): string {
  if (!Number.isFinite(value)) return '-';
  const digits = Math.abs(value) < 10 ? 2 : 0;
  return value.toFixed(Number.isInteger(value) ? 0 : digits);
}

function signed(value: number): string {
  return value < 0 ? round(value) : `+${round(value)}`;
}
