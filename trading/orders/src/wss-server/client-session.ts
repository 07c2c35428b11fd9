import { WebSocket } from 'ws';
import type { ServerMessage } from './messages.ts';

interface ClientSessionOptions {
  /** A client that reads so slowly that more than this waits for it is disconnected. */
  readonly bufferedBytesMax: number;
  /** Called once, when the client is disconnected for reading too slowly. */
  readonly onCutSlow: () => void;
}

/** Try again later: the client may come back and resume. */
const CLOSE_TRY_AGAIN_LATER = 1013;
/** A client that reads nothing at all does not get to the close frame either. */
const CUT_TIMEOUT_MS = 10_000;

/** One client's socket, with a bound on what waits for it. */
export class ClientSession {
  /** Users that this client acts for: what is told to them goes here too. */
  readonly users = new Set<string>();
  /** Whether messages say which trace they belong to: only to a client that asked. */
  wantsTraceIds = false;
  readonly #socket: WebSocket;
  readonly #options: ClientSessionOptions;
  #isAlive = true;

  constructor(socket: WebSocket, options: ClientSessionOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('pong', () => {
      this.#isAlive = true;
    });
  }

  /** @returns whether the message is on its way: not when the client is gone or too slow */
  send(message: ServerMessage): boolean {
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    if (this.#socket.bufferedAmount > this.#options.bufferedBytesMax) {
      this.#cutSlow();
      return false;
    }
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Pings the client, or cuts it off when it has not answered the last ping. */
  beat(): void {
    if (!this.#isAlive) this.#socket.terminate();
    else if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping();
    this.#isAlive = false;
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  #cutSlow(): void {
    this.#options.onCutSlow();
    this.#socket.close(CLOSE_TRY_AGAIN_LATER, 'too slow: connect again and resume');
    const timer = setTimeout(() => this.#socket.terminate(), CUT_TIMEOUT_MS).unref();
    this.#socket.once('close', () => clearTimeout(timer));
  }
}
