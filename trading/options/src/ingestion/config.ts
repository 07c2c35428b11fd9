import { SERVICE_FLAGS, SERVICE_USAGE } from '@throughline/service';
import { openChain } from '../feed/chain.ts';
import { bootstrapOf, invalidFlag, parseFlags, wholeNumber } from '../flags.ts';
import type { IngestionOptions } from './ingestion.ts';

export const USAGE = `usage: ingestion --kafka HOST:PORT [options]
  --kafka HOST:PORT         brokers, with commas between
  --chain FILE              option-chain-<symbol>-<day>.csv; default: the recorded chain where there
                            is one, or else a generated one
  --seed N                  of a generated chain, default 1
  --rate N                  quotes a second, default 20
  --quotes N                how many, default 0: without end
  --shard I/N               this instance quotes every N-th contract from the I-th, default 1/1
${SERVICE_USAGE}
  --help`;

/** Of what makes the feed, in ingestion alone and in all services at once. */
export const FEED_FLAGS = {
  chain: { type: 'string' },
  seed: { type: 'string', default: '1' },
  rate: { type: 'string', default: '20' },
  quotes: { type: 'string', default: '0' },
} as const;

const FLAGS = {
  ...SERVICE_FLAGS,
  ...FEED_FLAGS,
  kafka: { type: 'string' },
  shard: { type: 'string', default: '1/1' },
  help: { type: 'boolean', default: false },
} as const;

const RATE_MAX = 100_000;
const SEED_MAX = 2 ** 31 - 1;

export interface IngestionConfig {
  readonly environment: NodeJS.ProcessEnv;
  readonly bootstrap: readonly string[];
  readonly ingestion: IngestionOptions;
}

/**
 * @returns `undefined` when help is asked for
 * @throws ThroughlineError `TL_CONFIG_INVALID` naming the flag that cannot be used
 */
export function readConfig(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): IngestionConfig | undefined {
  const values = parseFlags(args, FLAGS);
  if (values.help) return undefined;
  return {
    environment,
    bootstrap: bootstrapOf(values.kafka),
    ingestion: { ...readFeed(values), shard: shardOf(values.shard) },
  };
}

/** The values of {@link FEED_FLAGS}. @throws ThroughlineError `TL_CONFIG_INVALID` */
export function readFeed(values: {
  readonly chain?: string | undefined;
  readonly seed: string;
  readonly rate: string;
  readonly quotes: string;
}): Omit<IngestionOptions, 'shard'> {
  return {
    chain: openChain(values.chain, wholeNumber('seed', values.seed, 0, SEED_MAX)),
    quotesPerSecond: wholeNumber('rate', values.rate, 1, RATE_MAX),
    quotesMax: wholeNumber('quotes', values.quotes, 0, Number.MAX_SAFE_INTEGER),
  };
}

function shardOf(text: string): IngestionOptions['shard'] {
  const [, own = '', all = ''] = /^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? [];
  const index = Number(own) - 1;
  const count = Number(all);
  if (index >= 0 && index < count) return { index, count };
  throw invalidFlag(`--shard ${text}: not I/N with I from 1 to N`);
}
