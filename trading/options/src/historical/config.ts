import { SERVICE_FLAGS, SERVICE_USAGE } from '@throughline/service';
import { openChain } from '../feed/chain.ts';
import { bootstrapOf, parseFlags, postgresUrlOf, wholeNumber } from '../flags.ts';
import type { HistoricalOptions } from './historical.ts';

export const USAGE = `usage: historical --kafka HOST:PORT --postgres URL [options]
  --kafka HOST:PORT         brokers, with commas between
  --postgres URL            postgres://user:password@host:port/database
  --port PORT               of the HTTP interface, default 0: a free one
  --recording FILE          what backfills send, any number of times: option-chain-<symbol>-<day>.csv;
                            default: the recorded chain where there is one, or else a generated one
${SERVICE_USAGE}
  --help`;

const FLAGS = {
  ...SERVICE_FLAGS,
  kafka: { type: 'string' },
  postgres: { type: 'string' },
  port: { type: 'string', default: '0' },
  recording: { type: 'string', multiple: true, default: [] as string[] },
  help: { type: 'boolean', default: false },
} as const;

const PORT_MAX = 65_535;
const SEED = 1;

export interface HistoricalConfig {
  readonly environment: NodeJS.ProcessEnv;
  readonly bootstrap: readonly string[];
  readonly postgresUrl: string;
  readonly historical: HistoricalOptions;
}

/**
 * @returns `undefined` when help is asked for
 * @throws ThroughlineError `TL_CONFIG_INVALID` naming the flag that cannot be used
 */
export function readConfig(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): HistoricalConfig | undefined {
  const values = parseFlags(args, FLAGS);
  if (values.help) return undefined;
  const paths = values.recording.length > 0 ? values.recording : [undefined];
  return {
    environment,
    bootstrap: bootstrapOf(values.kafka),
    postgresUrl: postgresUrlOf(values.postgres),
    historical: {
      port: wholeNumber('port', values.port, 0, PORT_MAX),
      recordings: paths.map((path) => openChain(path, SEED)),
    },
  };
}
