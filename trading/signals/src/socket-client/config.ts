import { SERVICE_USAGE } from '@throughline/service';
import { invalidFlag, NATS_FLAGS, NATS_USAGE, natsOptionsOf, parseFlags, urlOf } from '../flags.ts';
import type { NatsTransportOptions } from '../transport/nats-transport.ts';
import type { ExchangeStreamOptions } from './exchange-stream.ts';
import type { RecordingOptions } from './recording.ts';

/** Flags that say where market data comes from. */
export const SOURCE_FLAGS = {
  'exchange-ws': { type: 'string' },
  live: { type: 'boolean', default: false },
  replay: { type: 'string' },
  'replay-speed': { type: 'string', default: '1' },
  symbols: { type: 'string', default: 'BTCUSDT,ETHUSDT' },
} as const;

export const SOURCE_USAGE = `  --exchange-ws URL         market streams of a simulator, such as ws://127.0.0.1:9000
  --live                    market streams of Binance, or of --exchange-ws; ends if unreachable
  --replay FILE             a recording instead
  --replay-speed X          default 1
  --symbols A,B             default BTCUSDT,ETHUSDT`;

export const USAGE = `usage: socket-client (--exchange-ws URL | --live | --replay FILE) [options]
${SOURCE_USAGE}
${NATS_USAGE}
${SERVICE_USAGE}`;

const LIVE_URL = 'wss://stream.binance.com:9443';
const SYMBOLS_MAX = 100;

export type SourceOptions =
  | { readonly type: 'stream'; readonly stream: ExchangeStreamOptions }
  | { readonly type: 'recording'; readonly recording: RecordingOptions };

interface Config {
  readonly nats: NatsTransportOptions;
  readonly source: SourceOptions;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * @returns undefined when help is asked for
 * @throws ThroughlineError `TL_CONFIG_INVALID` naming the flag that cannot be used
 */
export function readConfig(argv: readonly string[], environment = process.env): Config | undefined {
  const values = parseFlags(argv, { ...NATS_FLAGS, ...SOURCE_FLAGS });
  if (values.help) return undefined;
  return {
    nats: natsOptionsOf(values),
    source: sourceOptionsOf(values),
    environment,
  };
}

interface SourceValues {
  readonly 'exchange-ws'?: string | undefined;
  readonly live: boolean;
  readonly replay?: string | undefined;
  readonly 'replay-speed': string;
  readonly symbols: string;
}

/** @throws ThroughlineError `TL_CONFIG_INVALID` */
export function sourceOptionsOf(values: SourceValues): SourceOptions {
  const { live, replay } = values;
  const url = values['exchange-ws'] ?? (live ? LIVE_URL : undefined);
  if ((url === undefined) === (replay === undefined)) {
    throw invalidFlag('one of --exchange-ws, --live and --replay is needed');
  }
  if (replay !== undefined) {
    const speed = Number(values['replay-speed']);
    if (speed > 0 && Number.isFinite(speed)) {
      return { type: 'recording', recording: { path: replay, speed } };
    }
    throw invalidFlag(`--replay-speed ${values['replay-speed']}: not a positive number`);
  }
  const symbols = values.symbols.split(',');
  if (symbols.length > SYMBOLS_MAX || !symbols.every((symbol) => /^[A-Z0-9]{1,20}$/.test(symbol))) {
    throw invalidFlag(`--symbols ${values.symbols}: not a list such as BTCUSDT,ETHUSDT`);
  }
  const stream = {
    url: urlOf('exchange-ws', url ?? '', ['ws:', 'wss:']).replace(/\/+$/, ''),
    symbols,
    mustConnect: live,
  };
  return { type: 'stream', stream };
}
