// The reference system `orders` as a process. Says where clients connect in one line of JSON, then
// serves until SIGTERM.
import { runService } from '@throughline/service';
import { readConfig, USAGE } from './config.ts';
import { addOrdersMetrics } from './metrics.ts';
import { startOrders } from './orders.ts';

/** What is open at the exchange is canceled, and clients are told: orders.ts, one step after the other. */
const CLOSE_DEADLINE_MS = 9_000;

runService({
  name: 'orders',
  usage: USAGE,
  // Its four services start their tracings themselves, two of them in threads.
  isTraced: false,
  readConfig,
  async start(service, config) {
    const orders = await startOrders({
      ...config.orders,
      log: (fields, message) => service.logger.warn(fields, message),
    });
    service.onStop(() => orders.close(), CLOSE_DEADLINE_MS);
    // Nobody catches it: the process ends, and says why.
    orders.failure.then((error) => Promise.reject(error));
    addOrdersMetrics(service.metrics, () => orders.stats());
    return { wsUrl: orders.wsUrl };
  },
});
