import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';

const MAIN = fileURLToPath(new URL('../../trading/orders/src/main.ts', import.meta.url));
const READY_TIMEOUT_MS = 15_000;
const MESSAGE_TIMEOUT_MS = 15_000;

/** The orders system, running as its own process. */
export interface OrdersProcess {
  readonly child: ChildProcess;
  readonly wsUrl: string;
  /** Asks it to end. @returns its exit code */
  stop(): Promise<number | null>;
}

/**
 * Starts the system on a free port and waits for its ready line.
 *
 * @throws Error with exit code and error output when it ends instead
 */
export async function startOrdersProcess(
  exchange: { readonly rest: string; readonly wsApi: string },
  args: readonly string[],
): Promise<OrdersProcess> {
  const address = ['--exchange-rest', exchange.rest, '--exchange-ws-api', exchange.wsApi];
  const child = spawn(process.execPath, [MAIN, ...address, ...args]);
  let errors = '';
  child.stderr.on('data', (data) => {
    errors += data;
  });
  const signal = AbortSignal.timeout(READY_TIMEOUT_MS);
  const exited = once(child, 'close').then(([code]) => code as number | null);
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line', { signal }).then(([text]) => text),
    exited.then((code) => Promise.reject(new Error(`exit ${code}: ${errors}`))),
  ]).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
  const stop = () => {
    if (child.exitCode === null) child.kill('SIGTERM');
    return exited;
  };
  return { child, wsUrl: JSON.parse(line).wsUrl, stop };
}

// biome-ignore lint/suspicious/noExplicitAny: what the tests look into is what they test
export type ServerMessage = any;

/** A client of the gateway that remembers what it received. */
export class TestClient {
  readonly messages: ServerMessage[] = [];
  readonly socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => this.messages.push(JSON.parse(data.toString())));
  }

  static async connect(wsUrl: string): Promise<TestClient> {
    const socket = new WebSocket(wsUrl);
    await once(socket, 'open');
    return new TestClient(socket);
  }

  send(message: unknown): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The first message that fits, received already or in time. */
  async until(fits: (message: ServerMessage) => boolean): Promise<ServerMessage> {
    const signal = AbortSignal.timeout(MESSAGE_TIMEOUT_MS);
    for (;;) {
      const found = this.messages.find(fits);
      if (found) return found;
      await once(this.socket, 'message', { signal });
    }
  }

  /** The update that ends the order. */
  final(orderId: string): Promise<ServerMessage> {
    return this.until(
      (message) =>
        message.type === 'order.update' &&
        message.client_order_id === orderId &&
        ['filled', 'canceled', 'rejected', 'expired'].includes(message.status),
    );
  }

  close(): void {
    this.socket.terminate();
  }
}
