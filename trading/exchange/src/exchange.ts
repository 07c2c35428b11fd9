import type { AddressInfo } from 'node:net';
import { ThroughlineError } from '@throughline/model';
import { type FaultOptions, Faults } from './faults/faults.ts';
import { type FlowOptions, OrderFlow } from './flow/order-flow.ts';
import { INSTRUMENTS } from './instruments.ts';
import {
  DEFAULT_SOCKET_LIMITS,
  type SocketLimits,
  type SocketStats,
} from './protocol/connection.ts';
import { MarketStreams } from './protocol/market-streams.ts';
import { createRest } from './protocol/rest.ts';
import { SocketServer } from './protocol/socket-server.ts';
import { type UserDataStats, UserDataStreams } from './protocol/user-data-streams.ts';
import { Random } from './random.ts';
import { openReplay, type ReplayOptions, type ReplayStats } from './replay/replay.ts';
import { type AccountOptions, DEMO_ACCOUNT } from './venue/account.ts';
import type { CommissionOptions } from './venue/commission.ts';
import { Venue, type VenueStats } from './venue/venue.ts';

export interface ExchangeOptions {
  /** Tells several apart in logs and metrics. Default `exchange`. */
  readonly name?: string;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: a free port. */
  readonly port?: number;
  /** Of all order flow and faults. Default 1. */
  readonly seed?: number;
  /** Default: {@link DEMO_ACCOUNT} alone. */
  readonly accounts?: readonly AccountOptions[];
  /** Generated order flow, on every market that is not replayed. */
  readonly flow?: Partial<FlowOptions>;
  readonly replay?: ReplayOptions;
  readonly faults?: Partial<FaultOptions>;
  /** Default none. */
  readonly commission?: Partial<CommissionOptions>;
  readonly limits?: Partial<SocketLimits>;
}

export interface ExchangeStats {
  readonly venue: Readonly<VenueStats>;
  readonly sockets: Readonly<SocketStats>;
  readonly userData: Readonly<UserDataStats>;
  /** Closed orders and fills that accounts can no longer look up. */
  readonly ordersForgotten: number;
  readonly fillsForgotten: number;
  readonly flowSteps: number;
  readonly replay: ReplayStats | undefined;
}

export interface Exchange {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Base of the REST paths: `http://127.0.0.1:1234`. */
  readonly restUrl: string;
  /** Market streams: `ws://127.0.0.1:1234/ws`. */
  readonly wsUrl: string;
  /** Order entry and user data: `ws://127.0.0.1:1234/ws-api/v3`. */
  readonly wsApiUrl: string;
  stats(): ExchangeStats;
  /** Stops the markets, then says goodbye to the clients. */
  close(): Promise<void>;
}

/**
 * Starts an exchange: the venue, what trades on it by itself, then the doors for clients. When it
 * returns, all books that have order flow are two-sided.
 *
 * @throws ThroughlineError `TL_CONFIG_INVALID` for an unusable option, `TL_PORT_IN_USE` when it
 * cannot listen
 */
export async function startExchange(options: ExchangeOptions = {}): Promise<Exchange> {
  const random = new Random(options.seed ?? 1);
  const faults = new Faults(random.fork(), options.faults);
  // Counting up from the clock keeps the ids of two runs apart, in logs and in traces; they fit a
  // double.
  const firstId = Date.now() * 1_000;
  const accounts = options.accounts ?? [DEMO_ACCOUNT];
  const now = Date.now;
  const venue = new Venue({
    instruments: INSTRUMENTS,
    accounts,
    faults,
    ...(options.commission ? { commission: options.commission } : {}),
    now,
    firstId,
  });
  const replay = options.replay ? await openReplay(venue, options.replay) : undefined;
  const flows = createFlows(venue, random, options.flow, replay?.symbol);

  const streams = new MarketStreams(venue);
  const userData = new UserDataStreams(venue);
  const rest = createRest(venue, faults);
  const limits = { ...DEFAULT_SOCKET_LIMITS, ...options.limits };
  // Half of the connections may be WebSockets, so that REST always finds room.
  rest.server.maxConnections = limits.socketsMax * 2;
  const sockets = new SocketServer(rest.server, { venue, streams, userData, faults, limits });
  const closeDoors = async () => {
    await sockets.close();
    await rest.close();
    streams.close();
  };

  const host = options.host ?? '127.0.0.1';
  try {
    await rest.listen({ host, port: options.port ?? 0 });
  } catch (cause) {
    await closeDoors();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ThroughlineError('TL_PORT_IN_USE', `cannot listen: ${reason}`, { cause });
  }
  for (const flow of flows) flow.start();
  replay?.start();

  const { port } = rest.server.address() as AddressInfo;
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return {
    name: options.name ?? 'exchange',
    host,
    port,
    restUrl: `http://${authority}`,
    wsUrl: `ws://${authority}/ws`,
    wsApiUrl: `ws://${authority}/ws-api/v3`,
    stats: () => ({
      venue: { ...venue.stats },
      sockets: { ...sockets.stats },
      userData: { ...userData.stats },
      ordersForgotten: sum([...venue.accounts.values()].map((one) => one.ordersForgotten)),
      fillsForgotten: sum([...venue.accounts.values()].map((one) => one.fillsForgotten)),
      flowSteps: sum(flows.map((flow) => flow.steps)),
      replay: replay?.stats(),
    }),
    close: async () => {
      await replay?.close();
      for (const flow of flows) flow.close();
      await closeDoors();
    },
  };
}

function createFlows(
  venue: Venue,
  random: Random,
  options: Partial<FlowOptions> | undefined,
  replayedSymbol: string | undefined,
): OrderFlow[] {
  // Each market forks its own numbers, so that replaying one does not change the others.
  return [...venue.markets.values()]
    .map((market) => ({ market, random: random.fork() }))
    .filter(({ market }) => market.instrument.symbol !== replayedSymbol)
    .map((one) => new OrderFlow(one.market, () => venue.nextOrderId(), one.random, options));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
