// The service `ingestion` as a process.
import { runService } from '@throughline/service';
import { connectKafka } from '../service-parts.ts';
import { readConfig, USAGE } from './config.ts';
import { startIngestion } from './ingestion.ts';

runService({
  name: 'ingestion',
  usage: USAGE,
  readConfig,
  async start(service, { bootstrap, ingestion }) {
    const feed = startIngestion(await connectKafka(service, bootstrap), ingestion);
    service.onStop(() => feed.stop());
    return { chain: ingestion.chain.name };
  },
});
