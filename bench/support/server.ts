import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StatusResponse, statusResponseSchema } from '@throughline/model';
import { FREE_PORTS, startProcess } from '../../test/support/process.ts';

type Endpoints = StatusResponse['endpoints'];

export interface MeasuredServer extends Endpoints {
  readonly pid: number;
  /** Holds its data; below the system's temporary folder (TMPDIR). */
  readonly folder: string;
  status(): Promise<StatusResponse>;
  /** Ends the process and leaves the folder. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** Starts `throughline serve` or `demo` on free ports and in a folder that goes with it. */
export async function startServer(command: readonly string[]): Promise<MeasuredServer> {
  const folder = mkdtempSync(join(tmpdir(), 'throughline-bench-'));
  const args = [...command, '--json', '--data-dir', folder, ...FREE_PORTS];
  const { ready, child, stop } = await startProcess<Endpoints>('packages/cli/src/main.ts', args);
  const stopped = async () => {
    await stop();
  };
  return {
    ...ready,
    pid: child.pid ?? 0,
    folder,
    status: async () => {
      const response = await fetch(`${ready.ui}/api/status`);
      return statusResponseSchema.parse(await response.json());
    },
    stop: stopped,
    close: async () => {
      await stopped();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The value below which the share `p` of the samples lies. */
export function percentile(samples: readonly number[], p: number): number {
  const sorted = samples.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
}
