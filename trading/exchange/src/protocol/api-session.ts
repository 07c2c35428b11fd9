import { z } from 'zod';
import type { Faults } from '../faults/faults.ts';
import { ReportFaults } from '../faults/report-faults.ts';
import type { Account } from '../venue/account.ts';
import type { Venue } from '../venue/venue.ts';
import { VenueError } from '../venue/venue-error.ts';
import { authenticate } from './authentication.ts';
import type { Connection } from './connection.ts';
import * as operations from './operations.ts';
import type { RawParameters } from './parameters.ts';
import type { UserDataStreams, UserDataSubscriber } from './user-data-streams.ts';

const OPERATIONS: Readonly<Record<string, operations.Operation>> = {
  ping: operations.ping,
  time: operations.time,
  exchangeInfo: operations.exchangeInfo,
  depth: operations.depth,
  'trades.recent': operations.trades,
  'trades.aggregate': operations.aggregateTrades,
  'ticker.book': operations.bookTicker,
  'order.place': operations.placeOrder,
  'order.status': operations.orderStatus,
  'order.cancel': operations.cancelOrder,
  'openOrders.status': operations.openOrders,
  'openOrders.cancelAll': operations.cancelOpenOrders,
  allOrders: operations.allOrders,
  myTrades: operations.myTrades,
  'account.status': operations.accountStatus,
};

const idSchema = z.union([z.int(), z.string().max(36), z.null()]);
const requestSchema = z.object({
  id: idSchema,
  method: z.string().max(64),
  params: z.record(z.string().max(64), z.unknown()).default({}),
});

type RequestId = z.infer<typeof idSchema>;

interface Subscription {
  readonly id: number;
  readonly subscriber: UserDataSubscriber;
  readonly reports: ReportFaults;
}

/**
 * A client of the WebSocket API: requests as JSON in text frames, answered in order. After
 * `session.logon` an unsigned request acts for the session's account; one with an `apiKey` and
 * `signature` for theirs.
 *
 * @see https://developers.binance.com/docs/binance-spot-api-docs/websocket-api
 */
export class ApiSession {
  readonly #connection: Connection;
  readonly #venue: Venue;
  readonly #userData: UserDataStreams;
  readonly #faults: Faults;
  readonly #connectedMs: number;
  #account: Account | undefined;
  #authorizedMs: number | undefined;
  /** One subscription an account: its number, and who it delivers to. */
  readonly #subscriptions = new Map<Account, Subscription>();
  #subscriptionId = 0;

  constructor(connection: Connection, venue: Venue, userData: UserDataStreams, faults: Faults) {
    this.#connection = connection;
    this.#venue = venue;
    this.#userData = userData;
    this.#faults = faults;
    this.#connectedMs = venue.now();
    connection.onMessage = (text) => this.#handle(text);
    connection.onClose = () => this.#unsubscribe(undefined);
  }

  #handle(text: string): void {
    let id: RequestId = null;
    try {
      const json = parseJson(text);
      id = idSchema.catch(null).parse((json as { id?: unknown } | null)?.id);
      const request = requestSchema.safeParse(json);
      if (!request.success) {
        const name = request.error.issues[0]?.path.join('.') ?? '';
        throw new VenueError('parameterMissing', name);
      }
      const { method, params } = request.data;
      this.#respond({ id, status: 200, result: this.#run(method, params) });
    } catch (cause) {
      const error = cause instanceof VenueError ? cause : new VenueError('unknown');
      this.#respond({ id, status: error.httpStatus, error });
      // A defect of the simulator, not of the request: the client is answered, the process is told.
      if (error !== cause) process.emitWarning(cause instanceof Error ? cause : String(cause));
    }
  }

  #respond(response: object): void {
    this.#connection.respond(JSON.stringify(response));
  }

  #run(method: string, params: RawParameters): unknown {
    switch (method) {
      case 'session.logon':
        this.#account = this.#authenticate(params);
        this.#authorizedMs = this.#venue.now();
        return this.#session();
      case 'session.status':
        return this.#session();
      case 'session.logout':
        this.#account = undefined;
        this.#authorizedMs = undefined;
        return this.#session();
      case 'userDataStream.subscribe':
        if (!this.#account) throw new VenueError('unauthorized');
        return this.#subscribe(this.#account);
      case 'userDataStream.subscribe.signature':
        return this.#subscribe(this.#authenticate(params));
      case 'userDataStream.unsubscribe':
        this.#unsubscribe(params.subscriptionId);
        return {};
      default:
        return this.#operate(method, params);
    }
  }

  #operate(method: string, params: RawParameters): unknown {
    const operation = Object.hasOwn(OPERATIONS, method) ? OPERATIONS[method] : undefined;
    if (!operation) throw new VenueError('unsupportedOperation');
    if (operation.access === 'public') return operation.run(this.#venue, params);
    const account =
      params.signature === undefined && this.#account ? this.#account : this.#authenticate(params);
    return operation.run(this.#venue, params, account);
  }

  /** The signed text is all parameters but the signature, sorted by name. */
  #authenticate(params: RawParameters): Account {
    const { apiKey, signature, timestamp, recvWindow } = params;
    const payload = Object.keys(params)
      .filter((name) => name !== 'signature')
      .sort()
      .map((name) => `${name}=${params[name]}`)
      .join('&');
    return authenticate(this.#venue, {
      apiKey: textOf(apiKey),
      signature: textOf(signature),
      payload,
      timestamp: textOf(timestamp),
      recvWindow: textOf(recvWindow),
    });
  }

  #session() {
    return {
      apiKey: this.#account?.apiKey ?? null,
      authorizedSince: this.#authorizedMs ?? null,
      connectedSince: this.#connectedMs,
      returnRateLimits: false,
      serverTime: this.#venue.now(),
      userDataStream: this.#subscriptions.size > 0,
    };
  }

  #subscribe(account: Account): { subscriptionId: number } {
    const existing = this.#subscriptions.get(account);
    if (existing) return { subscriptionId: existing.id };
    const id = this.#subscriptionId++;
    const reports = new ReportFaults(this.#faults, (event) =>
      this.#connection.report(`{"subscriptionId":${id},"event":${event}}`),
    );
    const subscriber: UserDataSubscriber = { deliver: (event) => reports.pass(event) };
    this.#subscriptions.set(account, { id, subscriber, reports });
    this.#userData.subscribe(account, subscriber);
    return { subscriptionId: id };
  }

  /** @param subscriptionId undefined ends all of them */
  #unsubscribe(subscriptionId: unknown): void {
    for (const [account, { id, subscriber, reports }] of [...this.#subscriptions]) {
      if (subscriptionId !== undefined && subscriptionId !== id) continue;
      this.#subscriptions.delete(account);
      this.#userData.unsubscribe(account, subscriber);
      reports.close();
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new VenueError('invalidJson');
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
