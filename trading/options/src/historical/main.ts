// The service `historical` as a process: HTTP in front of what is stored, and backfills.
import { runService } from '@throughline/service';
import { connectKafka, openQuotes } from '../service-parts.ts';
import { readConfig, USAGE } from './config.ts';
import { startHistorical } from './historical.ts';

runService({
  name: 'historical',
  usage: USAGE,
  instrumentations: ['http', 'fastify', 'pg'],
  readConfig,
  async start(service, config) {
    const quotes = await openQuotes(service, config.postgresUrl);
    const parts = await connectKafka(service, config.bootstrap);
    const historical = await startHistorical(parts, quotes, config.historical);
    service.onStop(() => historical.close());
    return { url: historical.url };
  },
});
