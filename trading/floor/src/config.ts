import { parseArgs } from 'node:util';
import { ThroughlineError } from '@throughline/model';
import type { FloorOptions } from './floor.ts';
import { type FloorFault, parseFloorFault } from './floor-fault.ts';
import { SYSTEMS } from './systems.ts';

const NAMES = SYSTEMS.map(({ name }) => name);

export const USAGE = `usage: floor [options]
  --systems LIST            of ${NAMES.join(',')}; default all of them
  --replicas NAME=N,...     how many processes of a service, default 1 of each
  --nats URL                default: a nats-server of its own, where one is on the PATH
  --kafka HOST:PORT         without, the system options runs in one process, on channels
  --postgres URL            for options and bot; default: with --kafka one in memory that they share,
                            else each brings one of its own
  --replay FILE             recorded market data for the exchange instead of generated flow
  --otlp URL                where spans go, default from OTEL_* or http://localhost:4318
  --fault NAME=VALUE@SERVICE
                            any number of times: slow-consumer=200ms poisoned-message[=0.01]
                            lost-trace-header=0.1 duplicate-delivery=0.1 clock-skew=-1500ms
  --fault broker-restart=10000ms
                            restart the nats-server that the floor has started, so often
  --fault exchange-disconnect=10000ms
                            cut every connection to the exchange, so often
  --logs                    what the services log, in JSON lines on stderr
  --json                    the table as one line of JSON
  --exit-with-parent        end when stdin ends
  --help
It ends at SIGTERM and Ctrl-C, and with it everything that it has started.`;

const OPTIONS = {
  systems: { type: 'string', default: NAMES.join(',') },
  replicas: { type: 'string', default: '' },
  nats: { type: 'string' },
  kafka: { type: 'string' },
  postgres: { type: 'string' },
  replay: { type: 'string' },
  otlp: { type: 'string' },
  fault: { type: 'string', multiple: true, default: [] as string[] },
  logs: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  'exit-with-parent': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** Each is a process. */
const REPLICAS_MAX = 32;

export interface Config {
  readonly floor: FloorOptions;
  readonly isHelp: boolean;
  readonly isJson: boolean;
  readonly exitsWithParent: boolean;
}

/** @throws ThroughlineError `TL_CONFIG_INVALID` naming the flag that cannot be used */
export function readConfig(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Config {
  const values = parse(args);
  const { nats, kafka, postgres, replay, otlp } = values;
  const systems = systemsOf(values.systems);
  const services = servicesOf(systems);
  return {
    isHelp: values.help,
    isJson: values.json,
    exitsWithParent: values['exit-with-parent'],
    floor: {
      systems,
      replicas: replicasOf(values.replicas, services),
      faults: values.fault.map((text) => faultOf(text, services)),
      ...{ nats, kafka, postgres, replay },
      onLog: values.logs ? (text) => process.stderr.write(text) : undefined,
      path: environment.PATH ?? '',
      environment: inherited(environment, otlp),
    },
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function systemsOf(text: string): string[] {
  const names = [...new Set(text.split(',').map((name) => name.trim()))];
  const unknown = names.find((name) => !NAMES.includes(name));
  if (unknown === undefined) return names;
  throw invalid(`--systems: no system ${JSON.stringify(unknown)}, there are ${NAMES.join(', ')}`);
}

/** The services that may have replicas and faults. */
function servicesOf(systems: readonly string[]): Set<string> {
  const wanted = SYSTEMS.filter(({ name }) => systems.includes(name));
  const services = wanted.flatMap(({ layouts }) => layouts.flatMap((layout) => layout.services));
  return new Set(services.map(({ name }) => name));
}

function replicasOf(text: string, services: ReadonlySet<string>): ReadonlyMap<string, number> {
  const entries = text === '' ? [] : text.split(',').map((entry) => entry.trim().split('='));
  return new Map(
    entries.map(([name = '', count = '']) => {
      if (!services.has(name)) throw unknownService('--replicas', name, services);
      const replicas = Number(count);
      if (/^\d+$/.test(count) && replicas >= 1 && replicas <= REPLICAS_MAX) return [name, replicas];
      throw invalid(`--replicas ${name}=${count}: a whole number from 1 to ${REPLICAS_MAX}`);
    }),
  );
}

function faultOf(text: string, services: ReadonlySet<string>): FloorFault {
  const fault = parseFloorFault(text);
  if (fault.kind === 'service' && !services.has(fault.service)) {
    throw unknownService(`--fault ${text}`, fault.service, services);
  }
  return fault;
}

/** All but what governs the server; a given address wins over one that is inherited. */
function inherited(
  environment: Readonly<Record<string, string | undefined>>,
  otlp: string | undefined,
): Record<string, string> {
  const entries = Object.entries(environment).flatMap(([name, value]): [string, string][] =>
    value === undefined || name.startsWith('THROUGHLINE_') ? [] : [[name, value]],
  );
  const endpoint = otlp === undefined ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: otlp };
  return { ...Object.fromEntries(entries), ...endpoint };
}

function unknownService(
  flag: string,
  name: string,
  services: ReadonlySet<string>,
): ThroughlineError {
  return invalid(`${flag}: no service ${JSON.stringify(name)} among ${[...services].join(', ')}`);
}

function invalid(message: string, cause?: unknown): ThroughlineError {
  return new ThroughlineError('TL_CONFIG_INVALID', message, { hint: 'See --help.', cause });
}
