import { type Link, type Span, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { ATTR } from '@throughline/model/names';
import type { ConsumerOptions } from '../../messaging/consumer.ts';
import type { ProducerOptions } from '../../messaging/producer.ts';
import type { Carrier } from '../../propagation/carrier.ts';
import { runInSpan, type StartedSpan } from '../../tracing/started-span.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import { decodeFrame, encodeFrame } from './carrier.ts';
import {
  type ConnectionOptions,
  connectionLink,
  recordEnd,
  startConnecting,
  startUpgrade,
  type UpgradeRequest,
} from './connection.ts';
import { startWebSocketConsumer } from './consumer.ts';
import { startWebSocketProducer } from './producer.ts';
import { type AnyWebSocket, CONNECTING, OPEN, watchErrors } from './socket.ts';

export interface WebSocketOptions extends ConnectionOptions {
  /** `messaging.destination.name` of all messages; also in their spans' names. */
  readonly destination?: string;
  /**
   * Text and JSON values other than objects travel in `{ data, _otel_trace_headers }`, so that they
   * carry a context too. Only if the peer, which has to be trusted, does the same.
   */
  readonly envelope?: boolean;
}

export interface TraceWebSocketOptions extends WebSocketOptions {
  /** At a server: the request that became this connection. */
  readonly request?: UpgradeRequest;
}

type MessageOptions<Options> = Omit<Options, 'system' | 'destination'> & {
  /** Of the span. By default the operation and the destination: `send orders`. */
  readonly name?: string;
};

export type WebSocketSendOptions = MessageOptions<ProducerOptions>;
export type WebSocketReceiveOptions = MessageOptions<Omit<ConsumerOptions, 'carrier' | 'parent'>>;

export interface WebSocketMessage {
  /** Parsed JSON without our field; or the text or bytes as they came. */
  readonly payload: unknown;
  /** As the socket gave it. */
  readonly data: unknown;
}

/**
 * A WebSocket whose messages each have a span, linked to that of the connection's opening. Without
 * tracing it sends and receives just the same.
 */
export class TracedWebSocket<Socket extends AnyWebSocket = AnyWebSocket> {
  readonly socket: Socket;
  readonly #tracing: Tracing;
  readonly #options: WebSocketOptions;
  readonly #links: readonly Link[];
  #sent = 0;
  #received = 0;

  /** @param opening its span, which this ends when the connection is open */
  constructor(tracing: Tracing, socket: Socket, opening: StartedSpan, options: WebSocketOptions) {
    this.#tracing = tracing;
    this.socket = socket;
    this.#options = options;
    const link = connectionLink(tracing, opening);
    this.#links = link ? [link] : [];
    let isOpening = socket.readyState === CONNECTING;
    let error: unknown;
    const opened = (): void => {
      isOpening = false;
      opening.end();
    };
    if (isOpening) socket.addEventListener('open', opened);
    else opened();
    watchErrors(socket, (given) => {
      error = given;
    });
    socket.addEventListener('close', ({ code, reason }) => {
      const end = { code, reason, error, sent: this.#sent, received: this.#received };
      if (isOpening) opening.end({ error: error ?? 'the connection did not open' });
      else recordEnd(tracing, link, end, options);
    });
  }

  /**
   * Sends a payload in a span: an object as JSON, with the span's context when the peer is trusted;
   * text and bytes as they are.
   *
   * @returns `false` when the socket is closed, or closing, and the message will not arrive
   * @throws what the socket throws, such as before it is open, and `JSON.stringify`
   */
  send(payload: unknown, options: WebSocketSendOptions = {}): boolean {
    const { name, links = [], ...producerOptions } = options;
    const { trusted = false, envelope = false } = this.#options;
    const send = startWebSocketProducer(this.#tracing, name ?? this.#nameOf('send'), {
      kind: trusted ? SpanKind.PRODUCER : SpanKind.CLIENT,
      ...producerOptions,
      ...this.#destination(),
      links: [...this.#links, ...links],
    });
    return runInSpan(send, ({ span, context }) => {
      const frame = encodeFrame(this.#tracing, payload, trusted ? context : undefined, envelope);
      const isOpen = this.socket.readyState === OPEN;
      this.socket.send(frame as never);
      if (isOpen) this.#sent += 1;
      else markUnsent(span);
      return isOpen;
    });
  }

  /**
   * Calls the handler, sync or async, for every message, each in a span of its own with its context
   * active. What the handler throws is recorded and thrown on.
   *
   * @returns stops listening
   */
  onMessage(
    handler: (message: WebSocketMessage, started: StartedSpan) => unknown,
    options: WebSocketReceiveOptions = {},
  ): () => void {
    const { trusted = false, envelope = false } = this.#options;
    const { name = this.#nameOf('process'), links = [], ...consumerOptions } = options;
    const given = {
      ...consumerOptions,
      ...this.#destination(),
      publicEndpoint: !trusted,
      links: [...this.#links, ...links],
    };
    const listener = ({ data }: { readonly data: unknown }): unknown => {
      this.#received += 1;
      const { payload, carrier } = decodeFrame(data, trusted && envelope);
      const consumer = startWebSocketConsumer(this.#tracing, name, { ...given, carrier });
      return runInSpan(consumer, (started) => handler({ payload, data }, started));
    };
    this.socket.addEventListener('message', listener);
    return () => this.socket.removeEventListener('message', listener);
  }

  #nameOf(operation: string): string {
    const { destination } = this.#options;
    return destination === undefined ? operation : `${operation} ${destination}`;
  }

  #destination(): { readonly destination?: string } {
    const { destination } = this.#options;
    return destination === undefined ? {} : { destination };
  }
}

/** The socket takes a message when it is closed, says nothing, and drops it. */
function markUnsent(span: Span): void {
  span.setAttribute(ATTR.errorType, 'not_open');
  span.setStatus({ code: SpanStatusCode.ERROR, message: 'the socket is not open' });
}

/**
 * Traces a socket that exists: one that a server accepted (give it the `request`), or one that this
 * process opens ({@link connectWebSocket} also tells the server of its context). To be called before
 * the socket can have given a message: at once.
 */
export function traceWebSocket<Socket extends AnyWebSocket>(
  tracing: Tracing,
  socket: Socket,
  options: TraceWebSocketOptions = {},
): TracedWebSocket<Socket> {
  const { request } = options;
  const opening = request
    ? startUpgrade(tracing, request, options)
    : startConnecting(tracing, options);
  return new TracedWebSocket(tracing, socket, opening, options);
}

/**
 * Opens a connection in a span. Each attempt to reconnect is another call, and a connection with
 * spans of its own; the messages' contexts do not depend on it.
 *
 * @param open makes the socket, with these headers on its request where it can: none when the peer
 *   is not trusted
 */
export function connectWebSocket<Socket extends AnyWebSocket>(
  tracing: Tracing,
  open: (headers: Carrier) => Socket,
  options: WebSocketOptions = {},
): TracedWebSocket<Socket> {
  const opening = startConnecting(tracing, options);
  const headers: Carrier = {};
  if (options.trusted) tracing.propagator.inject(opening.context, headers);
  let socket: Socket;
  try {
    socket = open(headers);
  } catch (error) {
    opening.end({ error });
    throw error;
  }
  return new TracedWebSocket(tracing, socket, opening, options);
}

/** What accepts connections: a `WebSocketServer` of the package `ws`. */
export interface AnyWebSocketServer<Socket, Request> {
  on(event: 'connection', listener: (socket: Socket, request: Request) => void): unknown;
  off(event: 'connection', listener: (socket: Socket, request: Request) => void): unknown;
}

/**
 * Traces every connection that a server accepts.
 *
 * @returns stops listening for connections
 */
export function traceWebSocketServer<Socket extends AnyWebSocket, Request extends UpgradeRequest>(
  tracing: Tracing,
  server: AnyWebSocketServer<Socket, Request>,
  onConnection: (connection: TracedWebSocket<Socket>, request: Request) => void,
  options: WebSocketOptions = {},
): () => void {
  const listener = (socket: Socket, request: Request): void => {
    onConnection(traceWebSocket(tracing, socket, { ...options, request }), request);
  };
  server.on('connection', listener);
  return () => {
    server.off('connection', listener);
  };
}
