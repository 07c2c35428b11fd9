// The service `ta-bot` as a process: `market.data` in, `signals.trading` out, on a timer.
import { exitWithError, startService } from '@throughline/service';
import { connectNats } from '../transport/nats-transport.ts';
import { transportMetrics } from '../transport/transport.ts';
import { readConfig, USAGE } from './config.ts';
import { TaBot } from './ta-bot.ts';

async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  const config = readConfig(argv);
  if (config.isHelp) {
    console.log(USAGE);
    return;
  }
  const { environment, nats, taBot } = config;
  const service = await startService({ name: 'ta-bot', argv, environment });
  const transport = await connectNats(service, nats, transportMetrics(service.metrics));
  new TaBot(service, transport, taBot).start();
  service.announce({});
}

main().catch(exitWithError);
