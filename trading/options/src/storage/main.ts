// The service `storage` as a process: any number of them share the work.
import { runService } from '@throughline/service';
import { connectKafka, openQuotes } from '../service-parts.ts';
import { readConfig, USAGE } from './config.ts';
import { startStorage } from './storage.ts';

runService({
  name: 'storage',
  usage: USAGE,
  instrumentations: ['pg'],
  readConfig,
  async start(service, { bootstrap, postgresUrl }) {
    const quotes = await openQuotes(service, postgresUrl);
    await startStorage(await connectKafka(service, bootstrap), quotes);
    return {};
  },
});
