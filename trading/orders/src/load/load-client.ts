import { once } from 'node:events';
import { ThroughlineError } from '@throughline/model';
import { WebSocket } from 'ws';
import { z } from 'zod';
import type { NewOrder } from '../domain/client-order.ts';

/** A cancel or replace as a client sends it. */
export interface Amend {
  readonly type: 'order.cancel' | 'order.replace';
  readonly user_id: string;
  readonly client_order_id: string;
  readonly orig_client_order_id: string;
  readonly quantity?: string;
  readonly price?: string;
}

const numberedSchema = z.object({ user_id: z.string(), sequence: z.number() });
const updateSchema = z.object({
  type: z.literal('order.update'),
  user_id: z.string(),
  client_order_id: z.string(),
  status: z.string(),
  cum_quantity: z.string(),
  total_cum_quantity: z.string(),
});
export type LoadUpdate = z.output<typeof updateSchema>;
const cancelRejectedSchema = z.object({
  type: z.literal('order.cancel_rejected'),
  client_order_id: z.string(),
});
const errorSchema = z.object({
  type: z.literal('error'),
  code: z.string(),
  client_order_id: z.string().optional(),
});

/** What a client hears of its orders. */
interface LoadClientListener {
  /** Every message of a user has the number after that of the one before. */
  onNumber(userId: string, sequence: number): void;
  onUpdate(update: LoadUpdate): void;
  onCancelRejected(requestId: string): void;
  /** The gateway did not take the order, or the request. */
  onRefusal(id: string, code: string): void;
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

  /** @returns whether it is on its way */
  send(message: NewOrder | Amend): boolean {
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  close(): void {
    this.#socket.close();
  }
}

function receive(text: string, listener: LoadClientListener): void {
  const message: unknown = JSON.parse(text);
  const numbered = numberedSchema.safeParse(message);
  if (numbered.success) listener.onNumber(numbered.data.user_id, numbered.data.sequence);
  const update = updateSchema.safeParse(message);
  if (update.success) {
    listener.onUpdate(update.data);
    return;
  }
  const rejected = cancelRejectedSchema.safeParse(message);
  if (rejected.success) {
    listener.onCancelRejected(rejected.data.client_order_id);
    return;
  }
  const error = errorSchema.safeParse(message);
  const orderId = error.data?.client_order_id;
  if (error.success && orderId !== undefined) listener.onRefusal(orderId, error.data.code);
}
