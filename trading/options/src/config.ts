import { SERVICE_FLAGS, SERVICE_USAGE } from '@throughline/service';
import { bootstrapOf, invalidFlag, parseFlags, postgresUrlOf, wholeNumber } from './flags.ts';
import { FEED_FLAGS, readFeed } from './ingestion/config.ts';
import type { IngestionOptions } from './ingestion/ingestion.ts';

/** In the order in which they start: what is written to before what writes. */
export const SERVICES = ['storage', 'processor', 'historical', 'ingestion'] as const;
export type ServiceName = (typeof SERVICES)[number];
export type Replicas = Readonly<Record<ServiceName, number>>;

export const USAGE = `usage: options --transport channel [options]
       options --kafka HOST:PORT [options]
  --transport channel       all services in this process, connected by channels
  --transport kafka         each service in processes of its own (default)
  --kafka HOST:PORT         brokers, with commas between
  --postgres URL            default: a PostgreSQL inside this process, in memory
  --replicas LIST           such as ingestion=2,processor=8,storage=4,historical=4; default 1 each
  --port PORT               of the HTTP interface, of one historical; default 0: a free one
  --chain FILE              option-chain-<symbol>-<day>.csv; default: the recorded chain where there
                            is one, or else a generated one
  --seed N                  of a generated chain, default 1
  --rate N                  quotes a second and instance of ingestion, default 20
  --quotes N                of each instance of ingestion, default 0: without end
${SERVICE_USAGE}
  --help`;

const FLAGS = {
  ...SERVICE_FLAGS,
  ...FEED_FLAGS,
  transport: { type: 'string', default: 'kafka' },
  kafka: { type: 'string' },
  postgres: { type: 'string' },
  replicas: { type: 'string', default: '' },
  port: { type: 'string', default: '0' },
  help: { type: 'boolean', default: false },
} as const;

const REPLICAS_MAX = 64;
const PORT_MAX = 65_535;

export interface Config {
  readonly environment: NodeJS.ProcessEnv;
  /** `undefined`: an embedded one. */
  readonly postgresUrl: string | undefined;
  readonly port: number;
  readonly feed: Omit<IngestionOptions, 'shard'>;
  /** `undefined`: all in this process, over channels. */
  readonly kafka:
    | {
        readonly bootstrap: string;
        readonly replicas: Replicas;
        /** For each instance of ingestion. */
        readonly feedArgs: readonly string[];
        /** For each service. */
        readonly faultArgs: readonly string[];
      }
    | undefined;
}

/**
 * @returns `undefined` when help is asked for
 * @throws ThroughlineError `TL_CONFIG_INVALID` naming the flag that cannot be used
 */
export function readConfig(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Config | undefined {
  const values = parseFlags(args, FLAGS);
  if (values.help) return undefined;
  const { transport, chain } = values;
  if (transport !== 'kafka' && transport !== 'channel') {
    throw invalidFlag(`--transport ${transport}: neither kafka nor channel`);
  }
  const chainArgs = chain === undefined ? [] : [`--chain=${chain}`];
  const feedArgs = (['seed', 'rate', 'quotes'] as const).map((name) => `--${name}=${values[name]}`);
  return {
    environment,
    postgresUrl: values.postgres === undefined ? undefined : postgresUrlOf(values.postgres),
    port: wholeNumber('port', values.port, 0, PORT_MAX),
    feed: readFeed(values),
    kafka:
      transport === 'channel'
        ? undefined
        : {
            bootstrap: bootstrapOf(values.kafka).join(','),
            replicas: replicasOf(values.replicas),
            feedArgs: [...feedArgs, ...chainArgs],
            faultArgs: values.fault.map((fault) => `--fault=${fault}`),
          },
  };
}

function replicasOf(text: string): Replicas {
  const replicas: Record<ServiceName, number> = {
    storage: 1,
    processor: 1,
    historical: 1,
    ingestion: 1,
  };
  for (const part of text === '' ? [] : text.split(',')) {
    const [name = '', count = ''] = part.split('=');
    if (!isService(name)) {
      throw invalidFlag(`--replicas ${part}: the services are ${SERVICES.join(', ')}`);
    }
    replicas[name] = wholeNumber(`replicas ${name}=`, count, 0, REPLICAS_MAX);
  }
  return replicas;
}

function isService(name: string): name is ServiceName {
  return SERVICES.some((service) => service === name);
}
