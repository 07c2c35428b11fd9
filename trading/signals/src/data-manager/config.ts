import { SERVICE_USAGE } from '@throughline/service';
import { integerOf, NATS_FLAGS, NATS_USAGE, natsOptionsOf, parseFlags } from '../flags.ts';
import type { NatsTransportOptions } from '../transport/nats-transport.ts';
import type { DataManagerOptions } from './data-manager.ts';

/** Flags of the candles, which data-manager and realtime-strategies have to agree on. */
export const CANDLE_FLAGS = { 'candle-ms': { type: 'string', default: '1000' } } as const;

export const CANDLE_USAGE = `  --candle-ms N             what one candle spans, default 1000`;

export const USAGE = `usage: data-manager [options]
${CANDLE_USAGE}
  --candles-max N           kept of each symbol, default 1000
${NATS_USAGE}
${SERVICE_USAGE}`;

const CANDLE_MS_RANGE = [10, 86_400_000] as const;
export const CANDLES_MAX = 1_000;
const CANDLES_RANGE = [1, 100_000] as const;

interface Config {
  readonly nats: NatsTransportOptions;
  readonly dataManager: DataManagerOptions;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * @returns undefined when help is asked for
 * @throws ThroughlineError `TL_CONFIG_INVALID` naming the flag that cannot be used
 */
export function readConfig(argv: readonly string[], environment = process.env): Config | undefined {
  const values = parseFlags(argv, {
    ...NATS_FLAGS,
    ...CANDLE_FLAGS,
    'candles-max': { type: 'string', default: String(CANDLES_MAX) },
  });
  if (values.help) return undefined;
  return {
    nats: natsOptionsOf(values),
    dataManager: {
      candleMs: candleMsOf(values),
      candlesMax: integerOf('candles-max', values['candles-max'], CANDLES_RANGE),
    },
    environment,
  };
}

/** @throws ThroughlineError `TL_CONFIG_INVALID` */
export function candleMsOf(values: { readonly 'candle-ms': string }): number {
  return integerOf('candle-ms', values['candle-ms'], CANDLE_MS_RANGE);
}
