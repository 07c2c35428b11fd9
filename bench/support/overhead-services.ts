import { readFileSync } from 'node:fs';
import { type ReadyProcess, startProcess } from '../../test/support/process.ts';
import { cpuSeconds } from './process-cost.ts';

/** How the services are traced. */
export type Mode = 'off' | '10 %' | '100 %';
export const MODES: readonly Mode[] = ['off', '10 %', '100 %'];

const VARIABLES: Readonly<Record<Mode, Readonly<Record<string, string>>>> = {
  off: { OTEL_TRACING_ENABLED: 'false' },
  '10 %': { OTEL_SAMPLING_RATE: '0.1' },
  '100 %': {},
};

/** What is told of a process at one moment. */
interface Moment {
  readonly cpuS: number;
  readonly rssBytes: number;
}

/** What a service has used. */
export interface Usage {
  readonly cpuS: number;
  /** At the end. */
  readonly rssMiB: number;
}

/** The processes of one run, all traced in the same way. */
export class Services {
  readonly #processes = new Map<string, ReadyProcess<unknown>>();
  readonly #command: readonly string[];

  constructor(mode: Mode, receiverUrl: string) {
    const variables = { OTEL_EXPORTER_OTLP_ENDPOINT: receiverUrl, ...VARIABLES[mode] };
    const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    this.#command = ['env', 'LOG_LEVEL=warn', ...assignments];
  }

  async start<Ready>(name: string, script: string, args: readonly string[]): Promise<Ready> {
    const started = await startProcess<Ready>(script, args, this.#command);
    // Nobody reads it: a full pipe would hold the service.
    started.child.stdout?.resume();
    this.#processes.set(name, started);
    return started.ready;
  }

  /** What each has used from now on. @returns at the end */
  measure(): () => Readonly<Record<string, Usage>> {
    const before = this.#moments();
    return () =>
      Object.fromEntries(
        this.#moments().map(([name, { cpuS, rssBytes }], index) => [
          name,
          { cpuS: cpuS - (before[index]?.[1].cpuS ?? 0), rssMiB: rssBytes / 2 ** 20 },
        ]),
      );
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#processes.values()].map((service) => service.stop()));
  }

  #moments(): [string, Moment][] {
    return [...this.#processes].map(([name, { child }]) => {
      const pid = child.pid ?? 0;
      return [name, { cpuS: cpuSeconds(pid), rssBytes: residentBytes(pid) }];
    });
  }
}

/** That the receiver took at this address. */
export async function exportedBytes(receiverUrl: string): Promise<number> {
  return Number(await (await fetch(receiverUrl)).text());
}

/** Linux. */
function residentBytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1] ?? 0) * 1024;
}
