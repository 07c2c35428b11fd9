// The service `tradeengine` as a process: `signals.trading` in, orders and `order.confirmed` out.
import { runOnNats } from '../run-on-nats.ts';
import { readConfig, USAGE } from './config.ts';
import { createTradeengine } from './create-tradeengine.ts';

runOnNats({
  name: 'tradeengine',
  usage: USAGE,
  // What it asks the exchange is part of the trace.
  instrumentations: ['undici'],
  readConfig,
  start: (service, transport, { tradeengine }) =>
    createTradeengine(service, transport, tradeengine).start(),
});
