// The service `processor` as a process: any number of them share the work.
import { runService } from '@throughline/service';
import { connectKafka } from '../service-parts.ts';
import { readConfig, USAGE } from './config.ts';
import { startProcessor } from './processor.ts';

runService({
  name: 'processor',
  usage: USAGE,
  readConfig,
  async start(service, { bootstrap }) {
    await startProcessor(await connectKafka(service, bootstrap));
    return {};
  },
});
