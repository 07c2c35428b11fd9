// All five services of the reference system `signals` in one process, over channels or over NATS.
import { runService } from '@throughline/service';
import { readConfig, USAGE } from './config.ts';
import type { ProcessParts } from './process-parts.ts';
import { startSignals } from './signals.ts';
import { ChannelBroker, ChannelTransport } from './transport/channel-transport.ts';
import { connectNats } from './transport/nats-transport.ts';
import { transportMetrics } from './transport/transport.ts';

runService({
  name: 'signals',
  usage: USAGE,
  // Of tradeengine's requests to the exchange.
  instrumentations: ['undici'],
  readConfig,
  async start(service, { nats, signals }) {
    const metrics = transportMetrics(service.metrics);
    const broker = new ChannelBroker();
    const connect = async (parts: ProcessParts) =>
      nats ? connectNats(parts, nats, metrics) : new ChannelTransport(parts, broker, metrics);
    await startSignals(service, connect, signals);
    return {};
  },
});
