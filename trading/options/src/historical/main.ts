// The service `historical` as a process: HTTP in front of what is stored, and backfills.
import { exitWithError, startService } from '@throughline/service';
import { connectKafka, openQuotes } from '../service-parts.ts';
import { readConfig, USAGE } from './config.ts';
import { startHistorical } from './historical.ts';

async function main(argv: readonly string[]): Promise<void> {
  const config = readConfig(argv);
  if (!config) {
    console.log(USAGE);
    return;
  }
  const { environment, bootstrap, postgresUrl } = config;
  const service = await startService({ name: 'historical', argv, environment });
  const quotes = await openQuotes(service, postgresUrl);
  const parts = await connectKafka(service, bootstrap);
  const historical = await startHistorical(parts, quotes, config.historical);
  service.onStop(() => historical.close());
  service.announce({ url: historical.url });
}

main(process.argv.slice(2)).catch(exitWithError);
