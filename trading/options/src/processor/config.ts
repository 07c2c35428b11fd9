import { SERVICE_FLAGS, SERVICE_USAGE } from '@throughline/service';
import { bootstrapOf, parseFlags } from '../flags.ts';

export const USAGE = `usage: processor --kafka HOST:PORT [options]
  --kafka HOST:PORT         brokers, with commas between
${SERVICE_USAGE}
  --help`;

const FLAGS = {
  ...SERVICE_FLAGS,
  kafka: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

export interface ProcessorConfig {
  readonly environment: NodeJS.ProcessEnv;
  readonly bootstrap: readonly string[];
}

/**
 * @returns `undefined` when help is asked for
 * @throws ThroughlineError `TL_CONFIG_INVALID` naming the flag that cannot be used
 */
export function readConfig(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): ProcessorConfig | undefined {
  const values = parseFlags(args, FLAGS);
  if (values.help) return undefined;
  return { environment, bootstrap: bootstrapOf(values.kafka) };
}
