// The service `ta-bot` as a process: `market.data` in, `signals.trading` out, on a timer.
import { runOnNats } from '../run-on-nats.ts';
import { readConfig, USAGE } from './config.ts';
import { TaBot } from './ta-bot.ts';

runOnNats({
  name: 'ta-bot',
  usage: USAGE,
  readConfig,
  start: (service, transport, { taBot }) => new TaBot(service, transport, taBot).start(),
});
