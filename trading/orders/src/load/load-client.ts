import { once } from 'node:events';
import { ThroughlineError } from '@throughline/model';
import { WebSocket } from 'ws';
import { z } from 'zod';
import type { NewOrder } from '../domain/client-order.ts';

const updateSchema = z.object({
  type: z.literal('order.update'),
  user_id: z.string(),
  client_order_id: z.string(),
  status: z.string(),
  cum_quantity: z.string(),
});
const errorSchema = z.object({
  type: z.literal('error'),
  code: z.string(),
  client_order_id: z.string().optional(),
});

/** What a client hears of its orders. */
interface LoadClientListener {
  onUpdate(orderId: string, status: string, cumQuantity: string): void;
  /** The gateway did not take the order. */
  onRefusal(orderId: string, code: string): void;
}

const CONNECT_TIMEOUT_MS = 5_000;

/** One WebSocket connection of a client, for the orders of several users. */
export class LoadClient {
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket, listener: LoadClientListener) {
    this.#socket = socket;
    socket.on('message', (data) => receive(data.toString(), listener));
    // What follows is a close, after which the orders on this connection are not heard of again.
    socket.on('error', () => undefined);
  }

  /** @throws ThroughlineError `TL_DEMO_FAILED` when there is no gateway at the address */
  static async connect(wsUrl: string, listener: LoadClientListener): Promise<LoadClient> {
    const socket = new WebSocket(wsUrl, { handshakeTimeout: CONNECT_TIMEOUT_MS });
    try {
      await once(socket, 'open');
    } catch (cause) {
      throw new ThroughlineError('TL_DEMO_FAILED', `no client can connect to ${wsUrl}`, { cause });
    }
    return new LoadClient(socket, listener);
  }

  /** @returns whether the order is on its way */
  send(order: NewOrder): boolean {
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(order));
    return true;
  }

  close(): void {
    this.#socket.close();
  }
}

function receive(text: string, listener: LoadClientListener): void {
  const message: unknown = JSON.parse(text);
  const update = updateSchema.safeParse(message);
  if (update.success) {
    const { client_order_id, status, cum_quantity } = update.data;
    listener.onUpdate(client_order_id, status, cum_quantity);
    return;
  }
  const error = errorSchema.safeParse(message);
  const orderId = error.data?.client_order_id;
  if (error.success && orderId !== undefined) listener.onRefusal(orderId, error.data.code);
}
