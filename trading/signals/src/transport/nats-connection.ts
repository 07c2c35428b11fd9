import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { ProcessParts } from '../process-parts.ts';

const RECONNECT_MS = 200;
const RECONNECT_JITTER_MS = 100;
const PING_MS = 10_000;

export interface NatsLink {
  readonly connection: NatsConnection;
  /** Whether there is a server at the other end now. */
  readonly isConnected: boolean;
}

/** Connects as soon as there is a server, and again whenever it comes back. */
export async function connectEventually(
  { setReady, logger, tracing }: ProcessParts,
  url: string,
): Promise<NatsLink> {
  setReady('nats', false);
  const connection = await connect({
    servers: url,
    name: tracing.serviceName,
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    reconnectJitter: RECONNECT_JITTER_MS,
    pingInterval: PING_MS,
  });
  const link = { connection, isConnected: true };
  const set = (isConnected: boolean): void => {
    if (isConnected !== link.isConnected) {
      logger.info({ server: url }, isConnected ? 'connected to NATS again' : 'NATS is gone');
    }
    link.isConnected = isConnected;
    setReady('nats', isConnected);
  };
  set(true);
  void follow(connection, set);
  return link;
}

async function follow(connection: NatsConnection, set: (isUp: boolean) => void): Promise<void> {
  for await (const { type } of connection.status()) {
    if (type === 'disconnect' || type === 'staleConnection' || type === 'close') set(false);
    else if (type === 'reconnect') set(true);
  }
}
