import { percentile } from './server.ts';
import { tableText } from './table.ts';

/** At one size of the store. */
export interface Growth {
  readonly spans: number;
  /** From the first request of the last million until everything could be read. */
  readonly spansPerSecond: number;
  readonly cpuUsPerSpan: { readonly server: number; readonly engine: number };
  /** Of the engine since the store was empty, with all its merges. */
  readonly engineCpuUsPerSpanInAll: number;
  /** On disk, in all tables. */
  readonly bytesPerSpan: number;
  readonly asksMs: Readonly<Record<string, readonly number[]>>;
}

/** A column for each size; what a span takes in each table is of the last. */
export function growthTable({ growths, memory, tables }: GrowthResult): string {
  const last = growths.at(-1);
  const bytes = Object.entries(tables).map(
    ([table, size]) => `${table} ${(size / (last?.spans ?? 0)).toFixed(1)}`,
  );
  const text = tableText([
    ['spans', ...growths.map(({ spans }) => Math.round(spans).toLocaleString('en'))],
    ['stored, spans/s', ...growths.map((g) => Math.round(g.spansPerSecond).toLocaleString('en'))],
    ['server, CPU a span', ...growths.map((g) => `${g.cpuUsPerSpan.server.toFixed(2)} us`)],
    ['engine, CPU a span', ...growths.map((g) => `${g.cpuUsPerSpan.engine.toFixed(2)} us`)],
    ['with all merges', ...growths.map((g) => `${g.engineCpuUsPerSpanInAll.toFixed(2)} us`)],
    ['disk, bytes a span', ...growths.map((g) => g.bytesPerSpan.toFixed(1))],
    ...Object.keys(last?.asksMs ?? {}).flatMap((what) => [
      [`${what} p50`, ...growths.map((g) => ms(g.asksMs[what], 0.5))],
      ['p95', ...growths.map((g) => ms(g.asksMs[what], 0.95))],
    ]),
  ]);
  const peaks = `server ${memory.server.toFixed(0)} MiB, engine ${memory.engine.toFixed(0)} MiB`;
  return `${text}\n\nbytes a span by table: ${bytes.join(', ')}\npeak memory: ${peaks}`;
}

function ms(samples: readonly number[] = [], p: number): string {
  return `${percentile(samples, p).toFixed(1)} ms`;
}

export interface GrowthResult {
  readonly growths: readonly Growth[];
  /** The most that each process ever had, in MiB. */
  readonly memory: { readonly server: number; readonly engine: number };
  /** In bytes. */
  readonly tables: Readonly<Record<string, number>>;
}
