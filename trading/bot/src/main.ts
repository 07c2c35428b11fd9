// The reference system `bot` as a process. Says where its API is in one line of JSON, then serves
// until SIGTERM. With OTEL_NODE_ENABLED_INSTRUMENTATIONS=http,undici,fastify,pg what it is asked, asks
// others and stores is traced without a line here.
import { exitWithError, startService } from '@throughline/service';
import { readConfig, USAGE } from './config.ts';

async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  const config = readConfig(argv);
  if (config.isHelp) {
    console.log(USAGE);
    return;
  }
  const { serviceName: name, environment } = config;
  const service = await startService({ name, argv, environment });
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
  service.announce({ url: bot.url });
}

main().catch(exitWithError);
