/** What services are told of the world around them. */
export interface Places {
  readonly exchangeRest: string;
  /** Market data streams. */
  readonly exchangeWs: string;
  /** Orders and their reports. */
  readonly exchangeWsApi: string;
  readonly nats: string | undefined;
  readonly kafka: string | undefined;
  readonly postgres: string | undefined;
}

export type Broker = 'nats' | 'kafka';

/** One process of a system. */
export interface ServiceDefinition {
  readonly name: string;
  /** From the root of the workspace. */
  readonly script: string;
  readonly args: (places: Places) => readonly string[];
  /** What it needs of it besides ours. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface SystemDefinition {
  readonly name: string;
  /** What connects its services when each is a process; undefined: they always share one. */
  readonly broker: Broker | undefined;
  /** In the order in which they start: who receives comes before who sends. */
  readonly services: readonly ServiceDefinition[];
  /** The whole system as one process, whose services talk over in-process channels. */
  readonly whole: ServiceDefinition;
}

/** Every reference system, with the services that it consists of. */
export const SYSTEMS: readonly SystemDefinition[] = [
  {
    name: 'orders',
    broker: undefined,
    services: [],
    whole: {
      name: 'orders',
      script: 'trading/orders/src/main.ts',
      // Ends with a piped stdin without being told to.
      args: (places) => [
        ...['--exchange-rest', places.exchangeRest],
        ...['--exchange-ws-api', places.exchangeWsApi],
      ],
    },
  },
];
