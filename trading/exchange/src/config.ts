import { parseArgs } from 'node:util';
import { ThroughlineError } from '@throughline/model';
import { PROCESS_FLAGS, PROCESS_USAGE } from '@throughline/service';
import type { ExchangeOptions } from './exchange.ts';
import { DEMO_ACCOUNT } from './venue/account.ts';

export const USAGE = `usage: exchange [options]
  --name NAME                   tells several apart in logs and metrics, default exchange
  --host HOST                   default 127.0.0.1
  --port PORT                   default 0: a free one
  --seed N                      of order flow and faults, default 1
  --flow-rate N                 steps a second of generated order flow, default 20, 0: none
  --replay FILE                 feed recorded market data instead, for its symbol
  --replay-speed X              default 1
  --latency-ms N                before a request reaches the engine
  --ack-latency-ms N            until the response leaves
  --fill-latency-ms N           until a report leaves
  --jitter-ms N                 at most so much more on each
  --trades-per-order N          cut each taking order into at least so many trades
  --reject-probability P        of a good order being refused
  --repeat-probability P        of a report coming a second time
  --reorder-probability P       of a report being overtaken by the next
  --disconnect-probability P    of each socket being cut, every ...
  --disconnect-interval-ms N
  --maker-bps N --taker-bps N   commissions in basis points, default 0
  --api-key KEY --secret SECRET of the one account; default the demo account's
${PROCESS_USAGE}
  --help`;

const OPTIONS = {
  ...PROCESS_FLAGS,
  name: { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  seed: { type: 'string' },
  'flow-rate': { type: 'string' },
  replay: { type: 'string' },
  'replay-speed': { type: 'string' },
  'latency-ms': { type: 'string' },
  'ack-latency-ms': { type: 'string' },
  'fill-latency-ms': { type: 'string' },
  'jitter-ms': { type: 'string' },
  'trades-per-order': { type: 'string' },
  'reject-probability': { type: 'string' },
  'repeat-probability': { type: 'string' },
  'reorder-probability': { type: 'string' },
  'disconnect-probability': { type: 'string' },
  'disconnect-interval-ms': { type: 'string' },
  'maker-bps': { type: 'string' },
  'taker-bps': { type: 'string' },
  'api-key': { type: 'string' },
  secret: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

const PORT_MAX = 65_535;

interface Config {
  readonly exchange: ExchangeOptions;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * @returns undefined when help is asked for
 * @throws ThroughlineError `TL_CONFIG_INVALID` naming the flag that cannot be used
 */
export function readConfig(args: readonly string[], environment = process.env): Config | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  const { name, host, replay, secret } = values;
  const apiKey = values['api-key'];
  if ((apiKey === undefined) !== (secret === undefined)) {
    throw new ThroughlineError('TL_CONFIG_INVALID', '--api-key and --secret belong together');
  }
  const number = (name: NumberFlag, fallback: number): number => {
    const text = values[name];
    if (text === undefined) return fallback;
    const value = Number(text);
    if (text !== '' && Number.isFinite(value) && value >= 0) return value;
    throw new ThroughlineError('TL_CONFIG_INVALID', `--${name} ${text} is no number from 0 up`);
  };
  const port = number('port', 0);
  if (!Number.isInteger(port) || port > PORT_MAX) {
    throw new ThroughlineError('TL_CONFIG_INVALID', `--port must be from 0 to ${PORT_MAX}`);
  }
  return {
    environment,
    exchange: {
      port,
      seed: number('seed', 1),
      flow: { stepsPerSecond: number('flow-rate', 20) },
      faults: {
        requestLatencyMs: number('latency-ms', 0),
        ackLatencyMs: number('ack-latency-ms', 0),
        fillLatencyMs: number('fill-latency-ms', 0),
        jitterMs: number('jitter-ms', 0),
        tradesPerOrderMin: number('trades-per-order', 1),
        rejectProbability: number('reject-probability', 0),
        repeatProbability: number('repeat-probability', 0),
        reorderProbability: number('reorder-probability', 0),
        disconnectProbability: number('disconnect-probability', 0),
        disconnectIntervalMs: number('disconnect-interval-ms', 0),
      },
      commission: { makerBps: number('maker-bps', 0), takerBps: number('taker-bps', 0) },
      ...(name === undefined ? {} : { name }),
      ...(host === undefined ? {} : { host }),
      ...(replay === undefined
        ? {}
        : { replay: { path: replay, speed: number('replay-speed', 1) } }),
      ...(apiKey === undefined || secret === undefined
        ? {}
        : { accounts: [{ ...DEMO_ACCOUNT, apiKey, secret }] }),
    },
  };
}

/** Of those whose value is text, so that it is known whether they were given. */
type NumberFlag = Exclude<
  keyof typeof OPTIONS,
  keyof typeof PROCESS_FLAGS | 'help' | 'name' | 'host' | 'replay' | 'api-key' | 'secret'
>;

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new ThroughlineError('TL_CONFIG_INVALID', message, { cause });
  }
}
