import { once } from 'node:events';
import { WebSocket } from 'ws';
import { type ReadyProcess, startProcess } from './process.ts';

const MESSAGE_TIMEOUT_MS = 60_000;

/** The orders system, running as its own process. */
export type OrdersProcess = ReadyProcess<{ wsUrl: string; health: string }> & {
  readonly wsUrl: string;
};

/** Starts the orders system on a free port. */
export async function startOrdersProcess(
  exchange: { readonly rest: string; readonly wsApi: string },
  args: readonly string[],
): Promise<OrdersProcess> {
  const address = ['--exchange-rest', exchange.rest, '--exchange-ws-api', exchange.wsApi];
  const script = 'trading/orders/src/main.ts';
  const flags = ['--exit-with-parent', ...address, ...args];
  const orders = await startProcess<{ wsUrl: string; health: string }>(script, flags);
  return { ...orders, wsUrl: orders.ready.wsUrl };
}

// biome-ignore lint/suspicious/noExplicitAny: what the tests look into is what they test
export type ServerMessage = any;

/** A client of the gateway that remembers what it received. */
export class TestClient {
  readonly messages: ServerMessage[] = [];
  readonly socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    // A test may wait for many messages at once.
    socket.setMaxListeners(100);
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
        ['filled', 'canceled', 'replaced', 'rejected', 'expired'].includes(message.status),
    );
  }

  close(): void {
    this.socket.terminate();
  }
}
