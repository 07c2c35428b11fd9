import { SERVICE_USAGE } from '@throughline/service';
import { CANDLE_FLAGS, CANDLE_USAGE, CANDLES_MAX, candleMsOf } from './data-manager/config.ts';
import type { DataManagerOptions } from './data-manager/data-manager.ts';
import { invalidFlag, NATS_FLAGS, NATS_USAGE, natsOptionsOf, parseFlags } from './flags.ts';
import { STRATEGY_FLAGS, STRATEGY_USAGE, strategiesOf } from './realtime-strategies/config.ts';
import type { RealtimeStrategiesOptions } from './realtime-strategies/realtime-strategies.ts';
import {
  SOURCE_FLAGS,
  SOURCE_USAGE,
  type SourceOptions,
  sourceOptionsOf,
} from './socket-client/config.ts';
import { TA_BOT_FLAGS, TA_BOT_USAGE, taBotOptionsOf } from './ta-bot/config.ts';
import type { TaBotOptions } from './ta-bot/ta-bot.ts';
import {
  TRADEENGINE_FLAGS,
  TRADEENGINE_USAGE,
  type TradeengineSettings,
  tradeengineSettingsOf,
} from './tradeengine/config.ts';
import type { NatsTransportOptions } from './transport/nats-transport.ts';

export const USAGE = `usage: signals --exchange-rest URL (--exchange-ws URL | --replay FILE) [options]
All five services in one process.
  --transport NAME          channel (default) or nats
${SOURCE_USAGE}
${CANDLE_USAGE}
${STRATEGY_USAGE}
${TA_BOT_USAGE}
${TRADEENGINE_USAGE}
${NATS_USAGE}
${SERVICE_USAGE}
environment: EXCHANGE_API_KEY, EXCHANGE_API_SECRET; default those of the simulator's demo account`;

export interface SignalsOptions {
  readonly source: SourceOptions;
  readonly dataManager: DataManagerOptions;
  readonly strategies: RealtimeStrategiesOptions;
  readonly taBot: TaBotOptions;
  readonly tradeengine: TradeengineSettings;
}

interface Config {
  /** Undefined: the services talk over channels. */
  readonly nats: NatsTransportOptions | undefined;
  readonly signals: SignalsOptions;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * @returns undefined when help is asked for
 * @throws ThroughlineError `TL_CONFIG_INVALID` naming the flag that cannot be used
 */
export function readConfig(argv: readonly string[], environment = process.env): Config | undefined {
  const values = parseFlags(argv, {
    ...NATS_FLAGS,
    ...SOURCE_FLAGS,
    ...CANDLE_FLAGS,
    ...STRATEGY_FLAGS,
    ...TA_BOT_FLAGS,
    ...TRADEENGINE_FLAGS,
    transport: { type: 'string', default: 'channel' },
  });
  if (values.help) return undefined;
  const { transport } = values;
  if (transport !== 'channel' && transport !== 'nats') {
    throw invalidFlag(`--transport ${transport}: must be channel or nats`);
  }
  const candleMs = candleMsOf(values);
  return {
    nats: transport === 'nats' ? natsOptionsOf(values) : undefined,
    signals: {
      source: sourceOptionsOf(values),
      dataManager: { candleMs, candlesMax: CANDLES_MAX },
      strategies: { candleMs, createStrategies: strategiesOf(values.strategies) },
      taBot: taBotOptionsOf(values),
      tradeengine: tradeengineSettingsOf(values, environment),
    },
    environment,
  };
}
