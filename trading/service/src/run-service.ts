import { exitWithError } from './exit.ts';
import { type Service, type ServiceOptions, startService } from './service.ts';

/** What every service's configuration has. */
interface ProcessConfig {
  readonly environment: ServiceOptions['environment'];
  /** Where the operator may rename the service. */
  readonly serviceName?: string;
}

/** A process of one service: its name, what it can be told, and how it starts. */
export interface ServiceDefinition<Config extends ProcessConfig>
  extends Pick<ServiceOptions, 'name' | 'instrumentations' | 'isTraced'> {
  /** Printed for `--help`. */
  readonly usage: string;
  /** @returns undefined when help is asked for @throws ThroughlineError `TL_CONFIG_INVALID` */
  readonly readConfig: (argv: readonly string[]) => Config | undefined;
  /** @returns what the ready line says besides the address of the health */
  readonly start: (service: Service, config: Config) => Promise<Readonly<Record<string, unknown>>>;
}

/**
 * The whole of a `main.ts`: reads the configuration, starts the service, says that it is ready, and
 * lets it run. What keeps it from starting is one line on stderr and exit code 1.
 */
export function runService<Config extends ProcessConfig>(
  definition: ServiceDefinition<Config>,
): void {
  run(definition, process.argv.slice(2)).catch(exitWithError);
}

async function run<Config extends ProcessConfig>(
  { usage, readConfig, start, ...options }: ServiceDefinition<Config>,
  argv: readonly string[],
): Promise<void> {
  const config = readConfig(argv);
  if (!config) {
    console.log(usage);
    return;
  }
  const { environment, serviceName = options.name } = config;
  const service = await startService({ ...options, name: serviceName, argv, environment });
  service.announce(await start(service, config));
}
