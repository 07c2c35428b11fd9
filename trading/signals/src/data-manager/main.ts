// The service `data-manager` as a process: `market.data` in, candles out.
import { runOnNats } from '../run-on-nats.ts';
import { readConfig, USAGE } from './config.ts';
import { DataManager } from './data-manager.ts';

runOnNats({
  name: 'data-manager',
  usage: USAGE,
  readConfig,
  start: (service, transport, { dataManager }) =>
    new DataManager(service, transport, dataManager).start(),
});
