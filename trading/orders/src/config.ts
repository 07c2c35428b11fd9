import { PROCESS_USAGE, SERVICE_FLAGS } from '@throughline/service';
import { invalidFlag, parseFlags, urlOf } from './arguments.ts';
import {
  ALLOCATION_METHODS,
  type AllocationMethod,
  DEFAULT_ALLOCATION,
} from './domain/allocation/allocation.ts';
import type { OrdersOptions } from './orders.ts';
import { readVenues } from './venue-flags.ts';

export const USAGE = `usage: orders --exchange-ws-api [NAME=]URL --exchange-rest [NAME=]URL [options]
                            may be repeated: one pair for each venue
  --venue-weights NAME=N,...  how lots are split over the venues, default 1 each
  --host HOST               default 127.0.0.1
  --port PORT               default 0: a free one
  --batch-size N            client orders that make a batch full, default 8
  --batch-ms N              how long the first order of a batch waits for others, default 25
  --max-open-ms N           how long exchange orders stay open, default 1500
  --slice-notional AMOUNT   what one exchange order should be worth at most, default 20000
  --allocation METHOD       of fills to client orders: pro_rata (default), fifo or
                            pro_rata_min_lots_fifo
  --allocation-min-lots N   the multiple that shares are rounded down to by the last one, default 2
  --risk-max-notional AMOUNT  what one client order may be worth, default 10000000
  --risk-max-open-orders N  open orders of one user, default 1000
  --user-rate N             orders, cancels and replaces of one user a second, default 10000
  --order-id-prefix TEXT    of our ids at the exchange, default tl-; one for each process that
                            trades on the account
  --no-recover              leave open what an earlier process left open at the exchange; else such
                            orders, known by the prefix, are canceled at the start
  --journal FILE            of the open client orders, one for each process: after a kill, the next
                            one ends them in their traces and tells their clients; default none
  --otlp URL                where spans go, default from OTEL_* or http://localhost:4318
${PROCESS_USAGE}
  --fault clock-skew=-1500ms
                            the clock is that of another host (trading/floor.ts sets it)
  --help
environment: EXCHANGE_API_KEY, EXCHANGE_API_SECRET; default those of the simulator's demo account`;

const OPTIONS = {
  ...SERVICE_FLAGS,
  'exchange-ws-api': { type: 'string', multiple: true, default: [] as string[] },
  'exchange-rest': { type: 'string', multiple: true, default: [] as string[] },
  'venue-weights': { type: 'string', default: '' },
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '0' },
  'batch-size': { type: 'string', default: '8' },
  'batch-ms': { type: 'string', default: '25' },
  'max-open-ms': { type: 'string', default: '1500' },
  'slice-notional': { type: 'string', default: '20000' },
  allocation: { type: 'string', default: DEFAULT_ALLOCATION.method },
  'allocation-min-lots': { type: 'string', default: String(DEFAULT_ALLOCATION.lotsMin) },
  'risk-max-notional': { type: 'string', default: '10000000' },
  'risk-max-open-orders': { type: 'string', default: '1000' },
  'user-rate': { type: 'string', default: '10000' },
  'order-id-prefix': { type: 'string', default: 'tl-' },
  'no-recover': { type: 'boolean', default: false },
  journal: { type: 'string' },
  otlp: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

/** The account of a simulator that was started without accounts. */
const DEMO_API_KEY = 'throughline-demo-key';
const DEMO_API_SECRET = 'throughline-demo-secret';

const PORT_MAX = 65_535;
const MEMBERS_MAX = 10_000;
const LOTS_MAX = 1_000_000_000;
const MS_MAX = 3_600_000;
const COUNT_MAX = 1_000_000;

interface Config {
  readonly orders: OrdersOptions;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * @returns undefined when help is asked for
 * @throws ThroughlineError `TL_CONFIG_INVALID` naming the flag that cannot be used
 */
export function readConfig(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Config | undefined {
  const values = parseFlags(args, OPTIONS);
  if (values.help) return undefined;
  // Its messages travel between threads, where nothing is to go wrong.
  const fault = values.fault.find((text) => !text.startsWith('clock-skew='));
  if (fault !== undefined) throw invalidFlag(`--fault ${fault}: orders has only clock-skew`);
  const integer = (name: IntegerFlag, [min, max]: Range) => {
    const value = Number(values[name]);
    if (/^\d+$/.test(values[name]) && value >= min && value <= max) return value;
    throw invalidFlag(`--${name} ${values[name]}: must be a whole number from ${min} to ${max}`);
  };
  const { otlp, journal } = values;
  if (journal !== undefined && values['no-recover']) {
    throw invalidFlag('--journal: says what became of orders, which --no-recover leaves open');
  }
  return {
    environment,
    orders: {
      venues: readVenues({
        wsApis: values['exchange-ws-api'],
        rests: values['exchange-rest'],
        weights: values['venue-weights'],
      }),
      apiKey: environment.EXCHANGE_API_KEY || DEMO_API_KEY,
      apiSecret: environment.EXCHANGE_API_SECRET || DEMO_API_SECRET,
      host: values.host,
      port: integer('port', [0, PORT_MAX]),
      batchMembersMax: integer('batch-size', [1, MEMBERS_MAX]),
      batchLingerMs: integer('batch-ms', [0, MS_MAX]),
      openMsMax: integer('max-open-ms', [0, MS_MAX]),
      sliceNotional: amountOf('slice-notional', values['slice-notional']),
      allocation: {
        method: methodOf(values.allocation),
        lotsMin: BigInt(integer('allocation-min-lots', [1, LOTS_MAX])),
      },
      risk: {
        notionalMax: amountOf('risk-max-notional', values['risk-max-notional']),
        userOrdersMax: integer('risk-max-open-orders', [1, COUNT_MAX]),
      },
      limits: { userRequestsPerSecondMax: integer('user-rate', [1, COUNT_MAX]) },
      orderIdPrefix: prefixOf(values['order-id-prefix']),
      recovers: !values['no-recover'],
      journalPath: journal,
      tracing: otlp === undefined ? {} : { endpoint: urlOf('otlp', otlp, ['http:', 'https:']) },
    },
  };
}

type Range = readonly [min: number, max: number];

type IntegerFlag =
  | 'port'
  | 'batch-size'
  | 'batch-ms'
  | 'max-open-ms'
  | 'allocation-min-lots'
  | 'risk-max-open-orders'
  | 'user-rate';

function methodOf(text: string): AllocationMethod {
  const method = ALLOCATION_METHODS.find((one) => one === text);
  if (method) return method;
  throw invalidFlag(`--allocation ${text}: not one of ${ALLOCATION_METHODS.join(', ')}`);
}

/** With the batch's id and a number behind it, it has to fit into the exchange's 36 characters. */
function prefixOf(text: string): string {
  if (/^[A-Za-z0-9_-]{1,8}$/.test(text)) return text;
  throw invalidFlag(`--order-id-prefix ${text}: not 1 to 8 letters, digits, dashes or _`);
}

function amountOf(name: string, text: string): string {
  if (/^\d{1,20}(\.\d{1,8})?$/.test(text) && !/^[0.]+$/.test(text)) return text;
  throw invalidFlag(`--${name} ${text}: not a positive decimal`);
}
