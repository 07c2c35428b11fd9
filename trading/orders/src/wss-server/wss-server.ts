import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Context, type HrTime, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { ATTR, MESSAGING_SYSTEM, ORDER_SPAN, ThroughlineError } from '@throughline/model';
import {
  clientContextLink,
  extractFromPayload,
  spanTime,
  type Tracing,
  withBusinessIds,
} from '@throughline/sdk';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  type ClientOrder,
  clientOrderAttributes,
  parseClientOrder,
} from '../domain/client-order.ts';
import { type Instruments, instrumentOf } from '../domain/instrument.ts';
import type { OrderReceived, OrderUpdated } from '../events.ts';
import { ClientSession } from './client-session.ts';
import { type ErrorMessage, orderAccepted, orderUpdate } from './messages.ts';
import { OrderDesk, type OrderDeskLimits, type OrderDeskStats } from './order-desk.ts';

export interface WssServerLimits extends OrderDeskLimits {
  readonly clientsMax: number;
  /** Of one message from a client; a larger one ends its connection. */
  readonly payloadBytesMax: number;
  /** A client that reads so slowly that more than this waits for it is cut off. */
  readonly bufferedBytesMax: number;
}

export const DEFAULT_LIMITS: WssServerLimits = {
  clientsMax: 1_024,
  payloadBytesMax: 16_384,
  bufferedBytesMax: 1_048_576,
  userOrdersMax: 1_000,
  ordersMax: 50_000,
  endedOrdersMax: 100_000,
};

interface WssServerOptions {
  readonly host: string;
  readonly port: number;
  readonly instruments: Instruments;
  readonly limits: WssServerLimits;
  /** Hands an order over; the context is that of its span. */
  readonly onOrder: (event: OrderReceived, context: Context) => void;
}

export interface WssServerStats extends OrderDeskStats {
  readonly clients: number;
  readonly clientsRefused: number;
  readonly clientsCutSlow: number;
  /** Messages that were answered with an error. */
  readonly messagesRefused: number;
  /** Updates whose client was gone. */
  readonly updatesUndelivered: number;
}

const PING_INTERVAL_MS = 30_000;
const CLOSE_TIMEOUT_MS = 500;
const CLOSE_GOING_AWAY = 1001;

/**
 * The service `wss-server`: takes orders from clients over WebSockets and tells them what becomes
 * of these. An order lives on when its client goes. The port serves programs: a request with an
 * `Origin`, which only web pages send, is refused.
 */
export class WssServer {
  readonly #tracing: Tracing;
  readonly #options: WssServerOptions;
  readonly #desk: OrderDesk<ClientSession>;
  readonly #http: Server = createServer((_request, response) => {
    response.writeHead(426, { connection: 'close' }).end('This port speaks WebSocket.\n');
  });
  readonly #acceptor: WebSocketServer;
  readonly #sessions = new Set<ClientSession>();
  readonly #pinging: NodeJS.Timeout;
  #isDraining = false;
  #clientsRefused = 0;
  #clientsCutSlow = 0;
  #messagesRefused = 0;
  #updatesUndelivered = 0;

  constructor(tracing: Tracing, options: WssServerOptions) {
    this.#tracing = tracing;
    this.#options = options;
    this.#desk = new OrderDesk(options.limits);
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
    return {
      ...this.#desk.stats(),
      clients: this.#sessions.size,
      clientsRefused: this.#clientsRefused,
      clientsCutSlow: this.#clientsCutSlow,
      messagesRefused: this.#messagesRefused,
      updatesUndelivered: this.#updatesUndelivered,
    };
  }

  /** From now on orders are refused; those that are open go on. */
  drain(): void {
    this.#isDraining = true;
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

  /** Tells the order's client where it stands now. */
  update(event: OrderUpdated): void {
    const { order, state } = event.allotment;
    const session = this.#desk.update(order, state.status);
    const message = orderUpdate(event, instrumentOf(this.#options.instruments, order.symbol));
    if (!session?.send(message)) this.#updatesUndelivered += 1;
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
      this.#receive(session, isBinary ? undefined : data.toString(), spanTime());
    });
    // A violation of the protocol, such as a message over the size limit: ws closes the socket
    // after it.
    socket.on('error', () => {
      this.#messagesRefused += 1;
    });
    socket.on('close', () => this.#sessions.delete(session));
  }

  /** @param text undefined for a binary message */
  #receive(session: ClientSession, text: string | undefined, startTime: HrTime): void {
    let message: unknown;
    try {
      message = parseMessage(text);
      this.#takeOrder(session, message, startTime);
    } catch (error) {
      this.#messagesRefused += 1;
      session.send(errorMessage(error, message));
    }
  }

  #takeOrder(session: ClientSession, message: unknown, startTime: HrTime): void {
    const { instruments, onOrder } = this.#options;
    if (this.#isDraining) {
      throw new ThroughlineError('TL_OVERLOADED', 'no more orders are taken: shutting down');
    }
    const order = parseClientOrder(extractFromPayload(message).payload, instruments);
    this.#desk.admit(order, session);
    const { span, context } = this.#startSpan(order, message, startTime);
    onOrder({ type: 'order_received', order }, context);
    span.end(spanTime());
    session.send(orderAccepted(order, instrumentOf(instruments, order.symbol)));
  }

  /**
   * A client's context is linked, never continued, and its baggage is dropped: it is not trusted.
   */
  #startSpan(order: ClientOrder, message: unknown, startTime: HrTime) {
    const link = clientContextLink(this.#tracing, message);
    const parent = withBusinessIds(ROOT_CONTEXT, {
      [ATTR.userId]: order.userId,
      [ATTR.clientOrderId]: order.clientOrderId,
      symbol: order.symbol,
    });
    const instrument = instrumentOf(this.#options.instruments, order.symbol);
    const span = this.#tracing.tracer.startSpan(
      ORDER_SPAN.clientOrderReceived,
      {
        kind: SpanKind.SERVER,
        startTime,
        links: link ? [link] : [],
        attributes: {
          [ATTR.messagingSystem]: MESSAGING_SYSTEM.websocket,
          ...clientOrderAttributes(order, instrument),
        },
      },
      parent,
    );
    return { span, context: trace.setSpan(parent, span) };
  }
}

function parseMessage(text: string | undefined): unknown {
  if (text === undefined) {
    throw new ThroughlineError('TL_ORDER_INVALID', 'the message is binary: send JSON as text');
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ThroughlineError('TL_ORDER_INVALID', 'the message is not JSON', { cause });
  }
}

const ID_CHARS_MAX = 64;

function errorMessage(error: unknown, message: unknown): ErrorMessage {
  const known = error instanceof ThroughlineError ? error : undefined;
  const id = (message as { client_order_id?: unknown } | null | undefined)?.client_order_id;
  return {
    type: 'error',
    code: known?.code ?? 'TL_INTERNAL',
    message: known?.message ?? 'the order could not be taken',
    ...(typeof id === 'string' ? { client_order_id: id.slice(0, ID_CHARS_MAX) } : {}),
  };
}
