// The exchange simulator as a process. Says where it listens in one line of JSON, then serves until
// SIGTERM.
import { runService } from '@throughline/service';
import { readConfig, USAGE } from './config.ts';
import { startExchange } from './exchange.ts';
import { addExchangeMetrics } from './metrics.ts';

runService({
  name: 'exchange',
  usage: USAGE,
  // Of a real one nobody sees spans either.
  isTraced: false,
  readConfig,
  async start(service, config) {
    const exchange = await startExchange(config.exchange);
    service.onStop(() => exchange.close());
    addExchangeMetrics(service.metrics, () => exchange.stats());
    const { name, port, restUrl: rest, wsUrl: ws, wsApiUrl: wsApi } = exchange;
    return { name, port, rest, ws, wsApi };
  },
});
