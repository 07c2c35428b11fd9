import { WebSocket } from 'ws';
import type { ServerMessage } from './messages.ts';

interface ClientSessionOptions {
  /** A client that reads so slowly that more than this waits for it is cut off. */
  readonly bufferedBytesMax: number;
  /** Called once, when the client was cut off for reading too slowly. */
  readonly onCutSlow: () => void;
}

/** One client's socket, with a bound on what waits for it. */
export class ClientSession {
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

  /** @returns whether the message is on its way: not when the client is gone or was cut off */
  send(message: ServerMessage): boolean {
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    if (this.#socket.bufferedAmount > this.#options.bufferedBytesMax) {
      this.#options.onCutSlow();
      this.#socket.terminate();
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
}
