// The service `processor` as a process: any number of them share the work.
import { exitWithError, startService } from '@throughline/service';
import { connectKafka } from '../service-parts.ts';
import { readConfig, USAGE } from './config.ts';
import { startProcessor } from './processor.ts';

async function main(argv: readonly string[]): Promise<void> {
  const config = readConfig(argv);
  if (!config) {
    console.log(USAGE);
    return;
  }
  const { environment, bootstrap } = config;
  const service = await startService({ name: 'processor', argv, environment });
  await startProcessor(await connectKafka(service, bootstrap));
  service.announce({});
}

main(process.argv.slice(2)).catch(exitWithError);
