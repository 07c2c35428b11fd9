import { fileURLToPath } from 'node:url';
import { type Server, startServer } from '@throughline/server';
import {
  clusterOf,
  readConfigFile,
  readSettings,
  type ServeSettings,
  tokensOf,
} from '../config.ts';
import { helpText, SERVE_FLAGS } from '../flags.ts';
import { printBanner } from '../terminal/banner.ts';
import { untilStopped } from '../terminal/signals.ts';
import { VERSION } from '../version.ts';

const USAGE = 'throughline serve: receive, store and show traces';

/** Runs the server until it is told to stop. */
export async function serve(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help')) {
    process.stdout.write(helpText(USAGE, SERVE_FLAGS));
    return 0;
  }
  const settings = readSettings(SERVE_FLAGS, { argv, file: readConfigFile() });
  const server = await startServing(settings);
  printBanner(server, settings);
  await untilStopped();
  await server.close();
  return 0;
}

/** The server that these settings ask for, with the web application that stands beside it. */
export function startServing(settings: ServeSettings): Promise<Server> {
  const tokens = tokensOf(settings);
  return startServer({
    dataDir: settings['data-dir'],
    durability: settings.durability,
    journalBytesMax: settings['journal-max'],
    retention: {
      ageMs: settings.retention,
      tableAgesMs: settings['retention-of'] ?? {},
      diskBytesMax: settings['max-disk'],
    },
    host: settings.host,
    uiPort: settings['ui-port'],
    otlpHttpPort: settings['otlp-http-port'],
    otlpGrpcPort: settings['otlp-grpc-port'],
    jaegerPorts: settings['jaeger-ports'],
    jaegerCompactPort: settings['jaeger-compact-port'],
    jaegerBinaryPort: settings['jaeger-binary-port'],
    jaegerHttpPort: settings['jaeger-http-port'],
    zipkinPort: settings['zipkin-port'],
    cluster: clusterOf(settings),
    ingestToken: tokens.ingest,
    readToken: tokens.read,
    publicHost: settings['public-host'],
    tlsCert: settings['tls-cert'],
    tlsKey: settings['tls-key'],
    tlsClientCa: settings['tls-client-ca'],
    uiDir: fileURLToPath(new URL('../../../ui/dist', import.meta.url)),
    version: VERSION,
    logLevel: 'warn',
    logStream: process.stderr,
  });
}
