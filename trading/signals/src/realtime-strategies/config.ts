import { SERVICE_USAGE } from '@throughline/service';
import { CANDLE_FLAGS, CANDLE_USAGE, candleMsOf } from '../data-manager/config.ts';
import { EmaCross } from '../domain/strategies/ema-cross.ts';
import { MacdCross } from '../domain/strategies/macd-cross.ts';
import { RsiReversal } from '../domain/strategies/rsi-reversal.ts';
import type { Strategy } from '../domain/strategies/strategy.ts';
import { invalidFlag, NATS_FLAGS, NATS_USAGE, natsOptionsOf, parseFlags } from '../flags.ts';
import type { NatsTransportOptions } from '../transport/nats-transport.ts';
import type { RealtimeStrategiesOptions } from './realtime-strategies.ts';

const STRATEGIES: Readonly<Record<string, () => Strategy>> = {
  ema_cross: () => new EmaCross(),
  rsi: () => new RsiReversal(),
  macd: () => new MacdCross(),
};

export const STRATEGY_FLAGS = {
  strategies: { type: 'string', default: Object.keys(STRATEGIES).join(',') },
} as const;

export const STRATEGY_USAGE = `  --strategies A,B          default ema_cross,rsi,macd`;

export const USAGE = `usage: realtime-strategies [options]
${CANDLE_USAGE}
${STRATEGY_USAGE}
${NATS_USAGE}
${SERVICE_USAGE}`;

interface Config {
  readonly nats: NatsTransportOptions;
  readonly strategies: RealtimeStrategiesOptions;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * @returns undefined when help is asked for
 * @throws ThroughlineError `TL_CONFIG_INVALID` naming the flag that cannot be used
 */
export function readConfig(argv: readonly string[], environment = process.env): Config | undefined {
  const values = parseFlags(argv, { ...NATS_FLAGS, ...CANDLE_FLAGS, ...STRATEGY_FLAGS });
  if (values.help) return undefined;
  return {
    nats: natsOptionsOf(values),
    strategies: {
      candleMs: candleMsOf(values),
      createStrategies: strategiesOf(values.strategies),
    },
    environment,
  };
}

/**
 * @returns makes the strategies that are named, new for one symbol
 * @throws ThroughlineError `TL_CONFIG_INVALID`
 */
export function strategiesOf(text: string): () => Strategy[] {
  const creators = text.split(',').map((name) => {
    const create = Object.hasOwn(STRATEGIES, name) ? STRATEGIES[name] : undefined;
    if (create) return create;
    const known = Object.keys(STRATEGIES).join(', ');
    throw invalidFlag(`--strategies ${text}: ${name} is none of ${known}`);
  });
  return () => creators.map((create) => create());
}
