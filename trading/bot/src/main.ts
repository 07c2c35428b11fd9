// The reference system `bot` as a process. Says where its API is in one line of JSON, then serves
// until SIGTERM.
import { runService } from '@throughline/service';
import { readConfig, USAGE } from './config.ts';

runService({
  name: 'bot',
  usage: USAGE,
  // What it is asked, asks others and stores is traced without another line.
  instrumentations: ['http', 'undici', 'fastify', 'pg'],
  readConfig,
  async start(service, config) {
    // A library is traced when it is imported after the tracing was started.
    const { startBot } = await import('./bot.ts');
    const orders = service.metrics.counter(
      'bot_orders_total',
      'Orders, by what became of them and why.',
      ['status', 'error_type'],
    );
    const bot = await startBot({
      ...config.bot,
      logger: service.logger,
      countOrder: ({ status, errorType = '' }) => orders.inc({ status, error_type: errorType }),
    });
    service.onStop(() => bot.close());
    return { url: bot.url };
  },
});
