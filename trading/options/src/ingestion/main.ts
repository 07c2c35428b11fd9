// The service `ingestion` as a process.
import { exitWithError, startService } from '@throughline/service';
import { connectKafka } from '../service-parts.ts';
import { readConfig, USAGE } from './config.ts';
import { startIngestion } from './ingestion.ts';

async function main(argv: readonly string[]): Promise<void> {
  const config = readConfig(argv);
  if (!config) {
    console.log(USAGE);
    return;
  }
  const { environment, bootstrap, ingestion } = config;
  const service = await startService({ name: 'ingestion', argv, environment });
  const parts = await connectKafka(service, bootstrap);
  const feed = startIngestion(parts, ingestion);
  service.onStop(() => feed.stop());
  service.announce({ chain: ingestion.chain.name });
}

main(process.argv.slice(2)).catch(exitWithError);
