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
  const flags = ['--exit-with-parent', ...args];
  return startProcess(`trading/options/src/${script}`, flags, ['env', ...variables]);
}

/**
 * A service's metrics of one moment.
 *
 * @returns the sum over the labels that a name leaves open; 0 where there is none
 */
export async function metricsOf({ ready }: OptionsProcess): Promise<(name: string) => number> {
  const lines = (await (await fetch(`${ready.health}/metrics`)).text()).split('\n');
  return (name) =>
    lines
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** One of {@link metricsOf}, now. */
export async function metricOf(process: OptionsProcess, name: string): Promise<number> {
  return (await metricsOf(process))(name);
}
