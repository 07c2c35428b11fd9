/** What services are told of the world around them. */
export interface Places {
  readonly exchangeRest: string;
  /** Market data streams, without path. */
  readonly exchangeWs: string;
  /** Orders and their reports. */
  readonly exchangeWsApi: string;
  readonly nats: string | undefined;
  readonly kafka: string | undefined;
  readonly postgres: string | undefined;
}

/** What a system may need, besides the exchange. */
export type Broker = 'nats' | 'kafka' | 'postgres';

/** One of the processes of a service. */
export interface Replica {
  /** From 1 to `count`. */
  readonly number: number;
  readonly count: number;
}

export interface ServiceDefinition {
  readonly name: string;
  /** From the root of the workspace. */
  readonly script: string;
  readonly args: (places: Places, replica: Replica) => readonly string[];
  /** What its HTTP interface is asked once it is ready, so that it begins to work. */
  readonly begin?: { readonly path: string; readonly body: unknown };
}

/** One way to run a system. */
export interface Layout {
  /** What has to be there; the first is what its services talk over. Nothing: channels. */
  readonly needs: readonly Broker[];
  /** In the order in which they start: who receives comes before who sends. */
  readonly services: readonly ServiceDefinition[];
}

export interface SystemDefinition {
  readonly name: string;
  /** The first that can be is taken; the last one always can. */
  readonly layouts: readonly Layout[];
}

export const WITH_PARENT = ['--exit-with-parent'];
const CHANNELS = [...WITH_PARENT, '--transport', 'channel'];

function nats(places: Places): string[] {
  return [...WITH_PARENT, ...option('--nats', places.nats)];
}

function kafka(places: Places): string[] {
  return [...WITH_PARENT, ...option('--kafka', places.kafka)];
}

function postgres(places: Places): string[] {
  return option('--postgres', places.postgres);
}

function option(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [name, value];
}

/** What the floor starts where a system needs PostgreSQL besides a broker, and there is none. */
export const PGLITE = { name: 'pglite', script: 'trading/options/src/database/main.ts' } as const;

/** Its parts are threads of one process. */
const ORDERS: SystemDefinition = {
  name: 'orders',
  layouts: [
    {
      needs: [],
      services: [
        {
          name: 'orders',
          script: 'trading/orders/src/main.ts',
          // All trade on one account: each has to know its own orders there.
          args: (places, { number }) => [
            ...WITH_PARENT,
            ...['--exchange-rest', places.exchangeRest],
            ...['--exchange-ws-api', places.exchangeWsApi],
            ...['--order-id-prefix', `tl${number}-`],
          ],
        },
      ],
    },
  ],
};

const SIGNALS: SystemDefinition = {
  name: 'signals',
  layouts: [
    {
      needs: ['nats'],
      services: [
        {
          name: 'tradeengine',
          script: 'trading/signals/src/tradeengine/main.ts',
          args: (places) => [...nats(places), '--exchange-rest', places.exchangeRest],
        },
        { name: 'ta-bot', script: 'trading/signals/src/ta-bot/main.ts', args: nats },
        {
          name: 'realtime-strategies',
          script: 'trading/signals/src/realtime-strategies/main.ts',
          args: nats,
        },
        { name: 'data-manager', script: 'trading/signals/src/data-manager/main.ts', args: nats },
        {
          name: 'socket-client',
          script: 'trading/signals/src/socket-client/main.ts',
          args: (places) => [...nats(places), '--exchange-ws', places.exchangeWs],
        },
      ],
    },
    {
      needs: [],
      services: [
        {
          name: 'signals',
          script: 'trading/signals/src/main.ts',
          args: (places) => [
            ...CHANNELS,
            ...['--exchange-rest', places.exchangeRest],
            ...['--exchange-ws', places.exchangeWs],
          ],
        },
      ],
    },
  ],
};

const OPTIONS: SystemDefinition = {
  name: 'options',
  layouts: [
    {
      needs: ['kafka', 'postgres'],
      services: [
        {
          name: 'storage',
          script: 'trading/options/src/storage/main.ts',
          args: (places) => [...kafka(places), ...postgres(places)],
        },
        { name: 'processor', script: 'trading/options/src/processor/main.ts', args: kafka },
        {
          name: 'historical',
          script: 'trading/options/src/historical/main.ts',
          args: (places) => [...kafka(places), ...postgres(places)],
        },
        {
          name: 'ingestion',
          script: 'trading/options/src/ingestion/main.ts',
          args: (places, { number, count }) => [
            ...kafka(places),
            ...['--shard', `${number}/${count}`],
          ],
        },
      ],
    },
    {
      needs: [],
      services: [
        {
          name: 'options',
          script: 'trading/options/src/main.ts',
          args: (places) => [...CHANNELS, ...postgres(places)],
        },
      ],
    },
  ],
};

const BOT: SystemDefinition = {
  name: 'bot',
  layouts: [
    {
      needs: [],
      services: [
        {
          name: 'bot',
          script: 'trading/bot/src/main.ts',
          args: (places) => [
            ...WITH_PARENT,
            ...['--exchange-rest', places.exchangeRest],
            ...postgres(places),
          ],
          begin: {
            path: '/strategies/moving_average_crossover/start',
            body: { symbol: 'BTCUSDT', intervalMs: 1_000, parameters: { fast: 2, slow: 5 } },
          },
        },
      ],
    },
  ],
};

/** Every reference system, with the ways to run it. */
export const SYSTEMS: readonly SystemDefinition[] = [ORDERS, SIGNALS, OPTIONS, BOT];
