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
  /** Loses all connections at once, without a word; new ones are taken. */
  cut(): void;
  close(): Promise<void>;
}

export async function startExchangeProxy(exchangeWsApi: string): Promise<ExchangeProxy> {
  const sent: string[] = [];
  const received: string[] = [];
  const sockets = new Set<WebSocket>();
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  server.on('connection', (near) => {
    const far = new WebSocket(exchangeWsApi);
    const open = once(far, 'open');
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
      await open;
      far.send(data.toString());
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
    cut,
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
