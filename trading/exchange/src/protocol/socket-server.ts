import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Faults } from '../faults/faults.ts';
import type { Venue } from '../venue/venue.ts';
import { ApiSession } from './api-session.ts';
import { Connection, type SocketLimits, type SocketStats } from './connection.ts';
import type { MarketStreams } from './market-streams.ts';
import { StreamSession } from './stream-session.ts';
import type { UserDataStreams } from './user-data-streams.ts';

const PING_INTERVAL_MS = 20_000;
/** How long clients get to answer the close frame. */
const CLOSE_TIMEOUT_MS = 500;
const CLOSE_GOING_AWAY = 1001;

interface SocketServerParts {
  readonly venue: Venue;
  readonly streams: MarketStreams;
  readonly userData: UserDataStreams;
  readonly faults: Faults;
  readonly limits: SocketLimits;
}

/**
 * Accepts WebSockets on an HTTP server: `/ws`, `/ws/<stream>`, `/stream?streams=a/b`, `/ws-api/v3`.
 */
export class SocketServer {
  readonly stats: SocketStats = {
    open: 0,
    refused: 0,
    cutByFault: 0,
    cutSlow: 0,
    cutForViolation: 0,
    messagesLost: 0,
  };
  readonly #parts: SocketServerParts;
  readonly #connections = new Set<Connection>();
  readonly #acceptor: WebSocketServer;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(server: Server, parts: SocketServerParts) {
    this.#parts = parts;
    this.#acceptor = new WebSocketServer({
      noServer: true,
      maxPayload: parts.limits.payloadBytesMax,
      perMessageDeflate: false,
    });
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#every(PING_INTERVAL_MS, (connection) => connection.beat());
    const { faults } = parts;
    if (faults.options.disconnectIntervalMs > 0) {
      this.#every(faults.options.disconnectIntervalMs, (connection) => {
        if (!faults.disconnects()) return;
        this.stats.cutByFault += 1;
        connection.cut();
      });
    }
  }

  /** Says goodbye to all clients; those that do not answer in time are cut off. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    const closed = [...this.#acceptor.clients].map(
      (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
    );
    for (const connection of this.#connections) connection.close(CLOSE_GOING_AWAY, 'shutting down');
    const deadline = setTimeout(() => {
      for (const connection of this.#connections) connection.cut();
    }, CLOSE_TIMEOUT_MS);
    await Promise.all(closed);
    clearTimeout(deadline);
    this.#acceptor.close();
  }

  #every(intervalMs: number, act: (connection: Connection) => void): void {
    const timer = setInterval(() => {
      for (const connection of [...this.#connections]) act(connection);
    }, intervalMs);
    this.#timers.push(timer);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Without a listener, a client that vanishes in the handshake would end the process.
    socket.on('error', () => socket.destroy());
    const accept = this.#sessionFor(request.url ?? '');
    if (!accept) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
    } else if (this.#connections.size >= this.#parts.limits.socketsMax) {
      this.stats.refused += 1;
      socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n');
    } else {
      this.#acceptor.handleUpgrade(request, socket, head, accept);
    }
  }

  /** What the path asks for; undefined when it is none of ours. */
  #sessionFor(url: string): ((socket: WebSocket) => void) | undefined {
    const { venue, streams, userData, faults, limits } = this.#parts;
    const question = url.indexOf('?');
    const path = question < 0 ? url : url.slice(0, question);
    if (path === '/ws-api/v3') {
      return (socket) => {
        const connection = this.#connect(socket, limits.apiMessagesPerSecondMax);
        new ApiSession(connection, venue, userData, faults);
      };
    }
    const isCombined = path === '/stream';
    if (!isCombined && path !== '/ws' && !path.startsWith('/ws/')) return undefined;
    const names = isCombined
      ? (new URLSearchParams(url.slice(path.length)).get('streams') ?? '').split('/')
      : [path.slice('/ws/'.length)];
    return (socket) => {
      const connection = this.#connect(socket, limits.streamMessagesPerSecondMax);
      const streamsMax = limits.streamsPerSocketMax;
      new StreamSession(connection, streams, { streamsMax, isCombined }).open(names);
    };
  }

  #connect(socket: WebSocket, messagesPerSecondMax: number): Connection {
    const { faults, limits } = this.#parts;
    const options = { limits, faults, stats: this.stats, messagesPerSecondMax };
    const connection = new Connection(socket, options);
    this.#connections.add(connection);
    socket.on('close', () => this.#connections.delete(connection));
    return connection;
  }
}
