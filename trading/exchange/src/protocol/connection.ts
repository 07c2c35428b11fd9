import type { WebSocket } from 'ws';
import { DelayLine } from '../faults/delay-line.ts';
import type { Faults } from '../faults/faults.ts';

/** Bounds of the WebSocket side. */
export interface SocketLimits {
  readonly socketsMax: number;
  readonly payloadBytesMax: number;
  /** Incoming messages a second on one market stream socket; Binance allows 5. */
  readonly streamMessagesPerSecondMax: number;
  /** Incoming messages a second on one WebSocket API socket. */
  readonly apiMessagesPerSecondMax: number;
  readonly streamsPerSocketMax: number;
  /** A client that reads so slowly that more than this waits for it is cut off. */
  readonly bufferedBytesMax: number;
}

export const DEFAULT_SOCKET_LIMITS: SocketLimits = {
  socketsMax: 1_024,
  payloadBytesMax: 65_536,
  streamMessagesPerSecondMax: 50,
  apiMessagesPerSecondMax: 20_000,
  streamsPerSocketMax: 1_024,
  bufferedBytesMax: 16_777_216,
};

export interface SocketStats {
  open: number;
  /** Refused because `socketsMax` were open. */
  refused: number;
  /** Cut by the disconnect fault. */
  cutByFault: number;
  /** Cut because the client read too slowly, or did not answer pings. */
  cutSlow: number;
  /** Cut for too many messages, or a message of the wrong kind. */
  cutForViolation: number;
  /** Messages that were on their way to a client when its socket closed. */
  messagesLost: number;
}

const PONG_TIMEOUT_MS = 60_000;
const CLOSE_UNSUPPORTED_DATA = 1003;
const CLOSE_POLICY_VIOLATION = 1008;

interface ConnectionOptions {
  readonly limits: SocketLimits;
  readonly faults: Faults;
  readonly stats: SocketStats;
  readonly messagesPerSecondMax: number;
}

/**
 * One client's socket with its bounds and its simulated latency: requests wait on their way in,
 * responses and reports on their way out, each in order. Market data is not delayed.
 */
export class Connection {
  /** Set by the session that speaks on this connection, at once. */
  onMessage: (text: string) => void = () => {};
  onClose: () => void = () => {};
  readonly #socket: WebSocket;
  readonly #options: ConnectionOptions;
  readonly #requests: DelayLine;
  readonly #acks: DelayLine;
  readonly #reports: DelayLine;
  #secondStartedMs = 0;
  #messagesInSecond = 0;
  #heardMs = performance.now();

  constructor(socket: WebSocket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    const { faults, stats } = options;
    this.#requests = new DelayLine(() => faults.delayMs('request'));
    this.#acks = new DelayLine(() => faults.delayMs('ack'));
    this.#reports = new DelayLine(() => faults.delayMs('fill'));
    stats.open += 1;
    socket.on('message', (data, isBinary) => this.#receive(data.toString(), isBinary));
    socket.on('pong', () => this.#hear());
    // After any error ws closes the socket. Its own codes mean a frame that breaks the protocol or
    // a bound.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code?.startsWith('WS_ERR_')) stats.cutForViolation += 1;
    });
    socket.on('close', () => this.#closed());
  }

  /** Answers a request. */
  respond(text: string): void {
    this.#delayed(this.#acks, text);
  }

  /** Sends an event of the user data stream. */
  report(text: string): void {
    this.#delayed(this.#reports, text);
  }

  /** Sends at once. */
  send(text: string): void {
    const { limits, stats } = this.#options;
    if (this.#socket.readyState !== this.#socket.OPEN) {
      stats.messagesLost += 1;
    } else if (this.#socket.bufferedAmount > limits.bufferedBytesMax) {
      stats.messagesLost += 1;
      stats.cutSlow += 1;
      this.cut();
    } else {
      this.#socket.send(text);
    }
  }

  /** Pings the client, or cuts it off when it has been silent for too long. */
  beat(): void {
    if (performance.now() - this.#heardMs > PONG_TIMEOUT_MS) {
      this.#options.stats.cutSlow += 1;
      this.cut();
    } else {
      this.#socket.ping();
    }
  }

  /** Ends the connection without a word, as a broken network does. */
  cut(): void {
    this.#socket.terminate();
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  #delayed(line: DelayLine, text: string): void {
    if (line.push(() => this.send(text))) return;
    this.#options.stats.messagesLost += 1;
    this.#options.stats.cutSlow += 1;
    this.cut();
  }

  #receive(text: string, isBinary: boolean): void {
    this.#hear();
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (isBinary) this.#violate(CLOSE_UNSUPPORTED_DATA, 'text frames only');
    else if (this.#isTooFast()) this.#violate(CLOSE_POLICY_VIOLATION, 'too many messages');
    else if (!this.#requests.push(() => this.onMessage(text))) {
      this.#violate(CLOSE_POLICY_VIOLATION, 'too many requests waiting');
    }
  }

  #violate(code: number, reason: string): void {
    this.#options.stats.cutForViolation += 1;
    this.close(code, reason);
  }

  #isTooFast(): boolean {
    const nowMs = performance.now();
    if (nowMs - this.#secondStartedMs >= 1_000) {
      this.#secondStartedMs = nowMs;
      this.#messagesInSecond = 0;
    }
    this.#messagesInSecond += 1;
    return this.#messagesInSecond > this.#options.messagesPerSecondMax;
  }

  #hear(): void {
    this.#heardMs = performance.now();
  }

  #closed(): void {
    const { stats } = this.#options;
    stats.open -= 1;
    this.#requests.close();
    stats.messagesLost += this.#acks.close() + this.#reports.close();
    this.onClose();
  }
}
