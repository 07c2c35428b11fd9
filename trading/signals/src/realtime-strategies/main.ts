// The service `realtime-strategies` as a process: `market.data` in, `signals.trading` out.
import { runOnNats } from '../run-on-nats.ts';
import { readConfig, USAGE } from './config.ts';
import { RealtimeStrategies } from './realtime-strategies.ts';

runOnNats({
  name: 'realtime-strategies',
  usage: USAGE,
  readConfig,
  start: (service, transport, { strategies }) =>
    new RealtimeStrategies(service, transport, strategies).start(),
});
