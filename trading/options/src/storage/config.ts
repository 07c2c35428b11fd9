import { SERVICE_FLAGS, SERVICE_USAGE } from '@throughline/service';
import { bootstrapOf, parseFlags, postgresUrlOf } from '../flags.ts';

export const USAGE = `usage: storage --kafka HOST:PORT --postgres URL [options]
  --kafka HOST:PORT         brokers, with commas between
  --postgres URL            postgres://user:password@host:port/database
${SERVICE_USAGE}
  --help`;

const FLAGS = {
  ...SERVICE_FLAGS,
  kafka: { type: 'string' },
  postgres: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

export interface StorageConfig {
  readonly environment: NodeJS.ProcessEnv;
  readonly bootstrap: readonly string[];
  readonly postgresUrl: string;
}

/**
 * @returns `undefined` when help is asked for
 * @throws ThroughlineError `TL_CONFIG_INVALID` naming the flag that cannot be used
 */
export function readConfig(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): StorageConfig | undefined {
  const values = parseFlags(args, FLAGS);
  if (values.help) return undefined;
  return {
    environment,
    bootstrap: bootstrapOf(values.kafka),
    postgresUrl: postgresUrlOf(values.postgres),
  };
}
