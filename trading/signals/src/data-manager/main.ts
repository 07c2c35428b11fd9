// The service `data-manager` as a process: `market.data` in, candles out.
import { exitWithError, startService } from '@throughline/service';
import { connectNats } from '../transport/nats-transport.ts';
import { transportMetrics } from '../transport/transport.ts';
import { readConfig, USAGE } from './config.ts';
import { DataManager } from './data-manager.ts';

async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  const config = readConfig(argv);
  if (config.isHelp) {
    console.log(USAGE);
    return;
  }
  const { environment, nats, dataManager } = config;
  const service = await startService({ name: 'data-manager', argv, environment });
  const transport = await connectNats(service, nats, transportMetrics(service.metrics));
  new DataManager(service, transport, dataManager).start();
  service.announce({});
}

main().catch(exitWithError);
