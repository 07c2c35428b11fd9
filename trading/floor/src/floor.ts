import { setInterval as every } from 'node:timers/promises';
import { ThroughlineError } from '@throughline/model';
import type { Subprocess } from '@throughline/process';
import { z } from 'zod';
import type { FloorFault } from './floor-fault.ts';
import type { FloorRow } from './floor-table.ts';
import { findNatsServer, NatsServer } from './nats-server.ts';
import { type SpawnOptions, spawnService } from './spawn-service.ts';
import {
  type Broker,
  type Layout,
  PGLITE,
  type Places,
  type ServiceDefinition,
  SYSTEMS,
  type SystemDefinition,
  WITH_PARENT,
} from './systems.ts';

export interface FloorOptions {
  /** By the names in {@link SYSTEMS}. */
  readonly systems: readonly string[];
  /** By service; 1 of each that is not in here. */
  readonly replicas: ReadonlyMap<string, number>;
  readonly faults: readonly FloorFault[];
  /** Brokers that run already; undefined: one of ours, or none. */
  readonly nats: string | undefined;
  readonly kafka: string | undefined;
  readonly postgres: string | undefined;
  /** A file of recorded market data for the exchange. */
  readonly replay: string | undefined;
  /** Gets what the services log; undefined: only the last of it is kept, for messages. */
  readonly onLog: ((text: string) => void) | undefined;
  /** Where programs are looked for. */
  readonly path: string;
  /** What the processes see of ours. */
  readonly environment: Readonly<Record<string, string>>;
}

const exchangeReadySchema = z.object({
  ready: z.literal(true),
  rest: z.string(),
  ws: z.string(),
  wsApi: z.string(),
  health: z.string(),
});
const readySchema = z.looseObject({
  ready: z.literal(true),
  health: z.string(),
  url: z.string().optional(),
});
type Ready = z.output<typeof readySchema>;

const BEGIN_DEADLINE_MS = 10_000;

/** A venue as real ones are: not at once, in several fills, and now and then refusing. */
const VENUE_ARGS = [
  ...['--latency-ms', '2', '--fill-latency-ms', '3', '--jitter-ms', '4'],
  ...['--trades-per-order', '2', '--reject-probability', '0.02'],
];

/** Brokers, exchange and systems, each service a process: what {@link SYSTEMS} describes. */
export class Floor {
  readonly rows: FloorRow[] = [];
  /** One line for each system that does not run on a broker though it could. */
  readonly notes: string[] = [];
  /** What each service said in its ready line; of one of them where there are several. */
  readonly ready: Record<string, Ready> = {};
  exchangeRest = '';
  readonly #options: FloorOptions;
  readonly #failure = Promise.withResolvers<never>();
  readonly #closing = new AbortController();
  /** Of each system its services, in the order in which they were started, each with its replicas. */
  readonly #systems: Subprocess[][][] = [];
  #nats: NatsServer | undefined;
  #database: Subprocess | undefined;
  #exchange: Subprocess | undefined;

  constructor(options: FloorOptions) {
    this.#options = options;
    // A failure before anybody waits for it must not end the process before the others are ended.
    this.#failure.promise.catch(() => {});
  }

  /** Rejects when one of the processes ends by itself. */
  get failed(): Promise<never> {
    return this.#failure.promise;
  }

  /**
   * Starts the brokers that are found, the exchange, and the systems on them; returns when each
   * service is ready.
   *
   * @throws ThroughlineError `TL_DEMO_FAILED` when one does not come up, or the floor is closed
   *   meanwhile; {@link Floor.close} ends the others
   */
  async start(): Promise<void> {
    const systems = SYSTEMS.filter(({ name }) => this.#options.systems.includes(name));
    const isWanted = (broker: Broker) =>
      systems.some(({ layouts }) => layouts.some(({ needs }) => needs.includes(broker)));
    const nats = isWanted('nats') ? await this.#startNats() : undefined;
    const postgres = isWanted('postgres') ? await this.#startDatabase() : undefined;
    const places = await this.#startExchange(nats, postgres);
    const rows = await Promise.all(systems.map((system) => this.#startSystem(system, places)));
    this.rows.push(...rows.flat());
    this.#noteWhatIsLeftOut();
    this.#restartBroker();
  }

  /** Ends every process, each after those that depend on it. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#systems.map(stopInReverse));
    await this.#exchange?.stop();
    await this.#database?.stop();
    await this.#nats?.stop();
  }

  /** The one that was named, or one of ours. */
  async #startNats(): Promise<string | undefined> {
    const { nats, path, environment } = this.#options;
    if (nats !== undefined) return nats;
    const program = findNatsServer(path);
    if (program === undefined) return undefined;
    const server = new NatsServer(program, environment);
    this.#nats = server;
    server.failed.catch(this.#failure.reject);
    const url = await server.start();
    this.rows.push({
      ...{ system: '-', service: 'nats-server', replica: '1/1', transport: url },
      ...{ pid: server.pid, health: undefined },
    });
    return url;
  }

  /**
   * The one that was named; or one in memory that processes share, if they are to talk over Kafka.
   * Without both, each system keeps what it stores to itself.
   */
  async #startDatabase(): Promise<string | undefined> {
    const { postgres, kafka } = this.#options;
    if (postgres !== undefined || kafka === undefined) return postgres;
    const database = this.#spawn({ ...PGLITE, args: WITH_PARENT });
    this.#database = database;
    const { url, health } = await database.until((line) => readySchema.safeParse(line).data);
    this.rows.push({
      ...{ system: '-', service: PGLITE.name, replica: '1/1', transport: url ?? '-' },
      ...{ pid: database.pid, health },
    });
    return url;
  }

  async #startExchange(nats: string | undefined, postgres: string | undefined): Promise<Places> {
    const { replay, faults, kafka } = this.#options;
    const cut = faults.find((fault) => fault.kind === 'exchange-disconnect');
    const cutArgs =
      cut?.kind === 'exchange-disconnect'
        ? ['--disconnect-probability', '1', '--disconnect-interval-ms', `${cut.everyMs}`]
        : [];
    const exchange = this.#spawn({
      name: 'exchange',
      script: 'trading/exchange/src/main.ts',
      args: [
        ...WITH_PARENT,
        ...VENUE_ARGS,
        ...(replay === undefined ? [] : ['--replay', replay]),
        ...cutArgs,
      ],
    });
    this.#exchange = exchange;
    const { rest, ws, wsApi, health } = await exchange.until(
      (line) => exchangeReadySchema.safeParse(line).data,
    );
    this.exchangeRest = rest;
    this.rows.push({
      ...{ system: '-', service: 'exchange', replica: '1/1', transport: rest },
      ...{ pid: exchange.pid, health },
    });
    return {
      ...{ exchangeRest: rest, exchangeWs: new URL(ws).origin, exchangeWsApi: wsApi },
      ...{ nats, kafka, postgres },
    };
  }

  /** Service after service: who receives is there before who sends. */
  async #startSystem(system: SystemDefinition, places: Places): Promise<FloorRow[]> {
    const { name, layouts } = system;
    const missingOf = ({ needs }: Layout) => needs.filter((broker) => places[broker] === undefined);
    const layout = layouts.find((candidate) => missingOf(candidate).length === 0);
    const missing = layouts[0] ? missingOf(layouts[0]) : [];
    const [address] = layout?.needs.map((broker) => places[broker]) ?? [];
    if (missing.length > 0) {
      const how = address === undefined ? 'on channels, ' : '';
      this.notes.push(`${name} runs ${how}without ${missing.join(' and ')}`);
    }
    const groups: Subprocess[][] = [];
    this.#systems.push(groups);
    const rows: FloorRow[] = [];
    for (const service of layout?.services ?? []) {
      const started = await this.#startReplicas(service, places, groups);
      rows.push(
        ...started.map((row) => ({ ...row, system: name, transport: address ?? 'in process' })),
      );
    }
    return rows;
  }

  async #startReplicas(
    service: ServiceDefinition,
    places: Places,
    groups: Subprocess[][],
  ): Promise<Omit<FloorRow, 'system' | 'transport'>[]> {
    const { name, script, args } = service;
    const count = this.#options.replicas.get(name) ?? 1;
    const replicas = Array.from({ length: count }, (_, index) =>
      this.#spawn({ name, script, args: args(places, { number: index + 1, count }) }),
    );
    groups.push(replicas);
    const readies = await Promise.all(
      replicas.map((replica) => replica.until((line) => readySchema.safeParse(line).data)),
    );
    for (const ready of readies) await begin(service, ready);
    return replicas.map(({ pid }, index) => {
      const ready = readies[index];
      if (ready) this.ready[name] ??= ready;
      return { service: name, replica: `${index + 1}/${count}`, pid, health: ready?.health };
    });
  }

  #spawn(service: Pick<SpawnOptions, 'name' | 'script' | 'args'>): Subprocess {
    if (this.#closing.signal.aborted) {
      const message = `${service.name} is not started: the floor is closed`;
      throw new ThroughlineError('TL_DEMO_FAILED', message);
    }
    const child = spawnService({
      ...service,
      faults: this.#options.faults,
      onStderr: this.#options.onLog,
      environment: this.#options.environment,
    });
    child.failure().catch(this.#failure.reject);
    return child;
  }

  /** Inside of a system that is one process a service has neither replicas nor faults of its own. */
  #noteWhatIsLeftOut(): void {
    const { replicas, faults } = this.#options;
    const faulty = faults.flatMap((fault) => (fault.kind === 'service' ? [fault.service] : []));
    const processes = new Set(this.rows.map(({ service }) => service));
    for (const name of new Set([...replicas.keys(), ...faulty])) {
      if (processes.has(name)) continue;
      this.notes.push(`${name} is no process here: its replicas and faults are left out`);
    }
  }

  #restartBroker(): void {
    const fault = this.#options.faults.find(({ kind }) => kind === 'broker-restart');
    if (fault?.kind !== 'broker-restart') return;
    const server = this.#nats;
    if (!server) {
      this.notes.push('no broker is restarted: the floor has started none');
      return;
    }
    const { signal } = this.#closing;
    const restart = async (): Promise<void> => {
      for await (const _ of every(fault.everyMs, undefined, { signal })) await server.restart();
    };
    restart().catch((error) => {
      if (!signal.aborted) this.#failure.reject(error);
    });
  }
}

/** @throws ThroughlineError `TL_DEMO_FAILED` with what the service answered */
async function begin({ name, begin: request }: ServiceDefinition, ready: Ready): Promise<void> {
  if (!request) return;
  const response = await fetch(`${ready.url}${request.path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request.body),
    signal: AbortSignal.timeout(BEGIN_DEADLINE_MS),
  });
  const answer = await response.text();
  if (response.ok) return;
  const message = `${name} refuses ${request.path} with ${response.status}: ${answer}`;
  throw new ThroughlineError('TL_DEMO_FAILED', message);
}

/** The last service started is the first to stop; its replicas stop together. */
async function stopInReverse(groups: readonly Subprocess[][]): Promise<void> {
  for (const replicas of groups.toReversed()) {
    await Promise.all(replicas.map((replica) => replica.stop()));
  }
}
