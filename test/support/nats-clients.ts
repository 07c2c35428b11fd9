import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect as connect3, headers as headersOf3 } from '@nats-io/transport-node';
import { startTracing, type TraceNatsOptions, type Tracing, traceNats } from '@throughline/sdk';
import { connect as connect2, headers as headersOf2 } from 'nats';

/** Both lines reconnect quickly and without end. */
const OPTIONS = { reconnectTimeWait: 50, reconnectJitter: 0, maxReconnectAttempts: -1 };

/** Of requests to JetStream: a server that stands still for some seconds is no error here. */
const API = { timeout: 30_000 };

/** A service on NATS as it is used with version 3 of the client; with 2 it looks the same. */
async function connectTo3(url: string, options: Omit<TraceNatsOptions, 'headers'>) {
  const connection = await connect3({ ...OPTIONS, servers: url });
  const traced = traceNats(connection, { ...options, headers: headersOf3 });
  const js = jetstream(connection, API);
  const jsm = await jetstreamManager(connection, API);
  return { connection, traced, js, tracedJs: traced.jetStream(js), jsm, headers: headersOf3 };
}

async function connectTo2(url: string, options: Omit<TraceNatsOptions, 'headers'>) {
  const connection = await connect2({ ...OPTIONS, servers: url });
  const traced = traceNats(connection, { ...options, headers: headersOf2 });
  const js = connection.jetstream(API);
  const jsm = await connection.jetstreamManager(API);
  return { connection, traced, js, tracedJs: traced.jetStream(js), jsm, headers: headersOf2 };
}

type Clients = Awaited<ReturnType<typeof connectTo3>>;

/** A service with a tracing of its own. */
export interface NatsService extends Clients {
  readonly tracing: Tracing;
  stop(): Promise<void>;
}

export type NatsLine = 'nats 2' | 'transport-node 3';

/** Starts a service whose spans go to the collector and whose client is of the line named. */
export async function startService(
  serviceName: string,
  line: NatsLine,
  urls: { readonly nats: string; readonly collector: string },
  options: Pick<TraceNatsOptions, 'carrier'> = {},
): Promise<NatsService> {
  const tracing = startTracing({
    serviceName,
    endpoint: urls.collector,
    enabled: true,
    global: false,
    log: () => undefined,
  });
  const given = { ...options, tracing };
  const clients =
    line === 'nats 2'
      ? // What the tests use of it has the same shape in both lines; its types differ elsewhere.
        ((await connectTo2(urls.nats, given)) as unknown as Clients)
      : await connectTo3(urls.nats, given);
  return {
    ...clients,
    tracing,
    async stop() {
      await clients.connection.close();
      await tracing.shutdown();
    },
  };
}
