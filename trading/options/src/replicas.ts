import { Subprocess, scriptCommand } from '@throughline/process';
import type { Service } from '@throughline/service';
import { type Config, SERVICES, type ServiceName } from './config.ts';
import { untilDone } from './transport/retry.ts';

export interface ReplicasOptions {
  readonly kafka: NonNullable<Config['kafka']>;
  readonly postgresUrl: string;
  readonly port: number;
  readonly environment: NodeJS.ProcessEnv;
}

/** An instance of a service. */
export interface Replica {
  /** Such as `processor-3`: `service.instance.id` on its spans. */
  readonly instance: string;
  readonly pid: number;
  /** Where /healthz, /readyz and /metrics are. */
  readonly health: string;
  /** Of historical: its HTTP interface. */
  readonly url?: string;
}

/**
 * Starts every service as many times as asked for, each instance a process: those of one service at
 * once, one service after the other. An instance that ends by itself is started again.
 *
 * @throws ThroughlineError `TL_DEMO_FAILED` when one does not come up
 */
export async function startReplicas(
  service: Service,
  options: ReplicasOptions,
): Promise<Replica[]> {
  const started: Replica[] = [];
  for (const name of SERVICES) {
    const count = options.kafka.replicas[name];
    const indexes = Array.from({ length: count }, (_, index) => index);
    const processes = new Set<Subprocess>();
    const stop = new AbortController();
    service.onStop(async () => {
      stop.abort();
      await Promise.all([...processes].map((process) => process.stop()));
    });

    // Does not return before the instance is up, or the system is to stop.
    const startAgain = (index: number, instance: string) =>
      untilDone(
        async () => {
          const replica = await start(index);
          service.logger.info({ ...replica }, 'an instance is back');
        },
        stop.signal,
        (error) => service.logger.error({ err: error, instance }, 'an instance does not start'),
      );
    const start = async (index: number): Promise<Replica> => {
      const instance = `${name}-${index + 1}`;
      const process = startProcess(name, instance, index, options);
      processes.add(process);
      const ready = await process.until(readyOf);
      process.failure().catch((error) => {
        processes.delete(process);
        service.logger.error({ err: error, instance }, 'an instance ended and is started again');
        return startAgain(index, instance);
      });
      return { instance, pid: process.pid, ...ready };
    };
    started.push(...(await Promise.all(indexes.map(start))));
  }
  return started;
}

function startProcess(
  name: ServiceName,
  instance: string,
  index: number,
  { kafka, postgresUrl, port, environment }: ReplicasOptions,
): Subprocess {
  const postgres = ['--postgres', postgresUrl];
  // Only the first historical has the address that was asked for.
  const address = ['--port', index === 0 ? String(port) : '0'];
  const argsOf: Readonly<Record<ServiceName, readonly string[]>> = {
    storage: postgres,
    processor: [],
    historical: [...postgres, ...address],
    ingestion: [...kafka.feedArgs, '--shard', `${index + 1}/${kafka.replicas.ingestion}`],
  };
  const args = ['--kafka', kafka.bootstrap, ...argsOf[name], ...kafka.faultArgs];
  const command = scriptCommand(`trading/options/src/${name}/main.ts`, [
    ...args,
    '--exit-with-parent',
  ]);
  return new Subprocess(command, {
    name: instance,
    environment: ownEnvironment(environment, instance),
  });
}

/** Ours, with the instance's name on its spans. */
function ownEnvironment(environment: NodeJS.ProcessEnv, instance: string): Record<string, string> {
  const given = environment.OTEL_RESOURCE_ATTRIBUTES;
  const attributes = [...(given ? [given] : []), `service.instance.id=${instance}`].join(',');
  const own = { ...environment, OTEL_RESOURCE_ATTRIBUTES: attributes };
  return Object.fromEntries(
    Object.entries(own).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function readyOf(line: unknown): { health: string; url?: string } | undefined {
  const { ready, health, url } = line as Record<string, unknown>;
  if (ready !== true || typeof health !== 'string') return undefined;
  return typeof url === 'string' ? { health, url } : { health };
}
