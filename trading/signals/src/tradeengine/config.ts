import { SERVICE_USAGE } from '@throughline/service';
import type { OrderSizing } from '../domain/order.ts';
import type { RiskOptions } from '../domain/risk.ts';
import {
  amountOf,
  integerOf,
  invalidFlag,
  NATS_FLAGS,
  NATS_USAGE,
  natsOptionsOf,
  parseFlags,
  urlOf,
} from '../flags.ts';
import type { NatsTransportOptions } from '../transport/nats-transport.ts';
import type { ExchangeRestOptions } from './exchange-rest.ts';

export const TRADEENGINE_FLAGS = {
  'exchange-rest': { type: 'string' },
  'exchange-timeout-ms': { type: 'string', default: '5000' },
  'order-notional': { type: 'string', default: '100' },
  'slippage-bps': { type: 'string', default: '20' },
  'confidence-min': { type: 'string', default: '60' },
  'signal-age-ms-max': { type: 'string', default: '10000' },
  'notional-max': { type: 'string', default: '1000' },
  'position-max': { type: 'string', default: '2000' },
  'orders-per-minute-max': { type: 'string', default: '60' },
} as const;

export const TRADEENGINE_USAGE = `  --exchange-rest URL       where orders go, such as http://127.0.0.1:9000
  --exchange-timeout-ms N   default 5000
  --order-notional AMOUNT   what an order is worth, in the quote asset, default 100
  --slippage-bps N          how much worse than the signal's price it may fill, default 20
  --confidence-min N        of a signal, default 60
  --signal-age-ms-max N     default 10000
  --notional-max AMOUNT     of one order, default 1000
  --position-max AMOUNT     of one symbol, held or owed, default 2000
  --orders-per-minute-max N default 60`;

export const USAGE = `usage: tradeengine --exchange-rest URL [options]
${TRADEENGINE_USAGE}
${NATS_USAGE}
${SERVICE_USAGE}
environment: EXCHANGE_API_KEY, EXCHANGE_API_SECRET; default those of the simulator's demo account`;

/** The account of a simulator that was started without accounts. */
const DEMO_API_KEY = 'throughline-demo-key';
const DEMO_API_SECRET = 'throughline-demo-secret';

const MS_RANGE = [1, 86_400_000] as const;
const BPS_RANGE = [0, 5_000] as const;
const CONFIDENCE_RANGE = [0, 100] as const;
const RATE_RANGE = [0, 100_000] as const;

/** What of a tradeengine can be configured. */
export interface TradeengineSettings {
  readonly exchange: Omit<ExchangeRestOptions, 'onReachable'>;
  readonly sizing: OrderSizing;
  readonly risk: RiskOptions;
}

interface Config {
  readonly nats: NatsTransportOptions;
  readonly tradeengine: TradeengineSettings;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * @returns undefined when help is asked for
 * @throws ThroughlineError `TL_CONFIG_INVALID` naming the flag that cannot be used
 */
export function readConfig(argv: readonly string[], environment = process.env): Config | undefined {
  const values = parseFlags(argv, { ...NATS_FLAGS, ...TRADEENGINE_FLAGS });
  if (values.help) return undefined;
  const tradeengine = tradeengineSettingsOf(values, environment);
  return { nats: natsOptionsOf(values), tradeengine, environment };
}

type TradeengineValues = {
  readonly [name in Exclude<keyof typeof TRADEENGINE_FLAGS, 'exchange-rest'>]: string;
} & { readonly 'exchange-rest'?: string | undefined };

/** @throws ThroughlineError `TL_CONFIG_INVALID` */
export function tradeengineSettingsOf(
  values: TradeengineValues,
  environment: NodeJS.ProcessEnv,
): TradeengineSettings {
  const url = values['exchange-rest'];
  if (url === undefined) throw invalidFlag('--exchange-rest is missing');
  const integer = (
    name: Exclude<keyof TradeengineValues, 'exchange-rest'>,
    range: readonly [number, number],
  ) => integerOf(name, values[name], range);
  return {
    exchange: {
      url: urlOf('exchange-rest', url, ['http:', 'https:']),
      apiKey: environment.EXCHANGE_API_KEY || DEMO_API_KEY,
      apiSecret: environment.EXCHANGE_API_SECRET || DEMO_API_SECRET,
      timeoutMs: integer('exchange-timeout-ms', MS_RANGE),
    },
    sizing: {
      notionalUnits: amountOf('order-notional', values['order-notional']),
      slippageBps: BigInt(integer('slippage-bps', BPS_RANGE)),
    },
    risk: {
      confidenceMin: integer('confidence-min', CONFIDENCE_RANGE),
      signalAgeMsMax: integer('signal-age-ms-max', MS_RANGE),
      notionalUnitsMax: amountOf('notional-max', values['notional-max']),
      positionUnitsMax: amountOf('position-max', values['position-max']),
      ordersPerMinuteMax: integer('orders-per-minute-max', RATE_RANGE),
    },
  };
}
