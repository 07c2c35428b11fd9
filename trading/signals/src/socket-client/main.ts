// The service `socket-client` as a process: market data in, `market.data` out.
import { exitWithError, startService } from '@throughline/service';
import { connectNats } from '../transport/nats-transport.ts';
import { transportMetrics } from '../transport/transport.ts';
import { readConfig, USAGE } from './config.ts';
import { createSource } from './create-source.ts';
import { SocketClient } from './socket-client.ts';

async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  const config = readConfig(argv);
  if (config.isHelp) {
    console.log(USAGE);
    return;
  }
  const { environment, nats, source } = config;
  const service = await startService({ name: 'socket-client', argv, environment });
  const transport = await connectNats(service, nats, transportMetrics(service.metrics));
  await new SocketClient(service, transport, createSource(service, source)).start();
  service.announce({});
}

main().catch(exitWithError);
