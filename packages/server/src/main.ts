import { ThroughlineError } from '@throughline/model';
import { openStore } from '@throughline/store';
import pino, { type DestinationStream, type LevelWithSilent } from 'pino';
import { createApi } from './api/api.ts';
import { isLoopback, listen, urlOf } from './listen.ts';
import { IngestCounters } from './receive/counters.ts';
import { otlpHttp } from './receive/otlp-http.ts';

export interface ServerOptions {
  /** Holds journal and tables; created when missing, one server at a time. */
  dataDir: string;
  host: string;
  /** 0 picks a free port. */
  uiPort: number;
  otlpHttpPort: number;
  /** A cluster instead of the embedded engine; not in this version. */
  clickhouseUrl: string | undefined;
  /** Asked of every sender and reader when set; needed to listen beyond loopback. */
  token: string | undefined;
  /** The folder of the built web application. */
  uiDir: string;
  version: string;
  logLevel: LevelWithSilent;
  logStream: DestinationStream;
}

export interface Server {
  readonly uiUrl: string;
  readonly otlpHttpUrl: string;
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
  const { host, token } = options;
  if (!isLoopback(host) && token === undefined) {
    throw new ThroughlineError('TL_CONFIG_INVALID', `listening on ${host} needs a token`, {
      hint: 'Add --token TOKEN, or leave out --host to listen on this machine only.',
    });
  }
  if (options.clickhouseUrl !== undefined) {
    throw new ThroughlineError('TL_CONFIG_INVALID', 'a ClickHouse cluster is not in this version', {
      hint: 'Leave out --clickhouse-url to use the embedded engine.',
    });
  }
  const logger = pino({ level: options.logLevel }, options.logStream);
  const stops: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  try {
    const store = await openStore({
      dataDir: options.dataDir,
      onWarning: (message) => logger.warn(message),
    });
    stops.push(() => store.close());

    const counters = new IngestCounters();
    const endpoints = { ui: '', otlpHttp: '' };
    const { version, uiDir } = options;
    const api = createApi({ token, version, uiDir, logger, store, counters, endpoints });
    stops.push(() => api.close());
    const uiPort = await listen(api, 'ui', { host, port: options.uiPort });

    const receiver = otlpHttp({
      ...(token === undefined ? {} : { token }),
      append: (record) => store.append(record),
      counters,
      logger,
    });
    stops.push(() => receiver.close());
    const otlpHttpPort = await listen(receiver, 'otlp-http', { host, port: options.otlpHttpPort });

    endpoints.ui = urlOf(host, uiPort);
    endpoints.otlpHttp = urlOf(host, otlpHttpPort);
    return { uiUrl: endpoints.ui, otlpHttpUrl: endpoints.otlpHttp, close };
  } catch (cause) {
    await close();
    throw cause;
  }
}
