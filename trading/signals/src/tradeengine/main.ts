// The service `tradeengine` as a process: `signals.trading` in, orders and `order.confirmed` out.
import { exitWithError, startService } from '@throughline/service';
import { connectNats } from '../transport/nats-transport.ts';
import { transportMetrics } from '../transport/transport.ts';
import { readConfig, USAGE } from './config.ts';
import { createTradeengine } from './create-tradeengine.ts';

async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  const config = readConfig(argv);
  if (config.isHelp) {
    console.log(USAGE);
    return;
  }
  const { environment, nats, tradeengine } = config;
  const service = await startService({ name: 'tradeengine', argv, environment });
  const transport = await connectNats(service, nats, transportMetrics(service.metrics));
  createTradeengine(service, transport, tradeengine).start();
  service.announce({});
}

main().catch(exitWithError);
