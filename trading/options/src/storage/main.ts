// The service `storage` as a process: any number of them share the work.
import { exitWithError, startService } from '@throughline/service';
import { connectKafka, openQuotes } from '../service-parts.ts';
import { readConfig, USAGE } from './config.ts';
import { startStorage } from './storage.ts';

async function main(argv: readonly string[]): Promise<void> {
  const config = readConfig(argv);
  if (!config) {
    console.log(USAGE);
    return;
  }
  const { environment, bootstrap, postgresUrl } = config;
  const service = await startService({ name: 'storage', argv, environment });
  const quotes = await openQuotes(service, postgresUrl);
  await startStorage(await connectKafka(service, bootstrap), quotes);
  service.announce({});
}

main(process.argv.slice(2)).catch(exitWithError);
