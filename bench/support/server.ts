import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StatusResponse, statusResponseSchema } from '@throughline/model';
import { FREE_PORTS, startProcess } from '../../test/support/process.ts';

/** Clock ticks a second in /proc: 100 on every Linux that Node runs on. */
const TICKS_PER_S = 100;

export interface MeasuredServer {
  readonly ui: string;
  readonly otlpHttp: string;
  readonly pid: number;
  status(): Promise<StatusResponse>;
  close(): Promise<void>;
}

/** Starts `throughline serve` or `demo` on free ports and in a folder that goes with it. */
export async function startServer(command: readonly string[]): Promise<MeasuredServer> {
  const folder = mkdtempSync(join(tmpdir(), 'throughline-bench-'));
  const args = [...command, '--json', '--data-dir', folder, ...FREE_PORTS];
  const { ready, child, stop } = await startProcess<{ ui: string; otlpHttp: string }>(
    'packages/cli/src/main.ts',
    args,
  );
  return {
    ...ready,
    pid: child.pid ?? 0,
    status: async () => {
      const response = await fetch(`${ready.ui}/api/status`);
      return statusResponseSchema.parse(await response.json());
    },
    close: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The CPU time that a process has used, in seconds (Linux). */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

/** The value below which the share `p` of the samples lies. */
export function percentile(samples: readonly number[], p: number): number {
  const sorted = samples.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
}
