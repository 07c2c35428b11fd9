// The reference system `options`: all services in this process over channels, or each in processes of
// its own over Kafka. Says in one line of JSON what runs, then serves until SIGTERM.
import { runService } from '@throughline/service';
import { readConfig, USAGE } from './config.ts';
import { startEmbeddedDatabase } from './database/embedded.ts';
import { startInOneProcess } from './one-process.ts';
import { startReplicas } from './replicas.ts';
import { openQuotes } from './service-parts.ts';

runService({
  name: 'options',
  usage: USAGE,
  // Of the services that run in this process.
  instrumentations: ['http', 'fastify', 'pg'],
  readConfig,
  async start(service, config) {
    const { environment, kafka, feed, port } = config;
    let { postgresUrl } = config;
    if (postgresUrl === undefined) {
      const embedded = await startEmbeddedDatabase();
      service.onStop(() => embedded.close());
      postgresUrl = embedded.url;
    }
    const postgres = config.postgresUrl ? 'given' : postgresUrl;
    if (kafka) {
      const options = { kafka, postgresUrl, port, environment };
      return { postgres, replicas: await startReplicas(service, options) };
    }
    const quotes = await openQuotes(service, postgresUrl);
    return { postgres, url: await startInOneProcess(service, quotes, { feed, port }) };
  },
});
