import { type ReadyProcess, startProcess } from './process.ts';

/** What a service says when it is up. */
export interface ServiceReady {
  readonly ready: true;
  readonly service: string;
  /** Where /healthz, /readyz and /metrics are. */
  readonly health: string;
  /** Of `historical`: its HTTP interface. */
  readonly url?: string;
}

export type OptionsProcess = ReadyProcess<ServiceReady>;

/** Starts a script of the system, whose spans go to the collector soon after they end. */
export function startOptions(
  script: string,
  args: readonly string[],
  collectorUrl: string,
): Promise<OptionsProcess> {
  const environment = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl,
    OTEL_BSP_SCHEDULE_DELAY: '20',
    LOG_LEVEL: 'warn',
  };
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return startProcess(`trading/options/src/${script}`, args, ['env', ...variables]);
}

/** A service's metric from /metrics, summed over the labels that are not named; 0 where there is none. */
export async function metricOf({ ready }: OptionsProcess, name: string): Promise<number> {
  const text = await (await fetch(`${ready.health}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}
