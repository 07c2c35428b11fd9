// All five services of the reference system `signals` in one process, over channels or over NATS.
import { exitWithError, startService } from '@throughline/service';
import { readConfig, USAGE } from './config.ts';
import type { ProcessParts } from './process-parts.ts';
import { startSignals } from './signals.ts';
import { ChannelBroker, ChannelTransport } from './transport/channel-transport.ts';
import { connectNats } from './transport/nats-transport.ts';
import { transportMetrics } from './transport/transport.ts';

async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  const config = readConfig(argv);
  if (config.isHelp) {
    console.log(USAGE);
    return;
  }
  const { environment, nats, signals } = config;
  const service = await startService({ name: 'signals', argv, environment });
  const metrics = transportMetrics(service.metrics);
  const broker = new ChannelBroker();
  const connect = async (parts: ProcessParts) =>
    nats ? connectNats(parts, nats, metrics) : new ChannelTransport(parts, broker, metrics);
  await startSignals(service, connect, signals);
  service.announce({});
}

main().catch(exitWithError);
