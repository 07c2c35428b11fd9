import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A subscriber that speaks NATS itself, to count what a message is on the wire. */
export class Wire {
  readonly #socket: Socket;
  readonly #pattern: string;
  #rest = '';
  bytes = 0;
  messages = 0;

  private constructor(socket: Socket, subject: string) {
    this.#socket = socket;
    // Of a message with headers and of one without.
    this.#pattern = `MSG ${subject} `;
    socket.setEncoding('latin1');
    socket.on('data', (text) => this.#receive(String(text)));
  }

  static async subscribe(url: string, subject: string): Promise<Wire> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    const wire = new Wire(socket, subject);
    socket.write(`CONNECT {"verbose":false,"headers":true}\r\nSUB ${subject} 1\r\n`);
    return wire;
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(text: string): void {
    if (text === 'PING\r\n') {
      this.#socket.write('PONG\r\n');
      return;
    }
    this.bytes += text.length;
    const all = this.#rest + text;
    this.messages += all.split(this.#pattern).length - 1;
    this.#rest = all.slice(1 - this.#pattern.length);
  }
}
