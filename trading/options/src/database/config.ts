import { PROCESS_FLAGS, PROCESS_USAGE } from '@throughline/service';
import { parseFlags } from '../flags.ts';

export const USAGE = `usage: database [options]
A PostgreSQL in memory (PGlite) for services that run as processes and have no other.
${PROCESS_USAGE}
  --help`;

const FLAGS = { ...PROCESS_FLAGS, help: { type: 'boolean', default: false } } as const;

interface DatabaseConfig {
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * @returns `undefined` when help is asked for
 * @throws ThroughlineError `TL_CONFIG_INVALID` naming the flag that cannot be used
 */
export function readConfig(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): DatabaseConfig | undefined {
  return parseFlags(args, FLAGS).help ? undefined : { environment };
}
