import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

/**
 * Stands between the orders system and the exchange: records what is sent, and can break the
 * connection.
 */
export interface ExchangeProxy {
  readonly wsApi: string;
  /** Every text that went to the exchange. */
  readonly sent: string[];
  /** Every text that came from it. */
  readonly received: string[];
  /** Keeps back what goes to the exchange with this method, until {@link release}. */
  hold(method: string): void;
  release(): void;
  /** Loses all connections at once, without a word; new ones are taken. */
  cut(): void;
  /** Does so with each order of this number, before it is passed on. */
  cutAtEvery(orders: number): void;
  close(): Promise<void>;
}

export async function startExchangeProxy(exchangeWsApi: string): Promise<ExchangeProxy> {
  const sent: string[] = [];
  const received: string[] = [];
  const sockets = new Set<WebSocket>();
  let placed = 0;
  let cutAt = Number.POSITIVE_INFINITY;
  let held: { readonly method: string; readonly gate: PromiseWithResolvers<void> } | undefined;
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  server.on('connection', (near) => {
    const far = new WebSocket(exchangeWsApi);
    // It fails when the connection is cut before it stands.
    const open = once(far, 'open').then(
      () => true,
      () => false,
    );
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        near.terminate();
        far.terminate();
      });
    }
    near.on('message', async (data) => {
      sent.push(data.toString());
      if (data.toString().includes('"order.place"')) placed += 1;
      if (placed >= cutAt) {
        placed = 0;
        return cut();
      }
      if (held && data.toString().includes(`"${held.method}"`)) await held.gate.promise;
      if (await open) far.send(data.toString());
    });
    far.on('message', (data) => {
      received.push(data.toString());
      if (near.readyState === WebSocket.OPEN) near.send(data.toString());
    });
  });
  const cut = () => {
    for (const socket of sockets) socket.terminate();
  };
  return {
    wsApi: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent,
    received,
    hold(method) {
      held = { method, gate: Promise.withResolvers() };
    },
    release() {
      held?.gate.resolve();
      held = undefined;
    },
    cut,
    cutAtEvery(orders) {
      cutAt = orders;
    },
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
