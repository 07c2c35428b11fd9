// The reference system `options`: all services in this process over channels, or each in processes of
// its own over Kafka. Says in one line of JSON what runs, then serves until SIGTERM.
import { exitWithError, startService } from '@throughline/service';
import { readConfig, USAGE } from './config.ts';
import { startEmbeddedDatabase } from './database/embedded.ts';
import { startInOneProcess } from './one-process.ts';
import { startReplicas } from './replicas.ts';
import { openQuotes } from './service-parts.ts';

async function main(argv: readonly string[]): Promise<void> {
  const config = readConfig(argv);
  if (!config) {
    console.log(USAGE);
    return;
  }
  const { environment, kafka, feed, port } = config;
  const service = await startService({ name: 'options', argv, environment });
  let { postgresUrl } = config;
  if (postgresUrl === undefined) {
    const embedded = await startEmbeddedDatabase();
    service.onStop(() => embedded.close());
    postgresUrl = embedded.url;
  }
  if (kafka) {
    const replicas = await startReplicas(service, { kafka, postgresUrl, port, environment });
    service.announce({ postgres: config.postgresUrl ? 'given' : postgresUrl, replicas });
  } else {
    const quotes = await openQuotes(service, postgresUrl);
    const url = await startInOneProcess(service, quotes, { feed, port });
    service.announce({ postgres: config.postgresUrl ? 'given' : postgresUrl, url });
  }
}

main(process.argv.slice(2)).catch(exitWithError);
