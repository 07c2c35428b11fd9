import { invalidFlag, parseFlags } from './arguments.ts';
import type { OrdersOptions } from './orders.ts';

export const USAGE = `usage: orders --exchange-ws-api URL --exchange-rest URL [options]
  --host HOST               default 127.0.0.1
  --port PORT               default 0: a free one
  --batch-size N            client orders that make a batch full, default 8
  --batch-ms N              how long the first order of a batch waits for others, default 25
  --max-open-ms N           how long exchange orders stay open, default 1500
  --slice-notional AMOUNT   what one exchange order should be worth at most, default 20000
  --otlp URL                where spans go, default from OTEL_* or http://localhost:4318
  --help
It ends at SIGTERM, and with its parent (IPC channel closed, or end of a piped stdin).
environment: EXCHANGE_API_KEY, EXCHANGE_API_SECRET; default those of the simulator's demo account`;

const OPTIONS = {
  'exchange-ws-api': { type: 'string' },
  'exchange-rest': { type: 'string' },
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '0' },
  'batch-size': { type: 'string', default: '8' },
  'batch-ms': { type: 'string', default: '25' },
  'max-open-ms': { type: 'string', default: '1500' },
  'slice-notional': { type: 'string', default: '20000' },
  otlp: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

/** The account of a simulator that was started without accounts. */
const DEMO_API_KEY = 'throughline-demo-key';
const DEMO_API_SECRET = 'throughline-demo-secret';

const PORT_MAX = 65_535;
const MEMBERS_MAX = 10_000;
const MS_MAX = 3_600_000;

export type Config =
  | { readonly isHelp: true }
  | {
      readonly isHelp: false;
      readonly orders: OrdersOptions;
    };

/** @throws ThroughlineError `TL_CONFIG_INVALID` naming the flag that cannot be used */
export function readConfig(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Config {
  const values = parseFlags(args, OPTIONS);
  if (values.help) return { isHelp: true };
  const integer = (name: 'port' | 'batch-size' | 'batch-ms' | 'max-open-ms', [min, max]: Range) => {
    const value = Number(values[name]);
    if (/^\d+$/.test(values[name]) && value >= min && value <= max) return value;
    throw invalidFlag(`--${name} ${values[name]}: must be a whole number from ${min} to ${max}`);
  };
  const { otlp } = values;
  return {
    isHelp: false,
    orders: {
      exchangeWsApiUrl: urlOf('exchange-ws-api', values['exchange-ws-api'], ['ws:', 'wss:']),
      exchangeRestUrl: urlOf('exchange-rest', values['exchange-rest'], ['http:', 'https:']),
      apiKey: environment.EXCHANGE_API_KEY || DEMO_API_KEY,
      apiSecret: environment.EXCHANGE_API_SECRET || DEMO_API_SECRET,
      host: values.host,
      port: integer('port', [0, PORT_MAX]),
      batchMembersMax: integer('batch-size', [1, MEMBERS_MAX]),
      batchLingerMs: integer('batch-ms', [0, MS_MAX]),
      openMsMax: integer('max-open-ms', [0, MS_MAX]),
      sliceNotional: amountOf('slice-notional', values['slice-notional']),
      tracing: otlp === undefined ? {} : { endpoint: urlOf('otlp', otlp, ['http:', 'https:']) },
    },
  };
}

type Range = readonly [min: number, max: number];

function urlOf(name: string, text: string | undefined, protocols: readonly string[]): string {
  if (text === undefined) throw invalidFlag(`--${name} is missing`);
  if (URL.canParse(text) && protocols.includes(new URL(text).protocol)) return text;
  throw invalidFlag(
    `--${name} ${text}: not an address that begins with ${protocols.join(' or ')}//`,
  );
}

function amountOf(name: string, text: string): string {
  if (/^\d{1,20}(\.\d{1,8})?$/.test(text) && !/^[0.]+$/.test(text)) return text;
  throw invalidFlag(`--${name} ${text}: not a positive decimal`);
}
