import { parseArgs } from 'node:util';
import { type Decimal, parseDecimal, ThroughlineError } from '@throughline/model';
import { SERVICE_FLAGS, SERVICE_USAGE } from '@throughline/service';
import type { BotOptions } from './bot.ts';

export const USAGE = `usage: bot --exchange-rest URL [options]
  --host HOST               default 127.0.0.1
  --port PORT               of the HTTP API, default 0: a free one
  --postgres URL            default: PostgreSQL inside the process (PGlite)
  --data FOLDER             where PGlite keeps its data, default: in memory
  --order-notional AMOUNT   what an order of full confidence is worth, default 1000
  --position-max AMOUNT     what the position in a symbol may be worth, default 20000
  --slippage-bps N          how far limits go past the best price, default 10; below 0 orders rest
  --candle-ms N             what one candle spans, default 1000
  --open-ms N               how long an order may stay open, default 5000
  --request-timeout-ms N    of one request to the exchange, default 2000
  --retry-budget-ms N       of one request with all its repetitions, default 10000
${SERVICE_USAGE}
  --help
environment: EXCHANGE_API_KEY, EXCHANGE_API_SECRET; default those of the simulator's demo account
  OTEL_TRACING_ENABLED, OTEL_SERVICE_NAME, SERVICE_VERSION, JAEGER_HOST, JAEGER_PORT,
  OTEL_SAMPLING_RATE and the other variables of the sdk`;

const OPTIONS = {
  ...SERVICE_FLAGS,
  'exchange-rest': { type: 'string' },
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '0' },
  postgres: { type: 'string' },
  data: { type: 'string' },
  'order-notional': { type: 'string', default: '1000' },
  'position-max': { type: 'string', default: '20000' },
  'slippage-bps': { type: 'string', default: '10' },
  'candle-ms': { type: 'string', default: '1000' },
  'open-ms': { type: 'string', default: '5000' },
  'request-timeout-ms': { type: 'string', default: '2000' },
  'retry-budget-ms': { type: 'string', default: '10000' },
  help: { type: 'boolean', default: false },
} as const;

/** The account of a simulator that was started without accounts. */
const DEMO_API_KEY = 'throughline-demo-key';
const DEMO_API_SECRET = 'throughline-demo-secret';

const DEFAULT_NAME = 'bot';
const PORT_MAX = 65_535;
const MS_MAX = 3_600_000;
const BPS_MAX = 9_999;
/** Binance takes no longer receive window than this. */
const REQUEST_TIMEOUT_MS_MAX = 60_000;
const RETRY_ATTEMPTS_MAX = 6;
const RETRY_DELAY_MS = 100;
const RETRY_DELAY_MS_MAX = 2_000;
const RESUME_MS = 2_000;

type Environment = Readonly<Record<string, string | undefined>>;

interface Config {
  readonly serviceName: string;
  readonly environment: Environment;
  readonly bot: Omit<BotOptions, 'logger' | 'countOrder'>;
}

/**
 * @returns undefined when help is asked for
 * @throws ThroughlineError `TL_CONFIG_INVALID` naming the flag that cannot be used
 */
export function readConfig(
  args: readonly string[],
  environment: Environment = process.env,
): Config | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  const integer = (name: IntegerFlag, [min, max]: readonly [number, number]): number => {
    const value = Number(values[name]);
    if (/^-?\d+$/.test(values[name]) && value >= min && value <= max) return value;
    throw invalid(`--${name} ${values[name]}: must be a whole number from ${min} to ${max}`);
  };
  const amount = (name: 'order-notional' | 'position-max') => amountOf(name, values[name]);
  return {
    serviceName: environment.OTEL_SERVICE_NAME || DEFAULT_NAME,
    environment,
    bot: {
      exchangeUrl: urlOf('exchange-rest', values['exchange-rest'], ['http:', 'https:']),
      credentials: {
        apiKey: environment.EXCHANGE_API_KEY || DEMO_API_KEY,
        apiSecret: environment.EXCHANGE_API_SECRET || DEMO_API_SECRET,
      },
      host: values.host,
      port: integer('port', [0, PORT_MAX]),
      postgresUrl:
        values.postgres === undefined
          ? undefined
          : urlOf('postgres', values.postgres, ['postgres:', 'postgresql:']),
      dataFolder: values.data,
      orderNotional: amount('order-notional'),
      positionMax: amount('position-max'),
      slippageBps: integer('slippage-bps', [-BPS_MAX, BPS_MAX]),
      candleMs: integer('candle-ms', [1, MS_MAX]),
      openMsMax: integer('open-ms', [0, MS_MAX]),
      requestTimeoutMs: integer('request-timeout-ms', [1, REQUEST_TIMEOUT_MS_MAX]),
      retry: {
        attemptsMax: RETRY_ATTEMPTS_MAX,
        budgetMs: integer('retry-budget-ms', [0, MS_MAX]),
        delayMs: RETRY_DELAY_MS,
        delayMsMax: RETRY_DELAY_MS_MAX,
      },
      resumeMs: RESUME_MS,
    },
  };
}

type IntegerFlag =
  | 'port'
  | 'slippage-bps'
  | 'candle-ms'
  | 'open-ms'
  | 'request-timeout-ms'
  | 'retry-budget-ms';

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** The text is not repeated: an address may hold a password. */
function urlOf(name: string, text: string | undefined, protocols: readonly string[]): string {
  if (text === undefined) throw invalid(`--${name} is missing`);
  if (URL.canParse(text) && protocols.includes(new URL(text).protocol)) return text;
  throw invalid(`--${name}: not an address that begins with ${protocols.join('// or ')}//`);
}

function amountOf(name: string, text: string): Decimal {
  if (/^\d{1,20}(\.\d{1,8})?$/.test(text) && !/^[0.]+$/.test(text)) return parseDecimal(text);
  throw invalid(`--${name} ${text}: not a positive decimal`);
}

function invalid(message: string, cause?: unknown): ThroughlineError {
  return new ThroughlineError('TL_CONFIG_INVALID', message, { hint: 'See --help.', cause });
}
