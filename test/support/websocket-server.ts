import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type TracedWebSocket,
  type Tracing,
  traceWebSocketServer,
  type WebSocketOptions,
} from '@throughline/sdk';
import { type WebSocket, WebSocketServer } from 'ws';

export type ServerConnection = TracedWebSocket<WebSocket>;

export interface TracedServer {
  readonly url: string;
  /** In the order of their coming. */
  readonly connections: ServerConnection[];
  close(): Promise<void>;
}

/** A `ws` server on a free port; what becomes of a connection is the caller's. */
export async function startTracedServer(
  tracing: Tracing,
  onConnection: (connection: ServerConnection, request: IncomingMessage) => void,
  options: WebSocketOptions & { readonly maxPayload?: number } = {},
): Promise<TracedServer> {
  const { maxPayload, ...webSocketOptions } = options;
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    ...(maxPayload === undefined ? {} : { maxPayload }),
  });
  await once(server, 'listening');
  const connections: ServerConnection[] = [];
  traceWebSocketServer(
    tracing,
    server,
    (connection, request) => {
      connections.push(connection);
      onConnection(connection, request);
    },
    webSocketOptions,
  );
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections,
    async close() {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
