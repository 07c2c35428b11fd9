// The service `realtime-strategies` as a process: `market.data` in, `signals.trading` out.
import { exitWithError, startService } from '@throughline/service';
import { connectNats } from '../transport/nats-transport.ts';
import { transportMetrics } from '../transport/transport.ts';
import { readConfig, USAGE } from './config.ts';
import { RealtimeStrategies } from './realtime-strategies.ts';

async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  const config = readConfig(argv);
  if (config.isHelp) {
    console.log(USAGE);
    return;
  }
  const { environment, nats, strategies } = config;
  const service = await startService({ name: 'realtime-strategies', argv, environment });
  const transport = await connectNats(service, nats, transportMetrics(service.metrics));
  new RealtimeStrategies(service, transport, strategies).start();
  service.announce({});
}

main().catch(exitWithError);
