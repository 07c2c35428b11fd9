import type { StatusResponse } from '@throughline/model';
import {
  type ClusterOptions,
  type Durability,
  openStore,
  type RetentionLimits,
} from '@throughline/store';
import pino, { type DestinationStream, type LevelWithSilent } from 'pino';
import { accessCheck } from './access.ts';
import { createApi } from './api/api.ts';
import { type ExposureOptions, exposureOf } from './exposure.ts';
import { LIFECYCLE_DEFINITIONS } from './lifecycle/definitions.ts';
import { type Address, listen, urlOf } from './listen.ts';
import { BytesInFlight } from './receive/body.ts';
import { IngestCounters } from './receive/counters.ts';
import type { Receiver, ReceiverOptions } from './receive/receiver.ts';
import { type ReceiverPorts, startReceivers } from './receivers.ts';
import { watchTlsFiles } from './tls.ts';

/** Of all request bodies in memory at once; beyond it, senders are told to come again. */
const BYTES_IN_FLIGHT_MAX = 256 * 2 ** 20;

export interface ServerOptions extends ExposureOptions, ReceiverPorts {
  /** Holds journal and tables; created when missing, one server at a time. */
  dataDir: string;
  /** What an acknowledgement means. */
  durability: Durability;
  /** What may wait for the engine; beyond it, senders are told to come again. */
  journalBytesMax: number;
  /** What is kept for how long and on how much disk. */
  retention: RetentionLimits;
  /** 0 picks a free port. */
  uiPort: number;
  /** Where the tables are; undefined for the embedded engine. */
  cluster: ClusterOptions | undefined;
  /** The folder of the built web application. */
  uiDir: string;
  version: string;
  logLevel: LevelWithSilent;
  logStream: DestinationStream;
}

export interface Server {
  readonly uiUrl: string;
  readonly otlpHttpUrl: string;
  /** Everything that listens, as in `GET /api/status`. */
  readonly endpoints: Readonly<StatusResponse['endpoints']>;
  readonly warnings: readonly string[];
  /** Stops taking requests, then stops the engine; what is acknowledged is on disk. */
  close(): Promise<void>;
}

/**
 * Starts the server: storage, then readers, then writers. Stops in reverse.
 *
 * @throws ThroughlineError with what to do: a port in use, a data directory that cannot be written or
 *   belongs to another server, a public address without a token
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { host, publicHosts, tlsPaths, asksSenders, warnings } = exposureOf(options);
  const logger = pino({ level: options.logLevel }, options.logStream);
  const stops: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  try {
    const warn = (message: string): void => logger.warn(message);
    const tls = tlsPaths && watchTlsFiles(tlsPaths, warn);
    stops.push(async () => tls?.stop());

    const store = await openStore({
      dataDir: options.dataDir,
      durability: options.durability,
      journalBytesMax: options.journalBytesMax,
      retention: options.retention,
      ...(options.cluster === undefined ? {} : { cluster: options.cluster }),
      version: options.version,
      lifecycles: LIFECYCLE_DEFINITIONS,
      onWarning: warn,
    });
    stops.push(() => store.close());

    const counters = new IngestCounters();
    const endpoints: StatusResponse['endpoints'] = { ui: '', otlpHttp: '' };
    const { version, uiDir } = options;
    const api = createApi({
      token: options.readToken,
      publicHosts,
      tls: tls?.files,
      version,
      uiDir,
      logger,
      store,
      counters,
      endpoints,
      warnings,
    });
    stops.push(() => api.close());
    const uiPort = await listen(api, 'ui', { host, port: options.uiPort });

    const shared: Omit<ReceiverOptions, 'counters'> = {
      append: (record) => store.append(record),
      inFlight: new BytesInFlight(BYTES_IN_FLIGHT_MAX),
      access: accessCheck(options.ingestToken, publicHosts),
      tls: tls?.files,
      logger,
    };
    const address: Address = { host, isSecure: tls !== undefined };
    const receivers: Receiver[] = [];
    stops.push(() => Promise.all(receivers.map((receiver) => receiver.close())));
    const started = await startReceivers({
      ports: options,
      address,
      asksSenders,
      shared,
      counters,
      onReceiver: (receiver) => receivers.push(receiver),
    });
    Object.assign(endpoints, started.endpoints);
    warnings.push(...started.warnings);
    endpoints.ui = urlOf(address, uiPort);
    const { ui: uiUrl, otlpHttp: otlpHttpUrl } = endpoints;
    return { uiUrl, otlpHttpUrl, endpoints, warnings, close };
  } catch (cause) {
    await close();
    throw cause;
  }
}
