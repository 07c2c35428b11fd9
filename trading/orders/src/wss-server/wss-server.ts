import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { ThroughlineError } from '@throughline/model';
import type { Tracing } from '@throughline/sdk';
import { type WebSocket, WebSocketServer } from 'ws';
import type { OrderUpdated } from '../events.ts';
import { ClientSession } from './client-session.ts';
import { endLeftOrders } from './left-orders.ts';
import {
  OrderGateway,
  type OrderGatewayLimits,
  type OrderGatewayOptions,
  type OrderGatewayStats,
} from './order-gateway.ts';

export interface WssServerLimits extends OrderGatewayLimits {
  readonly clientsMax: number;
  /** Of one message from a client; a larger one ends its connection. */
  readonly payloadBytesMax: number;
  /** A client that reads so slowly that more than this waits for it is disconnected. */
  readonly bufferedBytesMax: number;
}

export const DEFAULT_LIMITS: WssServerLimits = {
  clientsMax: 1_024,
  payloadBytesMax: 16_384,
  bufferedBytesMax: 1_048_576,
  userOrdersMax: 1_000,
  ordersMax: 50_000,
  endedOrdersMax: 100_000,
  userRequestsPerSecondMax: 10_000,
  userMessagesMax: 1_000,
  messagesMax: 100_000,
  messageAgeMsMax: 600_000,
  usersMax: 10_000,
};

interface WssServerOptions extends OrderGatewayOptions {
  readonly host: string;
  readonly port: number;
  readonly limits: WssServerLimits;
}

export interface WssServerStats extends OrderGatewayStats {
  readonly clients: number;
  readonly clientsRefused: number;
  readonly clientsCutSlow: number;
}

const PING_INTERVAL_MS = 30_000;
const CLOSE_TIMEOUT_MS = 500;
const CLOSE_GOING_AWAY = 1001;

/**
 * The service `wss-server`: takes orders from clients over WebSockets and tells them what becomes
 * of these ({@link OrderGateway}). The port serves programs: a request with an `Origin`, which only
 * web pages send, is refused.
 */
export class WssServer {
  readonly #tracing: Tracing;
  readonly #options: WssServerOptions;
  readonly #gateway: OrderGateway;
  readonly #http: Server = createServer((_request, response) => {
    response.writeHead(426, { connection: 'close' }).end('This port speaks WebSocket.\n');
  });
  readonly #acceptor: WebSocketServer;
  readonly #sessions = new Set<ClientSession>();
  readonly #pinging: NodeJS.Timeout;
  #clientsRefused = 0;
  #clientsCutSlow = 0;
  #protocolErrors = 0;

  constructor(tracing: Tracing, options: WssServerOptions) {
    this.#tracing = tracing;
    this.#options = options;
    this.#gateway = new OrderGateway(tracing, options);
    this.#acceptor = new WebSocketServer({
      noServer: true,
      maxPayload: options.limits.payloadBytesMax,
      perMessageDeflate: false,
    });
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#pinging = setInterval(() => {
      for (const session of this.#sessions) session.beat();
    }, PING_INTERVAL_MS).unref();
  }

  /** @throws ThroughlineError `TL_PORT_IN_USE` */
  async listen(): Promise<string> {
    const { host, port } = this.#options;
    this.#http.listen(port, host);
    try {
      await once(this.#http, 'listening');
    } catch (cause) {
      throw new ThroughlineError('TL_PORT_IN_USE', `cannot listen on ${host}:${port}`, { cause });
    }
    const address = this.#http.address() as AddressInfo;
    const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    return `ws://${shown}:${address.port}`;
  }

  stats(): WssServerStats {
    const gateway = this.#gateway.stats();
    return {
      ...gateway,
      messagesRefused: gateway.messagesRefused + this.#protocolErrors,
      clients: this.#sessions.size,
      clientsRefused: this.#clientsRefused,
      clientsCutSlow: this.#clientsCutSlow,
    };
  }

  /** From now on orders are refused; those that are open go on. */
  drain(): void {
    this.#gateway.drain();
  }

  /** Says goodbye to all clients; those that do not answer in time are cut off. */
  async close(): Promise<void> {
    clearInterval(this.#pinging);
    if (!this.#http.listening) return;
    const closed = once(this.#http, 'close');
    this.#http.close();
    for (const session of this.#sessions) session.close(CLOSE_GOING_AWAY, 'shutting down');
    const deadline = setTimeout(() => {
      for (const session of this.#sessions) session.terminate();
      this.#http.closeAllConnections();
    }, CLOSE_TIMEOUT_MS);
    await closed;
    clearTimeout(deadline);
  }

  /** Tells the order's user where it stands now. */
  update(event: OrderUpdated): void {
    this.#gateway.update(event);
  }

  /**
   * Ends the orders of an earlier process, of which nothing is open at the exchange any more.
   *
   * @returns how many ended
   */
  endLeftOrders(): Promise<number> {
    const { instruments, journal } = this.#options;
    const update = (event: OrderUpdated) => this.#gateway.update(event);
    return endLeftOrders(this.#tracing, journal?.left ?? [], { instruments, update });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Without a listener, a client that vanishes in the handshake would end the process.
    socket.on('error', () => socket.destroy());
    const isFull = this.#sessions.size >= this.#options.limits.clientsMax;
    if (isFull || request.headers.origin !== undefined) {
      this.#clientsRefused += 1;
      const status = isFull ? '503 Service Unavailable' : '403 Forbidden';
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
      return;
    }
    this.#acceptor.handleUpgrade(request, socket, head, (webSocket) => this.#connect(webSocket));
  }

  #connect(socket: WebSocket): void {
    const session = new ClientSession(socket, {
      bufferedBytesMax: this.#options.limits.bufferedBytesMax,
      onCutSlow: () => {
        this.#clientsCutSlow += 1;
      },
    });
    this.#sessions.add(session);
    socket.on('message', (data, isBinary) => {
      this.#gateway.receive(session, isBinary ? undefined : data.toString());
    });
    // A violation of the protocol, such as a message over the size limit: ws closes the socket
    // after it.
    socket.on('error', () => {
      this.#protocolErrors += 1;
    });
    socket.on('close', () => {
      this.#sessions.delete(session);
      this.#gateway.leave(session);
    });
  }
}
