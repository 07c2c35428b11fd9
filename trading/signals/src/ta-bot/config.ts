import { SERVICE_USAGE } from '@throughline/service';
import { integerOf, NATS_FLAGS, NATS_USAGE, natsOptionsOf, parseFlags } from '../flags.ts';
import type { NatsTransportOptions } from '../transport/nats-transport.ts';
import type { TaBotOptions } from './ta-bot.ts';

export const TA_BOT_FLAGS = {
  'analysis-ms': { type: 'string', default: '5000' },
  'analysis-ticks': { type: 'string', default: '500' },
} as const;

export const TA_BOT_USAGE = `  --analysis-ms N           between two analyses, default 5000
  --analysis-ticks N        of one symbol in one analysis at most, default 500`;

export const USAGE = `usage: ta-bot [options]
${TA_BOT_USAGE}
${NATS_USAGE}
${SERVICE_USAGE}`;

const ANALYSIS_MS_RANGE = [10, 86_400_000] as const;
const TICKS_RANGE = [1, 100_000] as const;

interface Config {
  readonly nats: NatsTransportOptions;
  readonly taBot: TaBotOptions;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * @returns undefined when help is asked for
 * @throws ThroughlineError `TL_CONFIG_INVALID` naming the flag that cannot be used
 */
export function readConfig(argv: readonly string[], environment = process.env): Config | undefined {
  const values = parseFlags(argv, { ...NATS_FLAGS, ...TA_BOT_FLAGS });
  if (values.help) return undefined;
  return { nats: natsOptionsOf(values), taBot: taBotOptionsOf(values), environment };
}

interface TaBotValues {
  readonly 'analysis-ms': string;
  readonly 'analysis-ticks': string;
}

/** @throws ThroughlineError `TL_CONFIG_INVALID` */
export function taBotOptionsOf(values: TaBotValues): TaBotOptions {
  return {
    intervalMs: integerOf('analysis-ms', values['analysis-ms'], ANALYSIS_MS_RANGE),
    ticksMax: integerOf('analysis-ticks', values['analysis-ticks'], TICKS_RANGE),
  };
}
